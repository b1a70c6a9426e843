import {
  type Backend,
  createReferenceBackend,
  type LossSpec,
  optimizerDefaults,
  type TrainingSpec,
} from "@glai/core";
import { afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { createCudaBackend } from "../src/index.js";
import { type EmulatedAddon, emulatedBackend, loadEmulated } from "./support/emulated.js";
import { estimatorProblem, expectClose, mlpProblem, type Problem } from "./support/problems.js";

const training: TrainingSpec = {
  loss: { kind: "crossEntropy" },
  optimizer: optimizerDefaults.adamw,
};

/** Parameters and loss after nine batches of 40 rows and one of 13, then the logits of all samples. */
async function trained(
  backend: Backend,
  { model, parameters, samples }: Problem,
  spec: TrainingSpec,
): Promise<Record<"gradients" | "logits" | "loss" | "parameters", ArrayLike<number>>> {
  const session = await backend.prepare(model, spec);
  session.write("parameters", parameters);
  const handle = session.upload(samples);
  const rows = Uint32Array.from({ length: 9 * 40 + 13 }, (_, i) => (i * 7) % handle.nSamples);
  session.trainSteps(handle, rows, { batchSize: 40, learningRate: 0.01 });
  const found = {
    parameters: await session.read("parameters"),
    gradients: await session.read("gradients"),
    loss: await session.read("loss"),
  };
  session.forward(
    handle,
    Uint32Array.from({ length: handle.nSamples }, (_, i) => i),
  );
  const logits = await session.read("logits");
  session.dispose();
  return { ...found, logits };
}

describe.skipIf(inject("noEmulation") !== "")("cuBLAS on the emulated GPU", () => {
  let addon: EmulatedAddon;
  beforeAll(() => {
    addon = loadEmulated();
  });
  beforeEach(() => addon.emulation.setBlas(true));
  afterEach(() => {
    addon.emulation.setBlas(false);
    addon.emulation.setReverse(false);
  });

  it("that is not there is unavailable, with what was tried; it is never replaced", async () => {
    addon.emulation.setBlas(false);
    const backend = emulatedBackend(addon, "cublas");
    const { available, reason, hint, tier } = await backend.probe();
    expect({ available, tier }).toEqual({ available: false, tier: "cublas" });
    expect(reason).toContain("libcublas.so.13");
    expect(hint).toContain("tier cuda");
    await expect(backend.prepare(mlpProblem([3, 2], 4).model, training)).rejects.toMatchObject({
      code: "unavailable",
    });
    expect((await emulatedBackend(addon).probe()).available).toBe(true);
  });

  it("is a tier of the backend", async () => {
    expect((await createCudaBackend({ tier: "cublas" }).probe()).tier).toBe("cublas");
  });

  const losses: LossSpec[] = [
    { kind: "crossEntropy" },
    { kind: "meanSquaredError" },
    { kind: "infoNCE", temperature: 0.2 },
  ];
  const problems: [string, () => Problem][] = [
    ["a linear head", () => mlpProblem([12, 5], 60)],
    ["a deep MLP", () => mlpProblem([12, 17, 9, 5], 60)],
  ];
  for (const [name, problem] of problems)
    for (const loss of losses)
      it(`trains ${name} with ${loss.kind} as the reference does, short last batch included`, async () => {
        const spec = { ...training, loss, dropout: { rate: 0.25, seed: 7 } };
        const found = await trained(emulatedBackend(addon, "cublas"), problem(), spec);
        const expected = await trained(createReferenceBackend(), problem(), spec);
        for (const key of ["parameters", "loss", "logits", "gradients"] as const)
          expectClose(found[key], expected[key], 1e-3, key);
        addon.emulation.setReverse(true);
        expect(await trained(emulatedBackend(addon, "cublas"), problem(), spec)).toEqual(found);
      });

  it("makes the products of more than 32 rows of an MLP, and no others", async () => {
    const products = async (problem: Problem, batchSize: number): Promise<number> => {
      const session = await emulatedBackend(addon, "cublas").prepare(problem.model, training);
      session.write("parameters", problem.parameters);
      const handle = session.upload(problem.samples);
      const rows = Uint32Array.from({ length: batchSize }, (_, i) => i);
      await session.synchronize();
      addon.emulation.takeLaunches();
      session.trainSteps(handle, rows, { batchSize, learningRate: 0.1 });
      await session.synchronize();
      session.dispose();
      return addon.emulation.takeLaunches().filter((name) => name === "cublasSgemm").length;
    };
    const mlp = mlpProblem([6, 5, 3], 40);
    expect(await products(mlp, 33)).toBe(5); // two forward, one back, two gradients
    expect(await products(mlp, 32)).toBe(0);
    expect(await products(estimatorProblem([6, 5, 3], "slab", 40), 33)).toBe(0);
  });
});
