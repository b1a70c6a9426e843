import { describe, expect, it } from "vitest";
import {
  bootstrapTest,
  clusteredPairs,
  formatResult,
  friedman,
  pairedT,
  parseColumns,
  permutationTest,
  runTest,
  signTest,
  testNames,
  wilcoxonSignedRank,
} from "../src/index.js";

const document = { x: [5, 6, 7, 9, 8.5, 4], y: [1, 2.5, 3, 8, 9, 3] };
const columns = parseColumns(document);

describe("runTest", () => {
  it("is the named test of the columns x and y", () => {
    const { x, y } = document;
    expect(runTest("wilcoxon", columns)).toEqual(wilcoxonSignedRank(x, y));
    expect(runTest("ttest", columns)).toEqual(pairedT(x, y));
    expect(runTest("sign", columns)).toEqual(signTest(x, y));
    expect(runTest("permutation", columns)).toEqual(permutationTest(x, y));
    expect(runTest("bootstrap", columns)).toEqual(bootstrapTest(x, y));
    expect(runTest("friedman", columns)).toEqual(friedman(x.map((v, i) => [v, y[i]])));
  });

  it("hands options on and refuses those that the test does not have", () => {
    const options = { alternative: "greater", zeroMethod: "pratt", method: "normal" };
    expect(runTest("wilcoxon", columns, options)).toEqual(
      wilcoxonSignedRank(document.x, document.y, {
        alternative: "greater",
        zeroMethod: "pratt",
        method: "normal",
      }),
    );
    expect(() => runTest("ttest", columns, { zeroMethod: "pratt" })).toThrow(
      'Expected option of ttest to be one of "alternative", "nullValue", "level" but received "zeroMethod".',
    );
    expect(runTest("ttest", columns, { level: undefined })).toEqual(runTest("ttest", columns));
    expect(() => runTest("anova" as never, columns)).toThrow('but received "anova".');
  });

  it("tests by cluster when the table has clusters", () => {
    const clusters = ["a", "a", "b", "b", "c", "c"];
    const table = parseColumns({ ...document, clusters });
    for (const test of testNames.filter((name) => name !== "friedman")) {
      expect(runTest(test, table)).toEqual(
        clusteredPairs(document.x, document.y, clusters, { test }),
      );
    }
  });
});

describe("parseColumns", () => {
  it("names the column and the place that is wrong", () => {
    const message = (value: unknown) => {
      try {
        parseColumns(value);
      } catch (error) {
        return (error as Error).message;
      }
      return "";
    };
    expect(message([1, 2])).toBe(
      'Expected an object such as { "x": […], "y": […] } but received an array of 2.',
    );
    expect(message({})).toBe("Expected at least 1 column of numbers.");
    expect(message({ x: [1, null] })).toBe("Expected x[1] to be a number but received null.");
    expect(message({ x: "1,2" })).toBe('Expected x to be an array but received "1,2".');
    expect(message({ x: [1], y: [1, 2] })).toBe(
      "Expected y and x to have the same length but received 2 and 1.",
    );
    expect(message({ x: [1], y: [2], clusters: [true] })).toBe(
      "Expected clusters[0] to be a string or a number but received true.",
    );
    expect(message({ x: [1], y: [2], clusters: "a" })).toContain(
      "Expected clusters to be an array",
    );
    expect(() => runTest("sign", parseColumns({ x: [1], z: [2] }))).toThrow(
      "Expected a column named y but the table has x, z.",
    );
  });
});

describe("formatResult", () => {
  it("shows the p, the estimate with its interval, and every warning", () => {
    expect(formatResult(signTest([5, 6, 7], [1, 2, 3], { alternative: "greater" }))).toBe(
      [
        "sign test, exact",
        "p = 0.125   (alternative: the estimate is greater than 0)",
        "estimate 4   75 % interval 4 … 4",
        "statistic 3   n = 3",
        "note: With 3 pairs that differ the one-sided p cannot go under 0.125.",
        "note: An exact interval from 3 pairs covers at most 75 %.",
      ].join("\n"),
    );
  });

  it("shows the Monte Carlo error where there is one", () => {
    const x = Array.from({ length: 30 }, (_, i) => Math.sin(i));
    const result = permutationTest(x, new Float64Array(30), { resamples: 499 });
    expect(formatResult(result)).toMatch(/p = 0\.\d+ ± 0\.0\d+ \(Monte Carlo\)/);
  });
});
