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
import {
  borrowForResult,
  borrowMemory,
  giveBack,
  giveBackResult,
} from "../../src/solvers/work-memory.js";
import { blobs } from "./problem.js";

/** The reference, with a note of every `into`; optionally in float32, as fast tiers answer float32 samples. */
function listening(inSingle = false): {
  algebra: LinearAlgebra;
  given: (FloatArray | undefined)[];
} {
  const given: (FloatArray | undefined)[] = [];
  const rounded = (m: Matrix): Matrix => ({ ...m, values: Float32Array.from(m.values) });
  return {
    given,
    algebra: {
      ...referenceLinearAlgebra,
      async gram(kernel, a, b, into) {
        given.push(into);
        const gram = await referenceLinearAlgebra.gram(kernel, a, b, into);
        return inSingle && into === undefined ? rounded(gram) : gram;
      },
    },
  };
}

const features = new Float64Array(0);
const single = new Float32Array(0);

describe("memory that is kept for later solves", () => {
  it("is the smallest array that is long enough, and one borrower's at a time", () => {
    const { algebra } = listening();
    const arrays = [8, 2, 4].map((length) => borrowMemory(algebra, features, length));
    expect(arrays.map(({ length }) => length)).toEqual([8, 2, 4]);
    giveBack(algebra, ...arrays);
    const again = [3, 3, 3].map((length) => borrowMemory(algebra, features, length));
    expect(again.map(({ length }) => length)).toEqual([3, 3, 3]);
    expect(again[0].buffer).toBe(arrays[2].buffer);
    expect(again[1].buffer).toBe(arrays[0].buffer);
    expect(arrays.map(({ buffer }) => buffer)).not.toContain(again[2].buffer);
    expect(borrowMemory(listening().algebra, features, 2).buffer).not.toBe(arrays[1].buffer);
    expect(borrowMemory(algebra, single, 4).buffer).toBe(arrays[1].buffer); // 16 bytes
  });

  it("is offered to a result in the precision that the algebra chose for such samples before", () => {
    const { algebra } = listening();
    expect(borrowForResult(algebra, features, 3)).toBeUndefined();
    giveBackResult(algebra, features, new Float32Array(9));
    expect(borrowForResult(algebra, single, 3)).toBeUndefined();
    expect(borrowForResult(algebra, features, 3)).toBeInstanceOf(Float32Array);
    giveBackResult(algebra, single, new Float64Array(9));
    expect(borrowForResult(algebra, single, 3)).toBeInstanceOf(Float64Array);
  });

  it("is at most 256 MB, of the largest arrays", () => {
    const { algebra } = listening();
    const sizes = [2 ** 28 + 8, 2 ** 28 - 64, 32, 64];
    const buffers = sizes.map((bytes) => new ArrayBuffer(bytes));
    giveBack(algebra, ...buffers.map((buffer) => new Float64Array(buffer)));
    expect(borrowMemory(algebra, features, 1).buffer).toBe(buffers[3]);
    expect(borrowMemory(algebra, features, 1).buffer).toBe(buffers[1]);
    expect(buffers).not.toContain(borrowMemory(algebra, features, 1).buffer);
  });

  it.each(["cholesky", "conjugate-gradients"] as const)(
    "changes no bit of a solve by %s, nor of its predictions",
    async (method) => {
      const { algebra, given } = listening(true);
      const { features: samples, labels } = blobs(60, 4, 3, 5);
      const train = { ...samples, values: Float32Array.from(samples.values) };
      const run = async (): Promise<unknown> => {
        const solution = await solveKernelRidge(algebra, { features: train }, labels, {
          kernel: infinitePathKernel(4),
          nClasses: 3,
          random: createRandom(1),
          method,
        });
        const body = { ...solution, kind: "kernel" as const, support: solution.support.features };
        const scores = await kernelScores(algebra, body, train);
        return [solution.coefficients, solution.temperature, scores.values];
      };
      const first = await run();
      const fresh = given.length;
      expect(given[0]).toBeUndefined();
      expect(await run()).toEqual(first);
      const reused = given.slice(fresh).filter((into) => into !== undefined);
      expect(reused).not.toHaveLength(0);
      const known = new Set(given.slice(0, fresh).map((into) => into?.buffer));
      for (const into of reused) expect(known).toContain(into.buffer);
    },
  );
});
