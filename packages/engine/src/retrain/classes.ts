import { GlaiError } from "@glai/core";

/** Classes of a head: how many, and perhaps their names. */
export interface Classes {
  readonly nClasses: number;
  readonly names?: readonly string[]; // [nClasses]
}

/** Labels in the numbering of a head, and its classes with the new ones behind the old. */
export interface AlignedLabels {
  readonly labels: Uint32Array;
  readonly classes: Classes;
}

/**
 * Labels of samples to add: by name where both sides have names, by number otherwise. New classes go
 * behind the old ones; without names their numbers must follow on without a gap.
 */
export function alignNewLabels(
  head: Classes,
  labels: Uint32Array,
  names: readonly string[] | undefined,
): AlignedLabels {
  if (head.names === undefined || names === undefined) {
    return { labels, classes: followOn(head, labels) };
  }
  const all = [...head.names];
  const numberOf = new Map(all.map((name, c) => [name, c]));
  const aligned = labels.map((label) => {
    const name = nameOf(names, label);
    const number = numberOf.get(name) ?? all.push(name) - 1;
    numberOf.set(name, number);
    return number;
  });
  return { labels: aligned, classes: { nClasses: all.length, names: all } };
}

/** Labels of samples to take out; throws `bad-data` for a class that the head has not. */
export function alignOldLabels(
  head: Classes,
  labels: Uint32Array,
  names: readonly string[] | undefined,
): Uint32Array {
  const byName = head.names !== undefined && names !== undefined;
  const numberOf = new Map(head.names?.map((name, c) => [name, c]));
  return labels.map((label, row) => {
    const name = byName ? nameOf(names, label) : String(label);
    const number = byName ? numberOf.get(name) : label;
    if (number !== undefined && number < head.nClasses) return number;
    throw new GlaiError(
      "bad-data",
      `Expected to remove samples of the head's ${head.nClasses} classes but row ${row} has class ${name}.`,
      { hint: "Remove only samples that the head was trained on." },
    );
  });
}

function nameOf(names: readonly string[], label: number): string {
  const name = names.at(label);
  if (name !== undefined) return name;
  throw new GlaiError(
    "bad-data",
    `Expected labels in 0..${names.length - 1}, one per class name, but received ${label}.`,
    { hint: "Name every class once, in the order of the labels." },
  );
}

/** Classes of the head and those that `labels` go on with. */
function followOn({ nClasses, names }: Classes, labels: Uint32Array): Classes {
  const seen = new Set(labels);
  const largest = labels.reduce((a, b) => Math.max(a, b), 0);
  const after = Math.max(nClasses, largest + 1);
  for (let c = nClasses; c < after && c - nClasses <= seen.size; c++) {
    if (seen.has(c)) continue;
    throw new GlaiError(
      "bad-data",
      `Expected new classes to be numbered from ${nClasses} on without a gap but class ${largest} has samples and ${c} has none.`,
      { hint: "Number new classes behind those of the head, or name all of them." },
    );
  }
  if (names === undefined) return { nClasses: after };
  const added = Array.from({ length: after - nClasses }, (_, i) => String(nClasses + i));
  return { nClasses: after, names: [...names, ...added] };
}
