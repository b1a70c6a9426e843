import {
  activationPatterns,
  createMlp,
  createRandom,
  createReferenceBackend,
  gateBits,
  selectPaths,
} from "@glai/core";
import { describe, expect, it } from "vitest";
import { gatesOf } from "../src/phases/patterns.js";
import { createPacer } from "../src/pacing.js";

describe("gatesOf", () => {
  const run = { backend: createReferenceBackend(), pacer: createPacer(() => 0) };
  const random = createRandom(5);
  const features = {
    values: new Float32Array(70 * 6).map(() => random.normal()),
    nSamples: 70,
    nFeatures: 6,
  };

  for (const sizes of [
    [6, 9, 4],
    [6, 40, 3],
    [6, 7, 5, 3],
  ])
    for (const block of ["path", "slab"] as const)
      for (const linearSkip of [false, true])
        it(`gives core's gates for sizes ${sizes.join("-")}, ${block}, linearSkip ${linearSkip}`, async () => {
          const selector = createMlp(sizes, random.split("network"));
          const patterns = activationPatterns(selector, features);
          const { gates } = selectPaths(selector, features, patterns, {
            block,
            budget: { mu: 0.3 },
            linearSkip,
          });
          const found = await gatesOf(run, selector, gates, features);
          expect(found).toEqual(gateBits(gates, patterns));
        });
});
