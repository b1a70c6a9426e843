import {
  createRandom,
  type FloatArray,
  type KernelSamples,
  type KernelSpec,
  type Matrix,
  referenceLinearAlgebra,
} from "@glai/core";
import { describe, expect, test } from "vitest";
import {
  algebraTiers,
  type Arrays,
  bits,
  largestDifference,
  limits,
  numbers,
  sides,
} from "./support/matrices.js";

describe.each(algebraTiers)("Gram matrices of tier $tier", { timeout: 60_000 }, ({ algebra }) => {
  describe.each([Float32Array, Float64Array])("in %o", (arrays: Arrays) => {
    const limit = limits[arrays.name as keyof typeof limits];

    test("Gram matrices of all kernels equal the reference", async () => {
      const random = createRandom(4);
      for (let round = 0; round < 8; round++) {
        const nFeatures = round % 8 === 0 ? 530 : sides[random.integer(sides.length)];
        const widths = [1 + random.integer(300), 1 + random.integer(2200)];
        const samples = (nSamples: number): KernelSamples => ({
          features: {
            values: numbers(nSamples * nFeatures, random, arrays),
            nSamples,
            nFeatures,
          },
          gates: widths.map((width) => bits(nSamples, width, random, round % 3 === 0 ? 1 : 0.45)),
        });
        const kernels: KernelSpec[] = [
          { kind: "linear", scale: 1 / nFeatures, shift: 0.5 },
          { kind: "rbf", gamma: 0.5 / nFeatures },
          {
            kind: "path",
            scale: 1 / nFeatures,
            shift: 1,
            overlapScale: widths.map((width) => 4 / width),
            overlapShift: 1,
          },
          {
            kind: "infinitePath",
            scale: 1 / nFeatures,
            shift: 0.1,
            power: [0, 1, 2, 1.5][round % 4],
            bias: 0.1,
          },
        ];
        const a = samples(sides[random.integer(sides.length)]);
        const b = samples(sides[random.integer(sides.length)]);
        for (const kernel of kernels) {
          const between = await algebra.gram(kernel, a, b);
          const expected = await referenceLinearAlgebra.gram(kernel, a, b);
          // acos near a right angle has slope 1, near 0 it has none: 1e-7 is what the reference itself rounds to
          const allowed = kernel.kind === "infinitePath" ? Math.max(limit, 1e-7) : limit;
          expectWithin(kernel.kind, between.values, expected.values, allowed);
          const own = await algebra.gram(kernel, a);
          const ownExpected = await referenceLinearAlgebra.gram(kernel, a);
          expectWithin(kernel.kind, own.values, ownExpected.values, allowed);
          expectSymmetric(own);
        }
      }
    });

    test("overlaps follow every angle, whatever stands beside them in a vector", async () => {
      const n = 400; // steps of π / 400: both sides of a cosine of ±½ within one vector and across several
      const angles = Float64Array.from({ length: n }, (_, i) => (Math.PI * ((i * 7) % n)) / n);
      const values = arrays.from([...angles].flatMap((x) => [Math.cos(x), Math.sin(x)]));
      const { values: found } = await algebra.gram(
        { kind: "infinitePath", scale: 1, shift: 2, power: 1, bias: 0 },
        { features: { values, nSamples: n, nFeatures: 2 } },
      );
      const expected = Float64Array.from({ length: n * n }, (_, at) => {
        const angle = Math.abs(angles[at % n] - angles[Math.floor(at / n)]);
        return (Math.cos(angle) + 2) * 2 * (1 - angle / Math.PI);
      });
      // near π a cosine says little about its angle: 1 / sin θ of rounding
      expect(largestDifference(found, expected)).toBeLessThan(
        arrays === Float32Array ? 2e-5 : 1e-12,
      );
    });

    test("coincident and shifted samples keep their digits", async () => {
      const random = createRandom(5);
      const nFeatures = 40;
      const values = numbers(20 * nFeatures, random, arrays).map((x) => x + 30) as FloatArray;
      values.copyWithin(10 * nFeatures, 0, 10 * nFeatures); // rows 10… repeat rows 0…
      const near = values.slice();
      for (let i = 0; i < near.length; i++) near[i] *= 1 + 1e-4 * random.normal();
      const samples = (x: FloatArray): KernelSamples => ({
        features: { values: x, nSamples: 20, nFeatures },
      });
      for (const kernel of [
        { kind: "rbf", gamma: 30 },
        { kind: "infinitePath", scale: 1 / nFeatures, shift: 0, power: 1, bias: 0.1 },
      ] as const) {
        const found = await algebra.gram(kernel, samples(values), samples(near));
        const expected = await referenceLinearAlgebra.gram(kernel, samples(values), samples(near));
        expect(largestDifference(found.values, expected.values)).toBeLessThan(
          arrays === Float32Array ? 1e-5 : 1e-7,
        );
        const own = await algebra.gram(kernel, samples(values));
        for (let i = 0; i < 10; i++) {
          expect(own.values[i * 20 + i]).toBe(own.values[i * 20 + i + 10]);
        }
      }
    });
  });
});

function expectSymmetric({ values, nRows }: Matrix): void {
  expect(values).toEqual(
    values.map((_, at) => values[(at % nRows) * nRows + Math.floor(at / nRows)]),
  );
}

function expectWithin(
  what: string,
  found: FloatArray,
  expected: FloatArray,
  allowed: number,
): void {
  const worst = largestDifference(found, expected);
  expect({ what, worst, isWithin: worst < allowed }).toMatchObject({ isWithin: true });
}
