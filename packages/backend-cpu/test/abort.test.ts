import { createMlp, createRandom, type Features } from "@glai/core";
import { describe, expect, test } from "vitest";
import { createCpuBackend } from "../src/backend.js";
import { loadNative } from "../src/native/loader.js";

/** What happens first: the end of the work, or an abort that a timer asks for while it runs. */
async function firstOf(work: () => Promise<unknown>): Promise<"abort" | "end"> {
  const signal = AbortSignal.timeout(2);
  const aborted = new Promise<"abort">((resolve) => {
    signal.addEventListener("abort", () => resolve("abort"));
  });
  const ended = work().then(() => "end" as const);
  const first = await Promise.race([aborted, ended]);
  await ended; // its arrays are in use until then
  return first;
}

// No call of the backend takes a signal: whoever loops over calls looks at it between two of them. That only
// works while no single call keeps the thread of JavaScript.
describe.skipIf(loadNative().addon === undefined)("an abort is heard", { timeout: 60_000 }, () => {
  const { linearAlgebra, conversion } = createCpuBackend({ tier: "native", threads: 1 });

  test("while a matrix is factorised", async () => {
    const n = 1800;
    const values = new Float64Array(n * n).fill(0.5);
    const first = await firstOf(() =>
      linearAlgebra!.cholesky({ values, nRows: n, nColumns: n }, 1),
    );
    expect(first).toBe("abort");
  });

  test("while patterns are computed and paths selected", async () => {
    const random = createRandom(31);
    const network = createMlp([600, 200, 60], random);
    const features: Features = {
      values: Float32Array.from({ length: 3000 * 600 }, () => random.normal()),
      nSamples: 3000,
      nFeatures: 600,
    };
    const patterns = await conversion!.activationPatterns(network, features);
    const select = () =>
      conversion!.selectPaths(network, features, patterns, {
        block: "path",
        budget: { keep: 20_000 },
      });
    expect(await firstOf(select)).toBe("abort");
    expect(await firstOf(() => conversion!.totalMass(network, features))).toBe("abort");
  });
});
