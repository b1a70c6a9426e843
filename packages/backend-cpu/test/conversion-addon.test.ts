import { createMlp, createRandom, type SelectionRequest } from "@glai/core";
import { describe, expect, test } from "vitest";
import { createConversion } from "../src/conversion.js";
import { nativeConversionCalls } from "../src/native/conversion.js";
import { loadNative } from "../src/native/loader.js";
import { featuresOf } from "./support/conversion.js";
import { codeOf } from "./support/matrices.js";

const native = loadNative();

describe.skipIf(native.addon === undefined)("the addon", { timeout: 60_000 }, () => {
  test("gives the same bits whatever the number of threads", async () => {
    const random = createRandom(12);
    const network = createMlp([90, 70, 20], random);
    const features = featuresOf(3000, 90, random, Float32Array);
    const run = async (threads: number) => {
      const conversion = createConversion(nativeConversionCalls(native.addon!, threads));
      const patterns = await conversion.activationPatterns(network, features);
      const selection = await conversion.selectPaths(network, features, patterns, {
        block: "path",
        budget: { mu: 0.1 },
      });
      const request: SelectionRequest = { block: "slab", budget: { mu: 0.1 } };
      const slabs = await conversion.convert(network, features, request);
      return { patterns, selection, slabs, mass: await conversion.totalMass(network, features) };
    };
    const one = await run(1);
    expect(await run(2)).toEqual(one);
    expect(await run(5)).toEqual(one);
  });

  test("refuses what would read out of bounds, without the TypeScript in front", async () => {
    const addon = native.addon as unknown as Record<string, (...a: unknown[]) => Promise<unknown>>;
    const sizes = Uint32Array.of(2, 3, 1);
    const parameters = new Float32Array(13);
    const x = new Float32Array(8);
    const words = new Uint32Array(8);
    const misuses: [string, unknown[]][] = [
      ["conversionPatterns", [sizes, parameters, x, 4, [new Uint32Array(7)], 1]],
      ["conversionPatterns", [sizes, parameters, x, 3, [words], 1]],
      ["conversionPatterns", [sizes, new Float32Array(12), x, 4, [words], 1]],
      ["conversionPatterns", [Uint32Array.of(2, 0, 1), parameters, x, 4, [words], 1]],
      ["conversionPatterns", [sizes, parameters, x, 0, [words], 1]],
      ["conversionPatterns", [sizes, parameters, [], 4, [words], 1]],
      ["conversionPatterns", []],
      [
        "conversionSelect",
        [sizes, parameters, x, 4, new Uint32Array(7), 1, 5, 0, false, false, 1e9, 1],
      ],
      [
        "conversionConvert",
        [sizes, parameters, x, 4, words.slice(1), 1, 5, 0, false, false, 1e9, 1],
      ],
      ...[
        Uint32Array.of(3, 3),
        Uint32Array.of(4, 3),
        Uint32Array.of(10),
        new Uint32Array(0),
        x,
      ].map((chosen): [string, unknown[]] => [
        "conversionSelect", // there are 3 · 3 slabs and the bias
        [sizes, parameters, x, 4, words, 1, 5, 0, false, false, 1e9, 1, true, chosen],
      ]),
      ["conversionConvert", [sizes, parameters, x, 3, words, 1, 5, 0, false, false, 1e9, 1]],
      ["conversionSelect", [sizes, parameters, x, 4, words, 2, 5, 0, false, false, 1e9, 1]],
      ["conversionSelect", [sizes, parameters, x, 4, words, 1, -1, NaN, false, false, 1e9, 1]],
      [
        "conversionSelect",
        [
          Uint32Array.of(2, 3, 1, 1),
          new Float32Array(15),
          x,
          4,
          words,
          1,
          5,
          0,
          false,
          false,
          1e9,
          1,
        ],
      ],
      ["conversionSelect", [sizes, parameters, x, 4, words, 1, -1, 0.5, true, false, 1e9, 1]],
      ["conversionShift", [[words], [words, words], Uint32Array.of(3), x, 4, 2, 1]],
      ["conversionShift", [[words], [words], Uint32Array.of(300), x, 4, 2, 1]],
      ["conversionTotalMass", [sizes, parameters, x, 5, 1]],
    ];
    for (const [name, args] of misuses)
      expect([name, await codeOf(async () => addon[name](...args))]).toEqual([
        name,
        "bad-argument",
      ]);
  });
});
