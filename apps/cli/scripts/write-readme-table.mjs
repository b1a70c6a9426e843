// Puts a short table of a reproduction into a Markdown page, between its markers:
//   node apps/cli/scripts/write-readme-table.mjs runs/reproduce README.md
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [begin, end] = ["<!-- reproduce:begin -->", "<!-- reproduce:end -->"];
const [run, page] = process.argv.slice(2);
if (run === undefined || page === undefined)
  throw new Error("Expected a run folder and a Markdown file.");
const results = JSON.parse(readFileSync(join(run, "results.json"), "utf8"));
const { made, seeds, summaries } = results;
if (results.quick || results.failures.length > 0)
  throw new Error(`Expected a whole run but ${run} is quick or has failures.`);

const times = (ratio, digits = 1) =>
  ratio === null ? "not reached" : `${ratio.toFixed(digits)} ×`;
const score = ({ score: { mean }, scoreName }) =>
  scoreName === "loss" ? `loss ${mean.toFixed(4)}` : `${(100 * mean).toFixed(1)} %`;
const reached = ({ speedupToTarget, score: { count } }) => {
  if (speedupToTarget === null) return "not reached";
  const some = speedupToTarget.count < count ? ` (${speedupToTarget.count} of ${count})` : "";
  return `${times(speedupToTarget.mean)}${some}`;
};
const find = (experiment, group, head) => {
  const row = summaries.find(
    (one) => one.experiment === experiment && one.group === group && one.head === head,
  );
  if (row === undefined) throw new Error(`Expected ${head} of ${experiment} (${group}) in ${run}.`);
  return row;
};
const rows = results.experiments.map((experiment) => {
  const mlp = find(experiment, "table3", "mlp");
  const cells = ["table3", "lean"].flatMap((group) => {
    const glai = find(experiment, group, "glai");
    return [score(glai), times(glai.speedup.mean), reached(glai)];
  });
  return [experiment, mlp.data.replace(/ \(stand-in.*/, ""), score(mlp), ...cells];
});
const mean = (what) =>
  what === null
    ? ["–", "–"]
    : [
        times(what.meanOfRatios, 2),
        `${what.count} experiments, geometric mean ${times(what.geometric, 2)}`,
      ];
const sentence = (name, { speedup, speedupToTarget }) =>
  `${name}: mean speedup to the stop ${mean(speedup)[0]} (${mean(speedup)[1]}), to the MLP's best score ${mean(speedupToTarget)[0]} (${mean(speedupToTarget)[1]}).`;
/** What the paper's MLP scores when it may have what GLAI has, and where that is more than both. */
function withoutTable2() {
  const better = [];
  const scores = results.experiments.map((experiment) => {
    const mlp = summaries.find(
      (one) =>
        one.experiment === experiment && one.group === "honest" && /^mlp(-adam)?$/.test(one.head),
    );
    if (mlp === undefined) throw new Error(`Expected an MLP in the honest group of ${experiment}.`);
    const sign = mlp.scoreName === "loss" ? -1 : 1;
    const ours = ["table3", "lean"].map((group) => find(experiment, group, "glai"));
    if (ours.every((glai) => sign * mlp.score.mean > sign * glai.score.mean))
      better.push(experiment);
    return `${experiment} ${score(mlp)}`;
  });
  const where = better.length === 0 ? "nowhere" : `in ${better.join(", ")}`;
  return `The MLP that Table 2 does not hold back (A and C: standardised features and Adam; B: Adam) scores ${scores.join(", ")}: better than both GLAIs ${where}.`;
}

const titles = ["", "stand-in", "MLP", "GLAI", "to stop", "to MLP's score"];
const lean = ["lean GLAI", "to stop", "to MLP's score"];
const line = (cells) => `| ${cells.join(" | ")} |`;
const text = [
  `What \`glai reproduce\` measured: the paper's six experiments on stand-in embeddings, seeds ${seeds.join(", ")}, protocol \`paper\`, ${made.machine} (load average ${made.load}), ${Math.round(made.minutes)} minutes. Speedups are against our own MLP trained as in the paper's Table 2; times exclude evaluation.`,
  "",
  line([...titles, ...lean]),
  line([...titles, ...lean].map(() => "---")),
  ...rows.map(line),
  "",
  `- ${sentence("With the paper's constants", results)} The paper prints 1.92 × to the stop.`,
  `- ${sentence("Lean (a quarter of the paths, one reduced epoch, batches of 64, relative ranking, random slabs in B2)", results.lean)}`,
  `- ${withoutTable2()} [The whole tables, the tests, and what does not reproduce](docs/paper.md).`,
].join("\n");
const before = readFileSync(page, "utf8");
const [from, to] = [before.indexOf(begin), before.indexOf(end)];
if (from < 0 || to < from) throw new Error(`Expected ${begin} and ${end} in ${page}.`);
writeFileSync(page, `${before.slice(0, from + begin.length)}\n\n${text}\n\n${before.slice(to)}`);
