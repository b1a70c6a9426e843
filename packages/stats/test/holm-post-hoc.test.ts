import { describe, expect, it } from "vitest";
import { friedman, holm, holmPostHoc, wilcoxonSignedRank } from "../src/index.js";

// Demšar (2006), table 6: C4.5 against three variants on 14 data sets (AUC).
const demsar = [
  [0.763, 0.768, 0.771, 0.798],
  [0.599, 0.591, 0.59, 0.569],
  [0.954, 0.971, 0.968, 0.967],
  [0.628, 0.661, 0.654, 0.657],
  [0.882, 0.888, 0.886, 0.898],
  [0.936, 0.931, 0.916, 0.931],
  [0.661, 0.668, 0.609, 0.685],
  [0.583, 0.583, 0.563, 0.625],
  [0.775, 0.838, 0.866, 0.875],
  [1, 1, 1, 1],
  [0.94, 0.962, 0.965, 0.962],
  [0.619, 0.666, 0.614, 0.669],
  [0.972, 0.981, 0.9751, 0.975],
  [0.957, 0.978, 0.946, 0.97],
];
const names = ["C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf"];

describe("holmPostHoc", () => {
  it("repeats Demšar's worked example of mean ranks against a control", () => {
    const results = holmPostHoc(demsar, { names, control: "C4.5", test: "mean-ranks" });
    // Section 3.2.2: mean ranks 3.143, 2.000, 2.893, 1.964 (his rank 1 is the largest, ours the smallest); z and p of the three comparisons; Holm rejects
    // the two small ones.
    // His 9.28 is not corrected for ties: one row of 4 equal values and three pairs, Σ t³ − t = 78 of 840.
    const { statistic } = friedman(demsar, { method: "chi-squared" });
    expect(statistic * (1 - 78 / 840)).toBeCloseTo(9.28, 1);
    expect(results.map((r) => r.estimate)).toEqual(
      [2 - 3.143, 2.893 - 3.143, 1.964 - 3.143].map((d) => expect.closeTo(d, 2)),
    );
    expect(results.map((r) => r.statistic)).toEqual(
      [-2.342, -0.512, -2.416].map((z) => expect.closeTo(z, 2)),
    );
    expect(results.map((r) => r.pValue)).toEqual(
      [0.019, 0.607, 0.016].map((p) => expect.closeTo(p, 2)),
    );
    expect(results.map((r) => r.second)).toEqual(["C4.5+m", "C4.5+cf", "C4.5+m+cf"]);
    expect(results.filter((r) => r.adjustedPValue <= 0.05).map((r) => r.second)).toEqual([
      "C4.5+m",
      "C4.5+m+cf",
    ]);
  });

  it("adjusts the raw p-values of all its comparisons by Holm's method", () => {
    for (const test of ["wilcoxon", "mean-ranks"] as const) {
      const results = holmPostHoc(demsar, { test });
      expect(results.length).toBe(6);
      expect(results.map((r) => r.adjustedPValue)).toEqual(holm(results.map((r) => r.pValue)));
    }
  });

  it("tests each pair on its own values by default, whatever else is in the table", () => {
    const pair = wilcoxonSignedRank(
      demsar.map((row) => row[0]),
      demsar.map((row) => row[3]),
    );
    const all = holmPostHoc(demsar, { names }).find((r) => r.second === "C4.5+m+cf");
    expect(all?.pValue).toBe(pair.pValue);
    const two = holmPostHoc(demsar.map((row) => [row[0], row[3]]));
    expect(two[0].pValue).toBe(pair.pValue);
    expect(two[0].adjustedPValue).toBe(pair.pValue);
  });

  it("names an unknown control", () => {
    expect(() => holmPostHoc(demsar, { names, control: "SVM" })).toThrow(
      'Expected control to be one of C4.5, C4.5+m, C4.5+cf, C4.5+m+cf but received "SVM".',
    );
  });
});
