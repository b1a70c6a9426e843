import { datasetFolder } from "@glai/datasets";
import { planRun, protocolDefaults, table2 } from "@glai/engine";
import { readDataset } from "@glai/io/node";
import { describe, expect, it } from "vitest";
import { experimentNames } from "../../src/config/schema.js";
import { parseAblation } from "../../src/reproduce/ablation.js";
import { parseExperiments, readExperiment } from "../../src/reproduce/experiment.js";
import { unitsOf, withShare } from "../../src/reproduce/units.js";

describe("apps/cli/experiments", () => {
  it.each(experimentNames)("%s says what the engine's protocol paper does", async (name) => {
    const { experiment, family, protocol, episodes } = await readExperiment(name);
    expect(experiment).toBe(name);
    expect(family).toBe(name[0]);
    // Episodes measure no structural shift: it would take longer than they do.
    const shiftRows = family === "C" ? 0 : 1000;
    const paper = protocolDefaults("paper", name);
    const estimator = { ...paper.estimator, block: "slab" }; // single paths step slower: --block path
    expect(protocol).toEqual({ ...paper, estimator, shiftRows });
    expect(protocol.reduced.freeze).toEqual({ kind: "fraction", of: table2[name].reducedFraction });
    expect(episodes === undefined).toBe(family !== "C");
  });

  it("hold the budgets of 20, 15 and 10 % and the units of minDelta", async () => {
    const all = await Promise.all(experimentNames.map(readExperiment));
    const of = (family: string) =>
      all.filter((one) => one.family === family).map(({ protocol }) => protocol);
    for (const [family, share, unit] of [
      ["A", 0.2, "points"],
      ["B", 0.15, "loss"],
      ["C", 0.1, "points"],
    ] as const) {
      for (const { reduced, earlyStopping } of of(family)) {
        expect(reduced.freeze).toEqual({ kind: "fraction", of: share });
        expect(earlyStopping.unit).toBe(unit);
      }
    }
  });

  it("hold Table 3: the six printed speedups of GLAI average 1.90, not 1.92", async () => {
    const all = await Promise.all(experimentNames.map(readExperiment));
    const speedups = all.map(({ paper }) => paper.results.glai.speedup[0]);
    expect(speedups.reduce((sum, value) => sum + value, 0) / 6).toBeCloseTo(1.9, 2);
  });
});

describe("unitsOf", () => {
  it("puts the MLP first within a seed, and all heads of an episode experiment into one unit", async () => {
    const options = { seeds: [0, 1], rhos: [0.3], quick: false };
    const a = unitsOf(await readExperiment("A1"), options);
    expect(a.filter(({ group }) => group === "table3").map(({ heads }) => heads[0])).toEqual([
      "mlp",
      "mlp-reduced",
      "glai",
      "linear",
      "mlp",
      "mlp-reduced",
      "glai",
      "linear",
    ]);
    expect(a.filter(({ group }) => group === "ablation").map(({ rho }) => rho)).toEqual([0.3, 0.3]);
    expect(new Set(a.map(({ file }) => file)).size).toBe(a.length);
    const c = unitsOf(await readExperiment("C2"), { ...options, rhos: [] });
    expect(c.map(({ heads }) => heads.length)).toEqual([4, 2, 4, 4, 2, 4]);
    const ablation = unitsOf(await readExperiment("C2"), { ...options, rhos: [0.3] }).filter(
      ({ group }) => group === "ablation",
    );
    expect(ablation.map(({ heads }) => heads)).toEqual([
      ["mlp", "glai"],
      ["mlp", "glai"],
    ]);
  });

  it("leaves the MLP as it is in the lean group, and gives GLAI a quarter of K = O − R", async () => {
    const options = { seeds: [0], rhos: [], quick: false };
    for (const name of experimentNames) {
      const experiment = await readExperiment(name);
      const units = unitsOf(experiment, options);
      const lean = units.find(({ group }) => group === "lean");
      if (lean === undefined) throw new Error("no lean unit");
      const { mlp, earlyStopping, maxEpochs, preprocessing, dropout } = experiment.protocol;
      expect(lean.protocol).toMatchObject({
        mlp,
        earlyStopping,
        maxEpochs,
        preprocessing,
        dropout,
      });
      expect(lean.protocol.estimator.budget).toBe("match"); // until the data is known
      const dataset = await readDataset(datasetFolder(experiment.data.set));
      const request = { head: "glai" as const, protocol: experiment.protocol, mlpEpochs: 50 };
      const few = { ...dataset, nClasses: experiment.episodes?.ways ?? dataset.nClasses };
      const paper = planRun(few, request).budget;
      const own = planRun(few, { ...request, protocol: withShare(lean, dataset).protocol });
      expect(own.budget?.keep).toBe(Math.round((paper?.keep ?? 0) / 4));
      expect(own.reducedEpochs).toBe(1);
      const others = units.filter(({ group }) => group !== "lean");
      for (const unit of others) expect(withShare(unit, dataset)).toBe(unit);
    }
  });
});

describe("what the options take", () => {
  it("is a list of experiments, put into the paper's order", () => {
    expect(parseExperiments("c2, a1")).toEqual(["A1", "C2"]);
    expect(() => parseExperiments("A1,D1")).toThrow('received "D1"');
  });

  it("is a range or a list of reduction factors", () => {
    expect(parseAblation("rho=0.2..0.9")).toEqual([0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]);
    expect(parseAblation("rho=.25,0.5")).toEqual([0.25, 0.5]);
    for (const wrong of ["rho", "0.2..0.9", "rho=0.9..0.2", "rho=0.5,0.5", "rho=0.0", "mu=0.5"])
      expect(() => parseAblation(wrong)).toThrow("reduction factors");
  });
});
