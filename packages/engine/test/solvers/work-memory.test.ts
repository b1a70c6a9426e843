import {
  createRandom,
  type FloatArray,
  type LinearAlgebra,
  type Matrix,
  referenceLinearAlgebra,
} from "@glai/core";
import { describe, expect, it } from "vitest";
import { kernelScores } from "../../src/closed-form/kernel-scores.js";
import { solveKernelRidge } from "../../src/solvers/kernel-ridge.js";
import { infinitePathKernel } from "../../src/solvers/kernels.js";
import { keepMemory, takeMemory } from "../../src/solvers/work-memory.js";
import { blobs } from "./problem.js";

/** The reference, with a note of every `into`; optionally in float32, as fast tiers answer float32 samples. */
function listening(single = false): { algebra: LinearAlgebra; given: (FloatArray | undefined)[] } {
  const given: (FloatArray | undefined)[] = [];
  const rounded = (m: Matrix): Matrix => ({ ...m, values: Float32Array.from(m.values) });
  return {
    given,
    algebra: {
      ...referenceLinearAlgebra,
      async gram(kernel, a, b, into) {
        given.push(into);
        const gram = await referenceLinearAlgebra.gram(kernel, a, b, into);
        return single && into === undefined ? rounded(gram) : gram;
      },
    },
  };
}

const features = new Float64Array(0);

describe("memory that is kept for the next solve", () => {
  it("is handed out once, as long as it was asked for", () => {
    const { algebra } = listening();
    const result = Float64Array.of(1, 2, 3, 4);
    keepMemory(algebra, features, result);
    const taken = takeMemory(algebra, features, 3);
    expect(taken?.buffer).toBe(result.buffer);
    expect(taken).toHaveLength(3);
    expect(takeMemory(algebra, features, 3)).toBeUndefined();
    keepMemory(algebra, features, taken as FloatArray); // a view: the whole array behind it is kept
    expect(takeMemory(algebra, features, 4)).toHaveLength(4);
  });

  it("is that of the longest result, and of no other algebra or precision of the samples", () => {
    const { algebra } = listening();
    keepMemory(algebra, features, new Float32Array(9));
    keepMemory(algebra, features, new Float32Array(5));
    expect(takeMemory(algebra, features, 10)).toBeUndefined();
    expect(takeMemory(algebra, new Float32Array(0), 9)).toBeUndefined();
    expect(takeMemory(listening().algebra, features, 9)).toBeUndefined();
    expect(takeMemory(algebra, features, 9)).toBeInstanceOf(Float32Array);
  });

  it("is not more than 256 MB", () => {
    const { algebra } = listening();
    keepMemory(algebra, features, new Float32Array(2 ** 26 + 1));
    expect(takeMemory(algebra, features, 1)).toBeUndefined();
  });

  it.each(["cholesky", "conjugate-gradients"] as const)(
    "changes no bit of a solve by %s, nor of its predictions",
    async (method) => {
      const { algebra, given } = listening(true);
      const { features: samples, labels } = blobs(60, 4, 3, 5);
      const single = { ...samples, values: Float32Array.from(samples.values) };
      const run = async (): Promise<unknown> => {
        const solution = await solveKernelRidge(algebra, { features: single }, labels, {
          kernel: infinitePathKernel(4),
          nClasses: 3,
          random: createRandom(1),
          method,
          mu: 0.3,
        });
        const body = { ...solution, kind: "kernel" as const, support: solution.support.features };
        const scores = await kernelScores(algebra, body, single);
        return [solution.coefficients, solution.temperature, scores.values];
      };
      const first = await run();
      const before = given.filter(Boolean).length;
      const second = await run();
      expect(second).toEqual(first);
      expect(before).toBe(1); // the predictions, in the memory of the solve
      expect(given.filter(Boolean).length).toBe(before + 2);
      expect(new Set(given.filter(Boolean).map((into) => into?.buffer)).size).toBe(1);
    },
  );
});
