import type { ComparedHead, Comparison } from "@glai/engine";
import { describe, expect, it } from "vitest";
import { conclusion } from "../../src/comparison/conclusion.js";

/** A head with nothing but a mean score. */
function head(name: "linear" | "mlp", mean: number): ComparedHead {
  const score = { mean, std: 0, count: 1 };
  return { head: name, score, speedup: null, runs: [] } as unknown as ComparedHead;
}

const said = (scoreName: Comparison["scoreName"], linear: number, mlp: number): string =>
  conclusion(
    { scoreName, heads: [head("mlp", mlp), head("linear", linear)] } as unknown as Comparison,
    [],
  ).join(" ");

describe("the conclusion", () => {
  it.each([
    ["accuracy", 0.8, 0.7, "beats"],
    ["accuracy", 0.7, 0.8, "is under"],
    ["loss", 0.7, 0.8, "beats"],
    ["loss", 0.8, 0.7, "is over"],
    ["loss", 0.8, 0.8, "equals"],
  ] as const)("calls a head with %s %f beside the MLP's %f one that %s it", (name, a, b, verb) => {
    expect(said(name, a, b)).toMatch(
      new RegExp(`^linear: its \\S+ of \\S+(?: %)? ${verb} the MLP's`),
    );
  });
});
