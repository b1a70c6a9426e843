import { describe, expect, it } from "vitest";
import { chanceSentences } from "../../src/comparison/conclusion.js";
import { contrastRows, renderContrasts } from "../../src/comparison/contrast-table.js";
import { contrastTests, type Observation } from "../../src/comparison/contrasts.js";

/** Runs of three heads on tasks × seeds; `of` gives [seconds, score]. */
function runs(
  tasks: readonly string[],
  nSeeds: number,
  of: (head: string, task: number, seed: number) => readonly [number, number],
  scoreName: Observation["scoreName"] = "accuracy",
): Observation[] {
  return tasks.flatMap((task, t) =>
    Array.from({ length: nSeeds }, (_, seed) => seed).flatMap((seed) =>
      ["mlp", "glai", "linear"].map((head) => {
        const [seconds, score] = of(head, t, seed);
        return { task, seed, head, seconds, score, scoreName };
      }),
    ),
  );
}

/** P(W+ ≥ observed) by visiting every pattern of signs: what a one-sided signed-rank test means. */
function bruteForceP(differences: readonly number[]): number {
  const sorted = differences.map(Math.abs).toSorted((a, b) => a - b);
  const ranks = differences.map((d) => sorted.indexOf(Math.abs(d)) + 1); // no ties below
  const observed = ranks.reduce((sum, rank, i) => sum + ((differences[i] ?? 0) > 0 ? rank : 0), 0);
  const patterns = 2 ** ranks.length;
  let extreme = 0;
  for (let pattern = 0; pattern < patterns; pattern++) {
    const w = ranks.reduce((sum, rank, i) => sum + ((pattern >> i) & 1) * rank, 0);
    if (w >= observed) extreme++;
  }
  return extreme / patterns;
}

const better = (head: string, task: number, seed: number) =>
  [
    head === "mlp" ? 10 + seed : 2 + 0.3 * seed + 0.01 * task,
    (head === "glai" ? 0.9 : 0.8) + 0.001 * (seed + 3 * task),
  ] as const;

describe("contrastTests (§4.3)", () => {
  it("tests log(T_mlp / T_model) and (S_model − S_mlp) / |S_mlp| with the p of all sign patterns", () => {
    const time = [0.5, 3, 0.9, 2, 1.7]; // glai's times; the MLP's are 1, …, 5
    const score = [0.81, 0.78, 0.9, 0.84, 0.8];
    const tests = contrastTests(
      runs(["a"], 5, (head, _, seed) =>
        head === "mlp" ? [seed + 1, 0.8 + 0.001 * seed] : [time[seed] ?? 1, score[seed] ?? 0],
      ),
    );
    const [row] = contrastRows(tests, "4");
    expect(row).toMatchObject({ head: "glai", against: "mlp" });
    expect(row?.time?.pValue).toBeCloseTo(
      bruteForceP(time.map((t, i) => Math.log((i + 1) / t))),
      12,
    );
    const relative = score.map((s, i) => (s - 0.8 - 0.001 * i) / (0.8 + 0.001 * i));
    expect(row?.score?.pValue).toBeCloseTo(bruteForceP(relative), 12);
    expect(row?.score?.perTask).toEqual([
      { task: "a", n: 5, mean: expect.closeTo(relative.reduce((sum, d) => sum + d, 0) / 5, 12) },
    ]);
  });

  it("turns the sign of a loss, so that a lower one is better", () => {
    const of = (head: string, _: number, seed: number) =>
      [1 + seed, head === "glai" ? 0.1 : 0.2 + 0.01 * seed] as const;
    const tests = contrastTests(runs(["b"], 5, of, "loss"));
    const [row] = contrastRows(tests, "4");
    expect(row?.score?.estimate).toBeGreaterThan(0.4);
    expect(row?.score?.pValue).toBeCloseTo(1 / 32, 12);
    expect(row?.score?.rankBiserial).toBe(1);
  });

  it("puts every head against the MLP into Table 4 and GLAI against the rest into Table 5", () => {
    const tests = contrastTests(runs(["a"], 3, better));
    const names = (table: "4" | "5") =>
      contrastRows(tests, table).map(({ head, against }) => `${head} vs ${against}`);
    expect(names("4")).toEqual(["glai vs mlp", "linear vs mlp"]);
    expect(names("5")).toEqual(["glai vs linear"]);
    expect(renderContrasts(tests).join("\n")).toContain("glai vs linear");
  });

  it("adjusts by Holm within a table: the smallest p counts as many times as there are tests", () => {
    const tests = contrastTests(runs(["a"], 8, better)).filter(({ table }) => table === "4");
    const smallest = tests.toSorted((a, b) => a.pValue - b.pValue)[0];
    expect(tests).toHaveLength(4);
    expect(smallest?.adjustedPValue).toBeCloseTo(4 * (smallest?.pValue ?? NaN), 12);
    for (const { pValue, adjustedPValue } of tests)
      expect(adjustedPValue).toBeGreaterThanOrEqual(pValue);
  });

  it("tests task means besides runs when there are several tasks", () => {
    const [test] = contrastTests(runs(["a", "b", "c", "d", "e", "f"], 3, better));
    expect(test).toMatchObject({ n: 18, byTask: { n: 6, pValue: 1 / 64, minimumPValue: 1 / 64 } });
    expect(test?.warnings.join(" ")).toContain("not independent tasks");
    expect(test?.perTask.map(({ n }) => n)).toEqual([3, 3, 3, 3, 3, 3]);
  });

  it("leaves out pairs whose reference score is 0 and says how many; times of 0 are refused", () => {
    const of = (head: string, _: number, seed: number) =>
      [1 + seed, head === "mlp" && seed === 0 ? 0 : 0.5 + 0.1 * seed] as const;
    const score = contrastTests(runs(["a"], 3, of)).find(
      ({ quantity }) => quantity !== "log time ratio",
    );
    expect(score?.n).toBe(2);
    expect(score?.warnings.join(" ")).toContain("1 of 3 pairs");
    expect(() => contrastTests(runs(["a"], 3, () => [0, 0.5]))).toThrow("time above 0");
  });
});

describe("chanceSentences", () => {
  it("claim nothing from three seeds, which cannot reach the 5 % level", () => {
    const [sentence = ""] = chanceSentences(contrastTests(runs(["a"], 3, better)));
    expect(sentence).toContain("0.125");
    expect(sentence).toContain("chance is not excluded");
  });

  it("name only what is under the level after Holm's adjustment", () => {
    const sentence = chanceSentences(contrastTests(runs(["a"], 8, better))).join(" ");
    expect(sentence).toContain("glai in time, glai in score, linear in time");
    expect(sentence).not.toContain("linear in score"); // it equals the MLP
  });

  it("judge by task when there are several, and say when so few tasks cannot decide", () => {
    const three = chanceSentences(contrastTests(runs(["a", "b", "c"], 8, better))).join(" ");
    expect(three).toContain("No head is better than the MLP at the 5 % level by task");
    expect(three).toContain("chance cannot be excluded");
    const tasks = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const eight = chanceSentences(contrastTests(runs(tasks, 2, better))).join(" ");
    expect(eight).toContain("glai in score, linear in time by task (8 task means");
  });
});
