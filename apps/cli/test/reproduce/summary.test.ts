import { describe, expect, it } from "vitest";
import { deviationLog } from "../../src/reproduce/deviations.js";
import { reproduceDocument } from "../../src/reproduce/document.js";
import { experimentNames } from "../../src/config/schema.js";
import { readExperiment } from "../../src/reproduce/experiment.js";
import { renderTables } from "../../src/reproduce/markdown.js";
import type { RunRecord } from "../../src/reproduce/record.js";
import { summarise } from "../../src/reproduce/summary.js";
import { schemaErrors } from "../support/schema.js";

function record(parts: Partial<RunRecord> & { seconds?: never; total: number }): RunRecord {
  const { total, ...rest } = parts;
  return {
    experiment: "A1",
    group: "table3",
    head: "mlp",
    rho: 0.5,
    seed: 0,
    data: "a stand-in",
    scoreName: "accuracy",
    score: 0.8,
    lastScore: 0.79,
    episodes: null,
    epochs: 10,
    bestEpoch: 9,
    reducedEpochs: 0,
    seconds: { preprocess: 0, reduced: 0, conversion: 0, training: total, evaluation: 1, total },
    secondsToTarget: total,
    searchSeconds: null,
    backend: "reference",
    ...rest,
  };
}

/** Three seeds of four heads; GLAI is 2, 4 and 6 times as fast as the MLP. */
const records = experimentNames.flatMap((experiment) =>
  [0, 1, 2].flatMap((seed) => {
    const of = (head: string, total: number, score: number) =>
      record({ experiment, seed, head, total, score: score + 0.01 * seed });
    return [
      of("mlp", 12, 0.8),
      of("mlp-reduced", 12 + seed, 0.75),
      of("glai", 12 / (2 + 2 * seed), 0.9),
      of("linear", 6 + seed, 0.7),
    ];
  }),
);
const made = {
  glai: "0",
  node: "v20",
  machine: "m",
  load: 1,
  backend: "b",
  device: "d",
  minutes: 1,
};

describe("summarise", () => {
  it("averages ratios per seed, as the paper does, not times", () => {
    const glai = summarise(records).find(({ head }) => head === "glai");
    expect(glai?.speedup).toMatchObject({
      mean: expect.closeTo(4, 12),
      std: expect.closeTo(2, 12),
      count: 3,
    });
    expect(glai?.medianScore).toBeCloseTo(0.91, 12);
  });

  it("keeps other groups and reduction factors apart and measures them against Table 3's MLP", () => {
    const more = [
      ...records,
      record({ group: "honest", head: "mlp", total: 3, score: 0.95 }),
      record({ group: "ablation", head: "glai", rho: 0.3, total: 4 }),
    ];
    const rows = summarise(more).filter(({ experiment }) => experiment === "A1");
    expect(rows).toHaveLength(6);
    expect(rows.find(({ group }) => group === "honest")?.speedup?.mean).toBe(4);
    expect(rows.find(({ rho }) => rho === 0.3)?.speedup?.mean).toBe(3);
  });

  it("measures a lean GLAI against the MLP that was interleaved with it, else Table 3's", () => {
    const lean = (head: string, total: number) => record({ group: "lean", head, total });
    const speedupOf = (more: readonly RunRecord[]) =>
      summarise([...records, ...more]).find(
        ({ group, head }) => group === "lean" && head === "glai",
      )?.speedup?.mean;
    expect(speedupOf([lean("glai", 3)])).toBe(4);
    expect(speedupOf([lean("mlp", 15), lean("glai", 3)])).toBe(5);
  });

  it("pools the episodes of all seeds into one interval", () => {
    const mean = { mean: 0.5, lower: 0, upper: 1, std: 0.3, count: 100 };
    const episodes = { best: mean, last: mean, epochs: mean };
    const own = [0, 1, 2].map((seed) =>
      record({ experiment: "C1", seed, total: 1, score: 0.5, episodes }),
    );
    const { interval } = summarise(own)[0] ?? {};
    expect(interval?.upper).toBeCloseTo(0.5 + (1.96 * 0.3) / Math.sqrt(300), 12);
  });
});

describe("the document and its tables", () => {
  it("match the schema and hold Tables 3, 4 and 5 with the paper's figures beside ours", async () => {
    const experiments = await Promise.all(experimentNames.map(readExperiment));
    const results = { records, failures: [{ unit: "x", message: "broke" }], reused: 0 };
    const options = { seeds: [0, 1, 2], rhos: [], quick: false, out: "out", made };
    const document = reproduceDocument(experiments, results, options);
    expect(schemaErrors("reproduce", JSON.parse(JSON.stringify(document)))).toEqual([]);
    expect(document.speedup).toMatchObject({ meanOfRatios: expect.closeTo(4, 10), count: 6 });
    const glai = document.tests.find(({ head, table }) => head === "glai" && table === "4");
    expect(glai).toMatchObject({ n: 18, byTask: { n: 6 } });
    expect(document.lean).toEqual({ speedup: null, speedupToTarget: null, tests: [] });
    const tables = renderTables(document, experiments);
    expect(tables).not.toContain("GLAI with less");
    for (const text of [
      "| A1 | a stand-in | glai |",
      "/ 14.3 ± 3.2",
      "/ 90.75 ± 0.28 %",
      "4.00 ± 2.00 × / 2.54 ± 0.52 ×",
    ])
      expect(tables).toContain(text);
    expect(tables).toContain("/ 0.0069");
    expect(tables).toContain("/ 0.0564");
    expect(tables).toContain("x failed: broke");
    const rows = tables.split("\n").filter((line) => line.startsWith("| A1 |"));
    expect(rows).toHaveLength(4);
  });

  it("hold the lean GLAI beside the paper's constants, with its own tests against the MLP", async () => {
    const experiments = await Promise.all(experimentNames.map(readExperiment));
    const lean = records.flatMap((one): RunRecord[] =>
      one.head === "glai"
        ? [{ ...one, group: "lean", score: 0.5, seconds: { ...one.seconds, total: 1 } }]
        : [],
    );
    const results = { records: [...records, ...lean], failures: [], reused: 0 };
    const options = { seeds: [0, 1, 2], rhos: [], quick: false, out: "out", made };
    const document = reproduceDocument(experiments, results, options);
    expect(schemaErrors("reproduce", JSON.parse(JSON.stringify(document)))).toEqual([]);
    expect(document.speedup?.meanOfRatios).toBeCloseTo(4, 10); // as without it
    expect(document.lean.speedup).toMatchObject({ meanOfRatios: expect.closeTo(12, 10), count: 6 });
    expect(document.tests.some(({ n }) => n !== 18)).toBe(false);
    expect(document.lean.tests.map(({ head, against, n }) => [head, against, n])).toEqual([
      ["glai", "mlp", 18],
      ["glai", "mlp", 18],
    ]);
    const tables = renderTables(document, experiments);
    expect(tables).toContain("12.00 ± 0.00 × / 4.00 ± 2.00 ×");
    expect(tables).toContain("Lean GLAI's speedup over 6 experiments: mean of ratios 12.00 ×");
    expect(tables).toContain(
      "A1: Lean GLAI's score is under the MLP's beyond the spread over seeds.",
    );
  });

  it("hold one row a reduction factor, the MLP that runs beside it in episodes left out", async () => {
    const own = [0.3, 0.5].flatMap((rho) => [
      record({ group: "ablation", head: "mlp", rho, total: 5, score: 0.1 }),
      record({ group: "ablation", head: "glai", rho, total: 4, score: rho }),
    ]);
    const results = { records: [...records, ...own], failures: [], reused: 0 };
    const options = { seeds: [0], rhos: [0.3, 0.5], quick: false, out: "out", made };
    const experiments = [await readExperiment("A1")];
    const tables = renderTables(reproduceDocument(experiments, results, options), experiments);
    const [, figure = ""] = tables.split("### Figure 4");
    const rows = figure.split("\n").filter((line) => line.startsWith("| A1 |"));
    expect(rows).toEqual([
      "| A1 | a stand-in | 0.3 | 30.00 % | 81.00 % |",
      "| A1 | a stand-in | 0.5 | 50.00 % | 81.00 % |",
    ]);
  });

  it("log where an order of heads came out otherwise than printed, and a GLAI that scores too little", async () => {
    const experiment = await readExperiment("A1");
    const worse = records.map((one) => (one.head === "glai" ? { ...one, score: 0.6 } : one));
    const texts = deviationLog([experiment], summarise(worse)).map(({ text }) => text);
    expect(texts).toContain("glai scores worse than the MLP here, better than it in the paper.");
    expect(texts).toContain("GLAI's score is under the MLP's beyond the spread over seeds.");
    const fine = deviationLog([experiment], summarise(records)).map(({ text }) => text);
    expect(fine.join(" ")).not.toContain("GLAI's score");
    expect(fine).toEqual(expect.arrayContaining([...experiment.deviations]));
  });
});
