// The race as Markdown, between markers of a page.
import { readFileSync, writeFileSync } from "node:fs";
import { raceSets } from "./sets.mjs";

const titles = {
  glai: "`glai` (protocol `fast`)",
  "glai trained": "`glai`, solver `kernel`, trained selector",
  "glai ridge": "`glai`, solver `ridge`",
  "glai lbfgs": "`glai`, solver `lbfgs`",
  "glai compact": "`glai --compact` (solver `adam`)",
  "kernel-rbf": "`kernel-rbf`",
  "mlp-tuned": "`mlp-tuned`",
  "linear-ridge": "`linear-ridge`",
  linear: "`linear`",
  mlp: "`mlp` (protocol `paper`)",
};

/** All tables, or only the last one: the default head against each baseline. */
export function writeTables(lines, page, { onlySummary = false } = {}) {
  const name = onlySummary ? "race summary" : "race";
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const text = readFileSync(page, "utf8");
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`Expected ${begin} and ${end} in ${page}.`);
  const body = onlySummary
    ? [summary(lines)]
    : [origin(lines), ...raceSets.map((set) => setTable(set, lines)), summary(lines)];
  writeFileSync(
    page,
    `${text.slice(0, from + begin.length)}\n\n${body.join("\n\n")}\n\n${text.slice(to)}`,
  );
}

function origin(lines) {
  const { processor, device, node, rounds } = lines[0];
  return `Made by \`node apps/cli/scripts/race.mjs\` on ${processor} (${device}), Node ${node.slice(1)}. Seconds are processor time of one thread, evaluation excluded: medians of ${rounds} rounds in which the heads ran in turn, after one round that is not counted.`;
}

function setTable({ name, data, hidden }, lines) {
  const own = lines.filter(({ set }) => set === name);
  const rows = Object.keys(titles).flatMap((entry) => {
    const runs = own.filter((line) => line.entry === entry);
    return runs.length === 0 ? [] : [entryRow(entry, runs, own)];
  });
  const searches = own.filter(({ search }) => search);
  const counts = [...new Set(searches.map(({ search }) => search.configurations))];
  const caption = `**${data}**, MLP of width ${hidden.join(", ")}; ${counts.join(" or ")} configurations searched for seed${searches.length === 1 ? "" : "s"} ${searches
    .map(({ seed }) => seed)
    .toSorted()
    .join(", ")}.`;
  return [
    caption,
    table(
      ["Head", "Score, %", "Seeds", "Run, s", "To tuned − 0.5, s", "To tuned, s", "With tuning, s"],
      rows,
    ),
  ].join("\n\n");
}

function entryRow(entry, runs, own) {
  const tuned = (seed) => own.find((line) => line.entry === "mlp-tuned" && line.seed === seed);
  const timeTo = (below) => {
    const judged = runs.filter(({ seed }) => tuned(seed));
    const reached = judged
      .map((run) => {
        const target = tuned(run.seed).score - below;
        return run.curve.find(([, score]) => score >= target - 1e-12)?.[0];
      })
      .filter((seconds) => seconds !== undefined);
    if (reached.length === 0) return "not reached";
    const some = reached.length < judged.length ? ` (${reached.length} of ${judged.length})` : "";
    return `${number(mean(reached))}${some}`;
  };
  const whole = runs.map(({ seconds, search }) => seconds + (search?.searchSeconds ?? 0));
  return [
    titles[entry],
    percent(runs.map(({ score }) => score)),
    String(runs.length),
    number(mean(runs.map(({ seconds }) => seconds))),
    timeTo(0.005),
    timeTo(0),
    number(mean(whole)),
  ];
}

/** What the race is about: the default head against each baseline, over the seeds both have. */
function summary(lines) {
  const rows = ["mlp-tuned", "kernel-rbf", "linear", "linear-ridge"].map((other) => [
    titles[other],
    ...raceSets.map(({ name }) => difference(lines, name, other)),
  ]);
  const clocks = [
    ["time of the run ÷ winning run of `mlp-tuned`", (tuned) => tuned.seconds],
    [
      "time of the run ÷ whole search of `mlp-tuned`",
      (tuned) => tuned.seconds + tuned.search.searchSeconds,
    ],
  ].map(([title, clock]) => [
    title,
    ...raceSets.map(({ name }) => {
      const ratios = pairs(lines, name, "mlp-tuned").map(
        ([own, tuned]) => own.seconds / clock(tuned),
      );
      return ratios.length === 0 ? "–" : mean(ratios).toPrecision(2);
    }),
  ]);
  return [
    "`glai` in protocol `fast`: score minus the baseline's in points (mean ± standard deviation over the seeds both have), and clocks.",
    table(
      ["`glai` against", ...raceSets.map(({ name }) => name.toUpperCase())],
      [...rows, ...clocks],
    ),
  ].join("\n\n");
}

function difference(lines, set, other) {
  const points = pairs(lines, set, other).map(([own, theirs]) => 100 * (own.score - theirs.score));
  if (points.length === 0) return "–";
  const sign = mean(points) < 0 ? "−" : "+";
  return `${sign}${Math.abs(mean(points)).toFixed(1)}${plusMinus(points)}`;
}

function pairs(lines, set, other) {
  const of = (entry) => lines.filter((line) => line.set === set && line.entry === entry);
  return of("glai").flatMap((own) => {
    const match = of(other).find(({ seed }) => seed === own.seed);
    return match === undefined ? [] : [[own, match]];
  });
}

function table(heading, rows) {
  const align = heading.map((_, i) => (i === 0 ? "---" : "---:"));
  return [heading, align, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

function deviation(values) {
  const m = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - m) ** 2, 0) / (values.length - 1));
}

const percent = (scores) =>
  (100 * mean(scores)).toFixed(1) + plusMinus(scores.map((score) => 100 * score));

/** One value has no deviation. */
function plusMinus(values) {
  return values.length < 2 ? "" : ` ± ${deviation(values).toFixed(1)}`;
}

const number = (value) => (value < 1 ? value.toFixed(2) : value.toPrecision(3));
