import {
  activationPatterns,
  type ActivationPatterns,
  createMlp,
  createRandom,
  type FloatArray,
  getBit,
  type Mlp,
  parameterCount,
  pathCount,
  type PathSelection,
  selectPaths,
  type SelectionRequest,
  structuralShift,
  totalMass,
} from "@glai/core";
import { describe, expect, test } from "vitest";
import { conversionTiers, featuresOf, wholeNumbers } from "./support/conversion.js";
import { codeOf } from "./support/matrices.js";

/** Everything but the measured error, which rounds with the features' precision; arrays as their bytes. */
function blocksOf({ certificate, gates, ...selection }: PathSelection) {
  const { measuredError: _, ...exact } = certificate;
  return { ...bytesOf(selection), gates: bytesOf(gates), certificate: exact };
}

function bytesOf(record: object): object {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [
      name,
      ArrayBuffer.isView(value)
        ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64")
        : value,
    ]),
  );
}

function expectClose(found: number, expected: number, relative: number, scale = expected): void {
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(relative * Math.abs(scale));
}

const shapes: readonly (readonly number[])[] = [
  [1, 1, 1],
  [13, 37, 1],
  [70, 64, 5],
  [33, 129, 37],
  [6, 65, 4, 18, 3],
  [20, 7, 129, 2],
];

describe.each(conversionTiers)(
  "conversion of tier $tier",
  { timeout: 60_000 },
  ({ conversion }) => {
    test("patterns of whole numbers are core's bit for bit, pre-activations of 0 included", async () => {
      for (const [i, sizes] of shapes.entries())
        for (const nSamples of [1, 63, 130]) {
          const { network, features } = wholeNumbers(sizes, nSamples, i);
          const found = await conversion.activationPatterns(network, features);
          expect(found).toEqual(activationPatterns(network, features));
        }
    });

    test("patterns of float64 features are those of float64 products", async () => {
      const random = createRandom(3);
      const network = createMlp([40, 70, 50, 3], random);
      const features = featuresOf(2100, 40, random, Float64Array); // more than one chunk of rows
      const found = await conversion.activationPatterns(network, features);
      expect(found).toEqual(activationPatterns(network, features));
    });

    test("patterns of float32 features differ only where rounding decides", async () => {
      const random = createRandom(4);
      const network = createMlp([300, 90, 3], random);
      const features = featuresOf(200, 300, random, Float32Array);
      const found = (await conversion.activationPatterns(network, features)).layers[0].words;
      const expected = activationPatterns(network, features).layers[0].words;
      expect(found.filter((word, i) => word !== expected[i]).length).toBeLessThan(3);
    });

    test("NaN in a pre-activation is bad-data and names layer, unit and sample", async () => {
      const { network, features } = wholeNumbers([5, 6, 7, 2], 100, 1);
      const values = features.values.slice();
      values[5 * 71 + 2] = NaN;
      const call = conversion.activationPatterns(network, { ...features, values });
      await expect(call).rejects.toMatchObject({
        code: "bad-data",
        message: expect.stringContaining("layer 1 unit 0 is NaN for sample 71"),
      });
    });

    const budgets: readonly SelectionRequest["budget"][] = [
      { keep: 40 },
      { mu: 0.13 },
      { mu: 1 },
      { maxError: 0.02 },
      { maxError: 0 },
      { maxError: 1e9 },
    ];
    const blocks = ["path", "block16", "slab"] as const;

    test.each(blocks)("%s selections are core's, with its certificate", async (block) => {
      for (const arrays of [Float32Array, Float64Array])
        for (const [i, sizes] of [
          [1, 1, 1],
          [13, 37, 1],
          [30, 9, 37],
          [7, 65, 20],
        ].entries())
          for (const budget of budgets) {
            const paths = Number(pathCount(sizes));
            if ("mu" in budget && Math.round(budget.mu * paths) < sizes[2]) continue; // refused
            const random = createRandom(100 + i);
            const network = createMlp(sizes, random);
            const features = featuresOf(70 + i, sizes[0], random, arrays);
            const patterns = activationPatterns(network, features);
            for (const [linearSkip, kind] of [
              [false, "theorem2"],
              [true, "theorem2"],
              [false, "relative"],
              [true, "relative"],
            ] as const) {
              const request = { block, budget, linearSkip, rank: { kind } };
              const expected = selectPaths(network, features, patterns, request);
              const found = await conversion.selectPaths(network, features, patterns, request);
              expect(blocksOf(found)).toEqual(blocksOf(expected));
              const { measuredError, totalMass } = expected.certificate;
              const allowed = arrays === Float32Array ? 1e-5 : 1e-12;
              expectClose(found.certificate.measuredError, measuredError, allowed, totalMass);
            }
          }
    });

    test("ties are cut as in core", async () => {
      for (let seed = 0; seed < 12; seed++) {
        const sizes = [3 + (seed % 5), 4 + seed, 1 + 4 * (seed % 6)];
        const { network, features } = wholeNumbers(sizes, 20 + seed, seed);
        const patterns = activationPatterns(network, features);
        const paths = Number(pathCount(sizes));
        for (const block of blocks)
          for (const [fraction, kind] of [
            [0.2, "theorem2"],
            [0.5, "theorem2"],
            [0.9, "theorem2"],
            [0.3, "relative"],
            [0.7, "relative"],
          ] as const) {
            const keep = Math.max(sizes[2], Math.floor(fraction * paths));
            const request: SelectionRequest = { block, budget: { keep }, rank: { kind } };
            const found = await conversion.selectPaths(network, features, patterns, request);
            const expected = selectPaths(network, features, patterns, request);
            expect(blocksOf(found)).toEqual(blocksOf(expected));
            const error = expected.certificate.measuredError;
            expectClose(
              found.certificate.measuredError,
              error,
              1e-5,
              expected.certificate.totalMass,
            );
          }
      }
    });

    test("scores that differ in their last bits only are ranked as in core", async () => {
      for (const nInputs of [6, 20, 300]) {
        const random = createRandom(nInputs);
        const sizes = [nInputs, 5, 3];
        const parameters = new Float64Array(parameterCount(sizes)).map(
          () => 1 + random.integer(50) * 2 ** -50,
        );
        const features = featuresOf(9, nInputs, random, Float64Array, () => 1);
        const network: Mlp = { sizes, parameters };
        const patterns = activationPatterns(network, features);
        for (const block of blocks)
          for (const mu of [0.3, 0.7]) {
            const request: SelectionRequest = { block, budget: { mu } };
            const found = await conversion.selectPaths(network, features, patterns, request);
            const expected = selectPaths(network, features, patterns, request);
            expect(blocksOf(found)).toEqual(blocksOf(expected));
          }
      }
    });

    test("patterns of a unit do not depend on the units beside it", async () => {
      const random = createRandom(31);
      for (const [nInputs, nUnits] of [
        [7, 5],
        [70, 37],
        [384, 129],
      ]) {
        const network = createMlp([nInputs, nUnits, 2], random);
        const features = featuresOf(100, nInputs, random, Float32Array);
        const [all] = (await conversion.activationPatterns(network, features)).layers;
        const kept = Array.from({ length: nUnits }, (_, unit) => unit).filter(
          (unit) => unit % 3 !== 1,
        );
        const narrow = new Float64Array(parameterCount([nInputs, kept.length, 1]));
        kept.forEach((unit, i) => {
          narrow.set(
            network.parameters.subarray(unit * nInputs, (unit + 1) * nInputs),
            i * nInputs,
          );
          narrow[kept.length * nInputs + i] = network.parameters[nUnits * nInputs + unit];
        });
        const sizes = [nInputs, kept.length, 1];
        const few = await conversion.activationPatterns({ sizes, parameters: narrow }, features);
        for (let row = 0; row < 100; row++)
          expect(kept.map((_, i) => getBit(few.layers[0], row, i))).toEqual(
            kept.map((unit) => getBit(all, row, unit)),
          );
      }
    });

    test("nothing removed is an error of exactly 0, and almost nothing stays under its bound", async () => {
      const random = createRandom(8);
      const network = createMlp([50, 30, 10], random);
      const features = featuresOf(300, 50, random, Float32Array);
      const patterns = activationPatterns(network, features);
      const of = async (budget: SelectionRequest["budget"]) =>
        (await conversion.selectPaths(network, features, patterns, { block: "path", budget }))
          .certificate;
      expect(await of({ mu: 1 })).toMatchObject({ bound: 0, measuredError: 0 });
      for (const maxError of [1e-7, 1e-4, 0.1, 1]) {
        const { bound, measuredError } = await of({ maxError });
        expect(bound).toBeLessThanOrEqual(maxError);
        expect(measuredError).toBeGreaterThan(0);
        expect(measuredError).toBeLessThanOrEqual(bound);
      }
    });

    test("slabs drawn at random are core's draw, with its certificate", async () => {
      for (const [i, sizes] of [
        [1, 1, 1],
        [13, 37, 1],
        [30, 9, 37],
        [7, 65, 20],
      ].entries())
        for (const mu of [0.05, 0.4, 0.95, 1])
          for (const linearSkip of [false, true]) {
            if (Math.round(mu * Number(pathCount(sizes))) < sizes[2]) continue; // refused
            const random = createRandom(40 + i);
            const network = createMlp(sizes, random);
            const features = featuresOf(70 + i, sizes[0], random, Float64Array);
            const patterns = activationPatterns(network, features);
            const rank = { kind: "random", seed: i } as const;
            const request: SelectionRequest = { block: "slab", budget: { mu }, linearSkip, rank };
            const expected = selectPaths(network, features, patterns, request);
            const found = await conversion.selectPaths(network, features, patterns, request);
            expect(blocksOf(found)).toEqual(blocksOf(expected));
            const { measuredError, totalMass } = expected.certificate;
            expectClose(found.certificate.measuredError, measuredError, 1e-12, totalMass);
          }
    });

    test("random ranks of other blocks and deeper networks are served by core", async () => {
      const random = createRandom(9);
      const features = featuresOf(40, 6, random, Float32Array);
      const requests: [readonly number[], SelectionRequest][] = [
        [[6, 9, 3], { block: "path", budget: { keep: 30 }, rank: { kind: "random", seed: 4 } }],
        [[6, 9, 3], { block: "slab", budget: { maxError: 1 }, rank: { kind: "random", seed: 4 } }],
        [[6, 9, 3], { block: "slab", budget: { maxError: 1 }, rank: { kind: "relative" } }],
        [[6, 5, 4, 3], { block: "path", budget: { keep: 30 } }],
      ];
      for (const [sizes, request] of requests) {
        const network = createMlp(sizes, random);
        const patterns = activationPatterns(network, features);
        expect(await conversion.selectPaths(network, features, patterns, request)).toEqual(
          selectPaths(network, features, patterns, request),
        );
      }
    });

    test("the structural shift and the total mass are core's", async () => {
      for (const arrays of [Float32Array, Float64Array])
        for (const [i, sizes] of shapes.entries()) {
          const random = createRandom(20 + i);
          const network = createMlp(sizes, random.split("before"));
          const later = createMlp(sizes, random.split("after"));
          const features = featuresOf(77, sizes[0], random, arrays);
          const before = activationPatterns(network, features);
          const after = activationPatterns(later, features);
          const nOutputs = sizes[sizes.length - 1];
          const shift = await conversion.structuralShift(before, after, features, nOutputs);
          expectClose(shift, structuralShift(before, after, features, nOutputs), 1e-13);
          const mass = await conversion.totalMass(network, features);
          expectClose(mass, totalMass(network, features), arrays === Float32Array ? 1e-6 : 1e-12);
        }
    });

    test("requests and numbers that make no sense are core's errors", async () => {
      const random = createRandom(11);
      const network = createMlp([6, 9, 3], random);
      const features = featuresOf(12, 6, random, Float32Array);
      const patterns = activationPatterns(network, features);
      const request: SelectionRequest = { block: "path", budget: { keep: 10 } };
      const withValue = (values: FloatArray, value: number): FloatArray => {
        const copy = values.slice();
        copy[3] = value;
        return copy;
      };
      const infinite = { ...features, values: withValue(features.values, Infinity) };
      const broken = { ...network, parameters: withValue(network.parameters, NaN) };
      const short: ActivationPatterns = {
        nSamples: 12,
        layers: [{ ...patterns.layers[0], words: patterns.layers[0].words.slice(2) }],
      };
      const codes: [string, () => Promise<unknown>][] = [
        ["bad-data", () => conversion.selectPaths(network, infinite, patterns, request)],
        ["bad-data", () => conversion.selectPaths(broken, features, patterns, request)],
        ["bad-data", () => conversion.totalMass(network, infinite)],
        ["bad-data", () => conversion.structuralShift(patterns, patterns, infinite, 3)],
        [
          "bad-argument",
          () => conversion.selectPaths(network, features, { ...patterns, nSamples: 3 }, request),
        ],
        [
          "bad-argument",
          () =>
            conversion.selectPaths(network, features, patterns, {
              ...request,
              budget: { keep: 0 },
            }),
        ],
        [
          "unsupported",
          () =>
            conversion.selectPaths(network, features, patterns, { ...request, memoryLimit: 100 }),
        ],
        [
          "bad-argument",
          () => conversion.structuralShift(patterns, { ...patterns, layers: [] }, features, 3),
        ],
        [
          "bad-argument",
          () => conversion.activationPatterns(network, { ...features, nSamples: 11 }),
        ],
        [
          "bad-argument",
          () => conversion.activationPatterns(network, { ...features, nFeatures: 4, nSamples: 18 }),
        ],
        [
          "bad-argument",
          () => conversion.activationPatterns({ ...network, sizes: [6, 9, 4] }, features),
        ],
      ];
      for (const [code, call] of codes)
        expect([String(call), await codeOf(call)]).toEqual([String(call), code]);
      // words of the wrong length never reach the kernels
      expect(
        await codeOf(() => conversion.selectPaths(network, features, short, request)),
      ).not.toBe("internal");
    });
  },
);
