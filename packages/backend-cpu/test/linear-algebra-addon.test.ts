import { execFileSync } from "node:child_process";
import { createRandom, type FloatArray } from "@glai/core";
import { describe, expect, test } from "vitest";
import { createLinearAlgebra } from "../src/linear-algebra.js";
import { nativeDenseKernels } from "../src/native/linear-algebra.js";
import { codeOf, copyOf, matrixOf, native, numbers } from "./support/matrices.js";

describe.skipIf(native.addon === undefined)("the addon", { timeout: 60_000 }, () => {
  test("gives the same bits whatever the number of threads", async () => {
    const random = createRandom(10);
    const n = 700;
    const features = { values: numbers(n * 50, random, Float32Array), nSamples: n, nFeatures: 50 };
    const b = matrixOf(n, 20, random, Float32Array);
    const run = async (threads: number): Promise<FloatArray[]> => {
      const algebra = createLinearAlgebra(nativeDenseKernels(native.addon!, threads));
      const gram = await algebra.gram({ kind: "rbf", gamma: 0.02 }, { features });
      const factor = copyOf(gram);
      await algebra.cholesky(factor, 0.1);
      const x = copyOf(b);
      await algebra.solveCholesky(factor, x);
      const y = await algebra.symmetricMultiply(gram, b, 0.1);
      const z = await algebra.multiply(gram, gram);
      const w = await algebra.multiplyTriangular(factor, b, true);
      return [gram.values, factor.values, x.values, y.values, z.values, w.values];
    };
    const one = await run(1);
    for (const threads of [2, 3, 8]) {
      const many = await run(threads);
      many.forEach((values, i) => {
        expect(Buffer.compare(Buffer.from(values.buffer), Buffer.from(one[i].buffer))).toBe(0);
      });
    }
  });

  test("leaves the event loop free while it factorises", async () => {
    const n = 1500;
    const values = new Float32Array(n * n).fill(0.5);
    const algebra = createLinearAlgebra(nativeDenseKernels(native.addon!, 1));
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    for (let round = 0; round < 3; round++) {
      values.fill(0.5);
      await algebra.cholesky({ values, nRows: n, nColumns: n }, 1);
    }
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });

  test("refuses what would read out of bounds, without the TypeScript in front", async () => {
    const addon = native.addon as unknown as Record<string, (...a: unknown[]) => Promise<number>>;
    const floats = new Float32Array(16);
    const misuses: [string, unknown[]][] = [
      ["linalgCholesky", [floats, 5, 5, 0, 1]],
      ["linalgCholesky", [floats, 4, 5, 0, 1]],
      ["linalgCholesky", [floats, 4, 3, 0, 1]],
      ["linalgCholesky", [floats, -4, 4, 0, 1]],
      ["linalgCholesky", [floats, 2 ** 33, 2 ** 33, 0, 1]],
      ["linalgCholesky", [new Int32Array(16), 4, 4, 0, 1]],
      ["linalgCholesky", [floats, 4, 4, 0, 0]],
      ["linalgCholesky", []],
      ["linalgSolve", [floats, 4, 4, new Float32Array(3), 1, 2, 1]],
      ["linalgSolve", [floats, 4, 4, new Float64Array(4), 1, 2, 1]],
      ["linalgSolve", [floats, 4, 4, new Float32Array(4), 1, 3, 1]],
      ["linalgSolve", [floats, 4, 5, new Float32Array(4), 1, 2, 1]],
      ["linalgTriangular", [floats, 4, 5, floats, 4, false, floats, 1]],
      ["linalgTriangular", [floats, 4, 4, floats, 4, false, new Float32Array(15), 1]],
      ["linalgMultiply", [floats, floats, 4, 4, 4, 0, new Float32Array(15), 1]],
      ["linalgMultiply", [floats, floats, 2, 8, 2, 1, new Float32Array(4), 1]],
      ["linalgCrossProduct", [floats, 4, 4, new Float32Array(9), 1]],
      ["linalgGram", [new Float64Array(6), new Uint32Array(0), 4, null, null, floats, 1]],
      [
        "linalgGram",
        [
          Float64Array.of(2, 1, 0, 0, 0, 0, 0, 1),
          Uint32Array.of(2),
          4,
          { values: floats, nSamples: 4, gates: [new Uint32Array(7)] },
          null,
          floats,
          1,
        ],
      ],
    ];
    for (const [name, args] of misuses)
      expect([name, await codeOf(async () => addon[name](...args))]).toEqual([
        name,
        "bad-argument",
      ]);
  });

  test.each(["baseline", "avx2", "avx512"])(
    "agrees with the reference on instruction set %s",
    (set) => {
      const script = `
        import { createRandom, referenceLinearAlgebra as reference } from "@glai/core";
        import { createLinearAlgebra } from "./dist/linear-algebra.js";
        import { nativeDenseKernels } from "./dist/native/linear-algebra.js";
        import { requireNative } from "./dist/native/loader.js";
        const algebra = createLinearAlgebra(nativeDenseKernels(requireNative(), 2));
        const random = createRandom(11);
        const worst = (a, b) => a.reduce((w, x, i) => Math.max(w, Math.abs(x - b[i])), 0);
        const n = 211, nFeatures = 37;
        for (const [arrays, limit] of [[Float32Array, 2e-4], [Float64Array, 1e-6]]) {
          const features = { values: arrays.from({ length: n * nFeatures }, () => random.normal()), nSamples: n, nFeatures };
          const gates = [{ words: Uint32Array.from({ length: n * 4 }, () => 2 ** 32 * random.uniform()), nRows: n, nColumns: 128, nWords: 4 }];
          for (const kernel of [
            { kind: "linear", scale: 0.1, shift: 1 },
            { kind: "rbf", gamma: 0.02 },
            { kind: "path", scale: 0.03, shift: 1, overlapScale: [1 / 32], overlapShift: 1 },
            { kind: "infinitePath", scale: 0.03, shift: 0.03, power: 2, bias: 0.1 },
          ]) {
            const k = await algebra.gram(kernel, { features, gates });
            const expected = await reference.gram(kernel, { features, gates });
            console.log(worst(k.values, expected.values) < limit);
          }
          const k = await algebra.gram({ kind: "rbf", gamma: 0.02 }, { features });
          const factor = { ...k, values: k.values.slice() };
          await algebra.cholesky(factor, 1);
          const x = { values: arrays.from({ length: n * 5 }, () => random.normal()), nRows: n, nColumns: 5 };
          const b = x.values.slice();
          await algebra.solveCholesky(factor, x);
          console.log(worst((await algebra.symmetricMultiply(k, x, 1)).values, b) < limit);
        }`;
      const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
        cwd: new URL("..", import.meta.url),
        env: { ...process.env, GLAI_INSTRUCTION_SET: set },
        encoding: "utf8",
      });
      expect(output.trim().split("\n")).toEqual(Array.from({ length: 10 }, () => "true"));
    },
  );
});
