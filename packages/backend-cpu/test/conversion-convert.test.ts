import { createMlp, createRandom, type SelectionRequest } from "@glai/core";
import { describe, expect, test } from "vitest";
import { conversionTiers, featuresOf, wholeNumbers } from "./support/conversion.js";
import { codeOf } from "./support/matrices.js";

describe.each(conversionTiers)("convert of tier $tier", { timeout: 60_000 }, ({ conversion }) => {
  test("one call converts as two do", async () => {
    for (const arrays of [Float32Array, Float64Array])
      for (const [sizes, nSamples, memoryLimit] of [
        [[13, 37, 1], 70, undefined],
        [[30, 64, 37], 1100, undefined], // more than one chunk of samples
        [[30, 64, 37], 1100, 2 ** 20], // no room to keep the pre-activations
        [[7, 6, 5, 20], 70, undefined], // served by core
      ] as const) {
        const random = createRandom(nSamples);
        const network = createMlp(sizes, random);
        const features = featuresOf(nSamples, sizes[0], random, arrays);
        for (const block of ["path", "block16", "slab"] as const) {
          const request: SelectionRequest = {
            block,
            budget: { mu: 0.1 },
            ...(memoryLimit && { memoryLimit }),
          };
          const patterns = await conversion.activationPatterns(network, features);
          const selection = await conversion.selectPaths(network, features, patterns, request);
          const found = await conversion.convert(network, features, request);
          expect(found).toEqual({ patterns, selection });
        }
      }
  });

  test("one call refuses what two refuse", async () => {
    const { network, features } = wholeNumbers([5, 6, 2], 100, 1);
    const request: SelectionRequest = { block: "path", budget: { keep: 10 } };
    const values = features.values.slice();
    values[5 * 71 + 2] = NaN;
    await expect(
      conversion.convert(network, { ...features, values }, request),
    ).rejects.toMatchObject({
      code: "bad-data",
      message: expect.stringContaining("layer 1 unit 0 is NaN for sample 71"),
    });
    const codes: [string, () => Promise<unknown>][] = [
      ["bad-argument", () => conversion.convert(network, { ...features, nSamples: 99 }, request)],
      [
        "bad-argument",
        () => conversion.convert({ ...network, sizes: [5, 6, 3] }, features, request),
      ],
      [
        "bad-argument",
        () => conversion.convert(network, features, { ...request, budget: { keep: 0 } }),
      ],
      [
        "unsupported",
        () => conversion.convert(network, features, { ...request, memoryLimit: 100 }),
      ],
    ];
    for (const [code, call] of codes)
      expect([String(call), await codeOf(call)]).toEqual([String(call), code]);
  });
});
