import {
  checkTraining,
  isGlaiError,
  type ModelSpec,
  optimizerDefaults,
  type TrainingSpec,
} from "@glai/core";
import { expect, it } from "vitest";
import { createBackend, createWebglBackend } from "../src/index.js";
import { kernelSources, type KernelSource } from "../src/kernel-sources.js";

const model: ModelSpec = { kind: "mlp", sizes: [3, 2] };
const training: TrainingSpec = { loss: { kind: "crossEntropy" }, optimizer: optimizerDefaults.sgd };

it("outside a browser says what it needs, and trains nothing", async () => {
  checkTraining(model, training);
  const backend = createBackend({ tier: "auto", threads: 2 });
  const { available, reason, hint } = await backend.probe();
  expect({ available, reason, hint }).toEqual({
    available: false,
    reason: "WebGL2 is a browser's; there is none here.",
    hint: "Use it in a browser, or: glai train --backend cpu",
  });
  await expect(backend.prepare(model, training)).rejects.toMatchObject({ code: "unavailable" });
  await backend.close();
});

it("refuses WebGPU by name, with the reason and the way out", () => {
  for (const options of [{ mode: "webgpu" }, { tier: "webgpu" }] as const) {
    const error = errorOf(() => createWebglBackend(options));
    expect(isGlaiError(error) && [error.code, error.hint]).toEqual([
      "unsupported",
      'Use { mode: "webgl2" }, which browsers with WebGPU have too.',
    ]);
  }
  const unknown = errorOf(() => createWebglBackend({ mode: "cuda" as "webgl2" }));
  expect(String(unknown)).toContain("received cuda");
});

it("kernels name every number among their arguments, and multiply places with at()", () => {
  for (const [name, kernel] of Object.entries<KernelSource>(kernelSources)) {
    const { source, integers = [], floats = [] } = kernel;
    const names = (/\(([^)]*)\)/.exec(source)?.[1] ?? "").split(",").map((word) => word.trim());
    for (const number of [...integers, ...floats]) expect(names, name).toContain(number);
    for (const [, index] of source.matchAll(/\[([^\]]*)\]/g)) {
      // gpu.js would multiply in float32, and hoist a place that is itself looked up into a float
      if (!index?.includes("at(")) expect(index, name).not.toContain("*");
      expect(index, name).not.toContain("[");
    }
  }
});

function errorOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
