import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { encodeNpy, tensorOf } from "@glai/io";
import { main } from "glai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { agreement, messagesIn } from "./messages.js";

const faq = resolve(import.meta.dirname, "../../../docs/faq.md");
const headings = (readFileSync(faq, "utf8").match(/^### .*$/gm) ?? []).map((line) =>
  line.slice(4).replaceAll("\\", ""),
);

const folder = mkdtempSync(join(tmpdir(), "glai-faq-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the command prints on stderr for these arguments. */
async function printed(args: readonly string[]): Promise<string> {
  let text = "";
  await main(args, {
    terminal: {
      cwd: folder,
      env: {},
      barWidth: undefined,
      out: (part) => (text += part),
      err: (part) => (text += part),
      now: () => performance.now(),
    },
    interrupt: {
      signal: new AbortController().signal,
      stopGracefully() {},
      holdLoop() {},
      release() {},
    },
  });
  return text;
}

interface Arrays {
  readonly x: Float32Array; // [12, 4]
  readonly y: Int32Array;
  readonly valX: Float32Array;
  readonly valY: Int32Array;
}

const nFeatures = 4;
const good: Arrays = {
  x: Float32Array.from({ length: 48 }, (_, i) => Math.sin(i)),
  y: Int32Array.from({ length: 12 }, (_, i) => i % 3),
  valX: Float32Array.from({ length: 48 }, (_, i) => Math.cos(i)),
  valY: Int32Array.from({ length: 12 }, (_, i) => i % 3),
};

/** Writes a dataset folder of 12 rows with something wrong in it. */
function write(name: string, wrong: Partial<Arrays> & { readonly width?: number }): string {
  const { x, y, valX, valY } = { ...good, ...wrong };
  const width = wrong.width ?? nFeatures;
  mkdirSync(join(folder, name));
  const put = (file: string, data: Float32Array | Int32Array, shape: number[]): void =>
    writeFileSync(join(folder, name, file), encodeNpy(tensorOf(data, shape)));
  put("train_x.npy", x, [x.length / nFeatures, nFeatures]);
  put("train_y.npy", y, [y.length]);
  put("val_x.npy", valX, [valX.length / width, width]);
  put("val_y.npy", valY, [valY.length]);
  return name;
}

function changed<T extends Float32Array | Int32Array>(array: T, at: number, value: number): T {
  const copy = array.slice() as T;
  copy[at] = value;
  return copy;
}

beforeAll(async () => {
  writeFileSync(join(folder, "words.csv"), "a,b,c\n1,2,x\n");
  writeFileSync(join(folder, "table.xlsx"), "");
  write("good", {});
  await printed(["train", "good", "--out", "small", "--compact", "--backend", "reference"]);
  await printed(["train", "good", "--out", "closed", "--backend", "reference"]);
});

const cases: readonly (() => readonly string[])[] = [
  () => ["train", write("nan", { x: changed(good.x, 13, NaN) })],
  () => ["train", write("short", { y: good.y.slice(1) })],
  () => ["train", write("one", { y: good.y.map(() => 0), valY: good.y.map(() => 0) })],
  () => ["train", write("negative", { y: changed(good.y, 0, -1) })],
  () => ["train", write("large", { y: changed(good.y, 0, 900) })],
  () => ["train", write("wide", { valX: good.valX.slice(0, 36), width: 3 })],
  () => [
    "train",
    write("flat", { x: good.x.map(() => 1) }),
    "--set",
    'protocol.preprocessing={"kind":"whiten","exponent":0.25}',
  ],
  () => ["train", "words.csv"],
  () => ["predict", "small", "words.csv"],
  () => ["train", "table.xlsx"],
  () => ["train", "."],
  () => ["train", "good", "--val-split", "0.5"],
  () => [
    "train",
    write("other", { valY: good.valY.map((label) => label + 3) }),
    "--backend",
    "reference",
  ],
  () => ["train", "nowhere"],
  () => ["train", "good", "--epochs", "3"],
  () => ["train", "good", "--set", "a.b=c"],
  () => ["train", "good", "--head", "best"],
  () => ["compare", "good", "--seeds", "x"],
  () => [
    "train",
    "good",
    "--protocol",
    "paper",
    "--set",
    "protocol.hidden=[4]",
    "--set",
    "protocol.reduction=paper",
  ],
  () => [
    "train",
    "good",
    "--set",
    "protocol.estimator.block=path",
    "--set",
    "protocol.estimator.solver.kind=ridge",
  ],
  () => [
    ..."train B2 --protocol paper --experiment B2".split(" "),
    ..."--set protocol.estimator.solver.kind=ridge".split(" "),
  ],
  () => ["train", "good", "--backend", "nosuch"],
  () => ["train", "good", "--out", "small"],
  () => ["paths", "small", "good", "--keep", "5"],
  () => ["paths", "--verify", "closed"],
];

/** A heading as a pattern: "…" stands for anything, and so does a number. */
function matches(heading: string, text: string): boolean {
  const pattern = heading
    .replace(/\.$/, "")
    .replaceAll(/[.*+?^${}()|[\]\\<>]/g, String.raw`\$&`)
    .replaceAll(/ A2 …|…/g, ".*")
    .replaceAll(" ", String.raw`\s+`)
    .replaceAll(/-?\d+(?:\\\.\d+)?/g, String.raw`-?[\d.]+`);
  return new RegExp(pattern, "s").test(text);
}

/** Headings that the command printed in a case. */
const seen = new Set<string>();

test.each(cases.map((arguments_, index) => [index, arguments_] as const))(
  "what the command prints in case %i is a heading of the FAQ",
  async (_, arguments_) => {
    const text = await printed(arguments_());
    const found = headings.filter((heading) => matches(heading, text));
    expect(found, text).not.toEqual([]);
    for (const heading of found) seen.add(heading);
  },
);

const root = resolve(import.meta.dirname, "../../..");
const messages = messagesIn([
  ...readdirSync(join(root, "packages")).map((name) => join(root, "packages", name, "src")),
  join(root, "apps/cli/src"),
]);

/** How many characters of a heading stand in the nearest message of the sources. */
function nearest(heading: string): number {
  const opening = heading.slice(0, 8);
  const alike = messages.filter((message) => message[0] === "…" || message.startsWith(opening));
  const candidates = heading.startsWith("…") ? messages : alike;
  return Math.max(0, ...candidates.map((message) => agreement(heading, message)));
}

// Messages are put together from parts, so half of a heading's characters must stand in one of them.
test.each(headings)("is a message of the command or of the sources: %s", (heading) => {
  if (seen.has(heading)) return;
  const fixed = heading.replaceAll(/…|-?\d+(?:\.\d+)?/g, "").length;
  expect(nearest(heading), "characters shared with the nearest message").toBeGreaterThan(fixed / 2);
});

test("a heading that no source has is found out", () => {
  const made = "Expected the moon in … but it was made of cheese.";
  expect(nearest(made)).toBeLessThan(20);
});
