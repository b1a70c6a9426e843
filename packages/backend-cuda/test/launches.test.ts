import { optimizerDefaults, type TrainingSpec } from "@glai/core";
import { describe, expect, inject, it } from "vitest";
import { type EmulatedAddon, emulatedBackend, loadEmulated } from "./support/emulated.js";
import { estimatorProblem, mlpProblem, type Problem } from "./support/problems.js";

const crossEntropy: TrainingSpec = {
  loss: { kind: "crossEntropy" },
  optimizer: optimizerDefaults.adamw,
};
const infoNCE: TrainingSpec = {
  loss: { kind: "infoNCE", temperature: 0.1 },
  optimizer: optimizerDefaults.adamw,
};

/** Kernels and host waits of one `trainSteps` call with so many steps. */
async function work(
  addon: EmulatedAddon,
  { model, parameters, samples }: Problem,
  training: TrainingSpec,
  nSteps: number,
): Promise<{ kernels: string[]; waits: number }> {
  const session = await emulatedBackend(addon).prepare(model, training);
  session.write("parameters", parameters);
  const handle = session.upload(samples);
  await session.synchronize();
  addon.emulation.takeLaunches();
  addon.emulation.takeSynchronizations();
  const rows = Uint32Array.from({ length: 4 * nSteps }, (_, i) => i % handle.nSamples);
  session.trainSteps(handle, rows, { batchSize: 4, learningRate: 0.1 });
  await session.synchronize();
  const kernels = addon.emulation.takeLaunches();
  const waits = addon.emulation.takeSynchronizations();
  session.dispose();
  return { kernels, waits };
}

// The table of docs/backends/cuda.md.
describe.skipIf(inject("noEmulation") !== "")("a training step", () => {
  const addon = inject("noEmulation") === "" ? loadEmulated() : undefined;

  it("of an estimator with cross entropy takes five launches and one that ends the group of steps", async () => {
    const problem = estimatorProblem([6, 5, 3], "slab", 12);
    expect((await work(addon!, problem, crossEntropy, 1)).kernels).toEqual([
      "gatherBatch",
      "estimatorForward",
      "estimatorSum",
      "crossEntropy",
      "estimatorUpdate",
      "finishSteps",
    ]);
  });

  it("of an MLP with one hidden layer takes six launches and one that ends the group of steps", async () => {
    expect((await work(addon!, mlpProblem([6, 5, 3], 12), crossEntropy, 1)).kernels).toEqual([
      "denseForwardThin",
      "denseForwardThin",
      "crossEntropy",
      "denseBackward",
      "denseUpdate",
      "denseUpdate",
      "finishSteps",
    ]);
  });

  it("with infoNCE takes four launches more", async () => {
    const problem = estimatorProblem([6, 5, 3], "path", 12);
    expect((await work(addon!, problem, infoNCE, 1)).kernels).toHaveLength(10);
  });

  it("makes the host wait as often for fifty steps as for ten", async () => {
    const problem = estimatorProblem([6, 5, 3], "slab", 12);
    const ten = await work(addon!, problem, crossEntropy, 10);
    const fifty = await work(addon!, problem, crossEntropy, 50);
    expect(ten.kernels).toHaveLength(10 * 5 + 10); // one by one and in graphs of one
    expect(fifty.kernels).toHaveLength(50 * 5 + 2 + 3); // three graphs of sixteen
    expect(fifty.waits).toBe(ten.waits);
  });
});
