// Every place where memory may be refused says how much was asked for.
import { optimizerDefaults, type TrainingSpec } from "@glai/core";
import { afterEach, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { type EmulatedAddon, emulatedBackend, loadEmulated } from "./support/emulated.js";
import { mlpProblem } from "./support/problems.js";

const training: TrainingSpec = {
  loss: { kind: "crossEntropy" },
  optimizer: optimizerDefaults.sgd,
};
const rows = Uint32Array.from({ length: 48 }, (_, i) => i);

describe.skipIf(inject("noEmulation") !== "")("memory that is refused", () => {
  let addon: EmulatedAddon;
  beforeAll(() => {
    addon = loadEmulated();
  });
  afterEach(async () => {
    addon.emulation.replaceDevice();
    await vi.waitUntil(() => addon.emulation.memoryInUse() === 0); // sessions end in the background
  });

  const prepare = () => emulatedBackend(addon).prepare(mlpProblem([3, 2], 4).model, training);

  it("pinned, for transfers: the bytes of one half", async () => {
    addon.emulation.failNext("pinned memory");
    await expect(prepare()).rejects.toMatchObject({
      code: "out-of-memory",
      message:
        "Expected 4.0 MiB (4194304 bytes) of pinned host memory for transfers but the system gave none.",
      hint: expect.stringContaining("ulimit -l") as string,
    });
  });

  it("of a stream: what is free, and the next session finds the device well", async () => {
    addon.emulation.failNext("stream memory");
    await expect(prepare()).rejects.toMatchObject({
      code: "out-of-memory",
      message: expect.stringMatching(/while creating a stream: .* of 4\.0 GiB are free/) as string,
    });
    (await prepare()).dispose();
  });

  it("of cuBLAS: its workspace", async () => {
    addon.emulation.setBlas(true);
    addon.emulation.failNext("cuBLAS memory");
    const backend = emulatedBackend(addon, "cublas");
    await expect(backend.prepare(mlpProblem([3, 2], 4).model, training)).rejects.toMatchObject({
      code: "out-of-memory",
      message: expect.stringMatching(
        /workspace of 32\.0 MiB \(33554432 bytes\): .* are free/,
      ) as string,
    });
    addon.emulation.setBlas(false);
  });

  for (const [what, words] of [
    [
      "graph memory",
      /for a graph of 1 training steps \(\d+ launches\) but .* of 4\.0 GiB are free/,
    ],
    ["graph launch memory", /while launching steps: .* of 4\.0 GiB are free/],
  ] as const)
    it(`${what}: the steps, at every later read; nothing is left behind`, async () => {
      const { model, samples, parameters } = mlpProblem([3, 2], 50);
      const session = await emulatedBackend(addon).prepare(model, training);
      session.write("parameters", parameters);
      const handle = session.upload(samples);
      await session.synchronize();
      addon.emulation.failNext(what);
      session.trainSteps(handle, rows, { batchSize: 1, learningRate: 0.1 });
      for (let i = 0; i < 2; i++)
        await expect(session.read("parameters")).rejects.toMatchObject({
          name: "GlaiError",
          code: "out-of-memory",
          message: expect.stringMatching(words) as string,
        });
      expect(addon.emulation.capturing()).toBe(0);
      session.dispose();
    });

  it("of the host: the bytes, and for what", async () => {
    const { model, samples } = mlpProblem([3, 2], 50);
    const session = await emulatedBackend(addon).prepare(model, training);
    const handle = session.upload(samples);
    session.forward(handle, rows);
    await session.synchronize();
    addon.emulation.failNext("host memory");
    await expect(session.read("parameters")).rejects.toMatchObject({
      code: "out-of-memory",
      message:
        "Expected 32 bytes of host memory for a buffer that is read but the system has none left.",
    });
    session.dispose();
    const other = await emulatedBackend(addon).prepare(model, training);
    other.forward(other.upload(samples), rows);
    await other.synchronize();
    addon.emulation.failNext("host memory");
    await expect(other.read("logits")).rejects.toThrow(/384 bytes of host memory for logits/);
    other.dispose();
  });
});
