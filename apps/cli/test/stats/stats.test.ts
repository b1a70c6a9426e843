import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { StatsDocument } from "../../src/stats/document.js";
import { temporaryFolder } from "../support/data.js";
import { glai, glaiJson } from "../support/glai.js";
import { schemaErrors } from "../support/schema.js";

const root = temporaryFolder();
// All six differences but one are positive, and the negative one is the smallest: W+ = 20, W− = 1.
const x = [5.1, 6.2, 7.3, 4.4, 8, 6.6];
const y = [4.9, 5.9, 6.1, 4.5, 7, 6.2];

const json = async (...args: string[]) =>
  (await glaiJson(["stats", ...args], root)) as StatsDocument;

beforeAll(() => {
  writeFileSync(join(root, "pairs.json"), JSON.stringify({ x, y }));
  writeFileSync(
    join(root, "pairs.csv"),
    `x,y\n${x.map((value, i) => `${value},${y[i]}`).join("\n")}\n`,
  );
  writeFileSync(
    join(root, "tasks.csv"),
    "x,y,clusters\n3,1,a\n4,2,a\n5,4,b\n7,5,b\n9,8,c\n6,5,c\n",
  );
  writeFileSync(
    join(root, "heads.json"),
    JSON.stringify({ mlp: [1, 1, 1], glai: [2, 2, 2], linear: [3, 3, 3] }),
  );
  writeFileSync(join(root, "zeros.json"), JSON.stringify({ x: [1, 2, 3, 4], y: [1, 1, 1, 1] }));
});

describe("glai stats", () => {
  it("finds the exact Wilcoxon p by counting sign patterns: P(W− ≤ 1) = 2 / 2⁶", async () => {
    const two = await json("wilcoxon", "pairs.json");
    expect(two.result.pValue).toBeCloseTo(4 / 64, 12);
    expect(two.result.method).toContain("exact");
    expect(two.pairs?.minimumPValue).toBeCloseTo(2 / 64, 12);
    const one = await json("wilcoxon", "pairs.json", "--alternative", "greater");
    expect(one.result.pValue).toBeCloseTo(2 / 64, 12);
    expect(one.pairs?.rankBiserial?.estimate).toBeCloseTo(19 / 21, 12);
  }, 30_000);

  it.each(["wilcoxon", "ttest", "sign", "permutation", "bootstrap"])(
    "%s prints one document of the published schema, the same for JSON and CSV",
    async (test) => {
      const fromJson = await json(test, "pairs.json");
      const fromCsv = await json(test, "pairs.csv");
      expect(schemaErrors("stats", fromJson)).toEqual([]);
      expect(fromCsv).toEqual({ ...fromJson, file: "pairs.csv" });
      expect(fromJson.result.n).toBe(6);
    },
    30_000,
  );

  it("treats zero differences as --zero says: left out, or ranked and shared", async () => {
    const w = async (...zero: string[]) =>
      (await json("wilcoxon", "zeros.json", "--alternative", "greater", ...zero)).result.statistic;
    expect(await w()).toBe(1 + 2 + 3); // the zero has no rank
    expect(await w("--zero", "pratt")).toBe(2 + 3 + 4); // it takes rank 1 and counts for nobody
    expect(await w("--zero", "zsplit")).toBe(2 + 3 + 4 + 0.5); // and for both by half
  }, 30_000);

  it("ranks every column with friedman: three unanimous blocks of three have p = (1/3!)²", async () => {
    const document = await json("friedman", "heads.json");
    expect(schemaErrors("stats", document)).toEqual([]);
    expect(document.result.pValue).toBeCloseTo(1 / 36, 12);
    expect(document.ranks).toMatchObject({ kendallW: 1 });
    expect(document.ranks?.meanRanks.map(({ meanRank }) => meanRank)).toEqual([1, 2, 3]);
  }, 30_000);

  it("tests cluster means when a column names the clusters, and says so", async () => {
    const { result, pairs } = await json("wilcoxon", "tasks.csv", "--alternative", "greater");
    expect(result.n).toBe(3);
    expect(result.pValue).toBeCloseTo(1 / 8, 12);
    expect(result.warnings.join(" ")).toContain("not independent");
    expect(pairs?.rankBiserial).toBeNull();
  }, 30_000);

  it("gives the same bootstrap interval for the same seed and another one for another", async () => {
    const [first, again, other] = await Promise.all([
      json("bootstrap", "pairs.json", "--seed", "3"),
      json("bootstrap", "pairs.json", "--seed", "3"),
      json("bootstrap", "pairs.json", "--seed", "4"),
    ]);
    expect(again).toEqual(first);
    expect(other.result.interval).not.toEqual(first.result.interval);
  }, 30_000);

  it.each([
    ["a missing column", "one.json", '{"x":[1,2]}', 65, "column named y"],
    ["NaN in a CSV", "nan.csv", "x,y\n1,2\n,3\n", 65, "NaN"],
    ["text that is no JSON", "bad.json", "{", 65, "does not parse"],
    ["lengths that differ", "long.json", '{"x":[1,2],"y":[1]}', 65, "y"],
  ])(
    "refuses %s, naming the file",
    async (_, name, text, code, words) => {
      writeFileSync(join(root, name), text);
      const run = await glai(["stats", "wilcoxon", name], root);
      expect(run).toMatchObject({ code, stdout: "", stderr: expect.stringContaining(words) });
      expect(run.stderr).toContain(name);
    },
    30_000,
  );

  it("refuses an alternative, an option and a file that are not there with the right exit codes", async () => {
    const codes = await Promise.all(
      [
        ["wilcoxon", "pairs.json", "--alternative", "grater"],
        ["ttest", "pairs.json", "--zero", "pratt"],
        ["wilcoxon", "missing.json"],
      ].map(async (args) => (await glai(["stats", ...args], root)).code),
    );
    expect(codes).toEqual([2, 2, 74]);
  }, 30_000);
});
