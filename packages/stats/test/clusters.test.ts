import { describe, expect, it } from "vitest";
import {
  clusterMeans,
  clusteredPairs,
  intraclassCorrelation,
  pairedT,
  permutationTest,
  seededRandom,
  signTest,
  wilcoxonSignedRank,
} from "../src/index.js";

const random = seededRandom(21);
const labels = Array.from({ length: 18 }, (_, i) => `task ${Math.floor(i / 3)}`);
const x = labels.map((_, i) => Math.floor(i / 3) * 0.3 + random());
const y = labels.map(() => random());

describe("clusteredPairs", () => {
  it("is the test of the cluster means, whichever test it is", () => {
    const xs = clusterMeans(x, labels).map((c) => c.mean);
    const ys = clusterMeans(y, labels).map((c) => c.mean);
    const pairs = [
      [clusteredPairs(x, y, labels), wilcoxonSignedRank(xs, ys)],
      [clusteredPairs(x, y, labels, { test: "ttest" }), pairedT(xs, ys)],
      [clusteredPairs(x, y, labels, { test: "sign" }), signTest(xs, ys)],
      [
        clusteredPairs(x, y, labels, { test: "permutation", alternative: "greater" }),
        permutationTest(xs, ys, { alternative: "greater" }),
      ],
    ];
    for (const [clustered, plain] of pairs) {
      expect(clustered.pValue).toBe(plain.pValue);
      expect(clustered.interval).toEqual(plain.interval);
      expect(clustered.n).toBe(6);
      expect(clustered.method).toBe(`${plain.method}, on cluster means`);
      expect(clustered.warnings[0]).toMatch(
        /^18 pairs come from 6 clusters: pairs of one cluster are not independent \(intraclass correlation -?0\.\d+\), so the 6 cluster means are tested\.$/,
      );
    }
  });

  it("does not let repeats of the same six tasks shrink p", () => {
    const once = clusteredPairs(
      [1, 2, 3, 4, 5, 6],
      [0, 0, 0, 0, 0, 0],
      ["a", "b", "c", "d", "e", "f"],
    );
    const repeat = (values: number[]) => values.flatMap((v) => [v, v, v, v]);
    const names = ["a", "b", "c", "d", "e", "f"].flatMap((v) => [v, v, v, v]);
    const often = clusteredPairs(repeat([1, 2, 3, 4, 5, 6]), repeat([0, 0, 0, 0, 0, 0]), names);
    expect(often.pValue).toBe(once.pValue);
    const naive = wilcoxonSignedRank(repeat([1, 2, 3, 4, 5, 6]), repeat([0, 0, 0, 0, 0, 0]));
    expect(naive.pValue).toBeLessThan(once.pValue / 1000);
  });

  it("is the plain test, without a warning, when every pair is its own cluster", () => {
    const own = labels.map((_, i) => i);
    expect(clusteredPairs(x, y, own)).toEqual(wilcoxonSignedRank(x, y));
  });

  it("says when clusters are of unequal size", () => {
    const result = clusteredPairs([1, 2, 3, 4], [0, 0, 0, 0], ["a", "a", "a", "b"]);
    expect(result.warnings[1]).toBe("Clusters hold 1 to 3 pairs and count alike.");
  });

  it("wants two clusters, and as many labels as pairs", () => {
    expect(() => clusteredPairs([1, 2], [0, 0], ["a", "a"])).toThrow(
      "Expected at least 2 clusters but all 2 pairs carry the label a.",
    );
    expect(() => clusteredPairs([1, 2], [0, 0], ["a"])).toThrow(
      "Expected clusters and values to have the same length but received 1 and 2.",
    );
    expect(() => clusteredPairs([1, 2], [0, 0], undefined as never)).toThrow(TypeError);
  });
});

describe("clusterMeans", () => {
  it("keeps the order in which clusters first appear", () => {
    expect(clusterMeans([1, 3, 7, 5], ["b", "a", "b", "a"])).toEqual([
      { label: "b", n: 2, mean: 4 },
      { label: "a", n: 2, mean: 4 },
    ]);
  });
});

describe("intraclassCorrelation", () => {
  it("gives Shrout and Fleiss's (1979) ICC(1) of their example", () => {
    // Table 2: four judges on six targets; ICC(1,1) = 0.17 in table 4
    const ratings = [
      [9, 2, 5, 8],
      [6, 1, 3, 2],
      [8, 4, 6, 8],
      [7, 1, 2, 6],
      [10, 5, 6, 9],
      [6, 2, 4, 7],
    ];
    const targets = ratings.flatMap((row, i) => row.map(() => i));
    expect(intraclassCorrelation(ratings.flat(), targets)).toBeCloseTo(0.17, 2);
  });

  it("is 1 within constant clusters and negative where clusters are more alike than chance", () => {
    expect(intraclassCorrelation([1, 1, 5, 5], ["a", "a", "b", "b"])).toBe(1);
    expect(intraclassCorrelation([1, 5, 1, 5], ["a", "a", "b", "b"])).toBe(-1);
  });

  it("does not change with the unit, however large", () => {
    const values = [1, 2, 4, 8, 5, 7];
    const groups = [0, 0, 1, 1, 2, 2];
    const plain = intraclassCorrelation(values, groups);
    const huge = values.map((v) => v * 2 ** 1000);
    expect(intraclassCorrelation(huge, groups)).toBeCloseTo(plain, 14);
  });

  it("says when it is undefined", () => {
    expect(() => intraclassCorrelation([1, 2], ["a", "b"])).toThrow(
      "received 2 values in 2 clusters",
    );
    expect(() => intraclassCorrelation([1, 2], ["a", "a"])).toThrow(
      "received 2 values in 1 cluster.",
    );
    expect(() => intraclassCorrelation([2, 2, 2], ["a", "a", "b"])).toThrow(
      "Expected values that vary but all 3 equal 2.",
    );
  });
});
