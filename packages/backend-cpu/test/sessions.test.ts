import { isGlaiError } from "@glai/core";
import { describe, expect, it } from "vitest";
import { createCpuBackend } from "../src/index.js";
import { estimatorProblem, losses, mlpProblem, optimizers } from "./support/problems.js";
import { tiersHere } from "./support/tiers.js";

const training = { loss: losses.crossEntropy, optimizer: optimizers.adamw };
const allRows = (n: number): Uint32Array => Uint32Array.from({ length: n }, (_, i) => i);

for (const tier of await tiersHere()) {
  const backend = createCpuBackend({ tier, threads: 2 });

  describe(`sessions of the ${tier} tier`, () => {
    it("leave the event loop free while they train", async () => {
      if (tier === "typescript") return; // one thread: free between commands only
      const { model, samples } = mlpProblem([256, 256, 64], 512);
      const session = await backend.prepare(model, training);
      const handle = session.upload(samples);
      let turns = 0;
      const timer = setInterval(() => turns++, 2);
      const start = performance.now();
      const epochs = Uint32Array.from({ length: 512 * 30 }, (_, i) => i % 512);
      session.trainSteps(handle, epochs, { batchSize: 256, learningRate: 1e-3 });
      expect(performance.now() - start).toBeLessThan(50); // returns at once
      await session.synchronize();
      clearInterval(timer);
      expect(turns).toBeGreaterThan(1);
      session.dispose();
    });

    it("let timers run while short calls follow each other", async () => {
      const { model, samples } = mlpProblem([256, 256, 64], 32);
      const session = await backend.prepare(model, training);
      const handle = session.upload(samples);
      const timer = { fired: false };
      setTimeout(() => (timer.fired = true), 1);
      let steps = 0;
      for (; !timer.fired && steps < 10_000; steps++) {
        session.trainSteps(handle, allRows(32), { batchSize: 32, learningRate: 1e-3 });
        await session.read("loss");
      }
      expect(timer.fired, `a timer of 1 ms did not run in ${steps} calls`).toBe(true);
      session.dispose();
    });

    it("train to the same bits in short calls and in a long one", async () => {
      const { model, samples, parameters } = mlpProblem([128, 96, 10], 64);
      const epochs = Uint32Array.from({ length: 64 * 40 }, (_, i) => (7 * i) % 64);
      const run = async (rowsPerCall: number): Promise<unknown> => {
        const session = await backend.prepare(model, training);
        const handle = session.upload(samples);
        session.write("parameters", parameters);
        for (let from = 0; from < epochs.length; from += rowsPerCall) {
          const rows = epochs.subarray(from, from + rowsPerCall);
          session.trainSteps(handle, rows, { batchSize: 16, learningRate: 0.01 });
        }
        session.forward(handle, allRows(64));
        const values = [await session.read("parameters"), await session.read("logits")];
        session.dispose();
        return values;
      };
      expect(await run(16)).toEqual(await run(epochs.length));
    });

    it("start from zeros in memory that an earlier session has used", async () => {
      const { model, samples, parameters } = mlpProblem([256, 256, 64], 32);
      for (let i = 0; i < 3; i++) {
        const session = await backend.prepare(model, training);
        for (const name of ["parameters", "firstMoment", "secondMoment", "gradients"] as const)
          expect((await session.read(name)).every((value) => value === 0)).toBe(true);
        session.write("parameters", parameters);
        const handle = session.upload(samples);
        session.trainSteps(handle, allRows(32), { batchSize: 32, learningRate: 0.1 });
        await session.synchronize();
        session.dispose();
      }
    });

    it("take effect in order, also when many calls are queued at once", async () => {
      const { model, samples, parameters } = mlpProblem([9, 7, 5], 20);
      const run = async (isWaiting: boolean): Promise<unknown[]> => {
        const session = await backend.prepare(model, training);
        const handle = session.upload(samples);
        session.write("parameters", parameters);
        for (let i = 0; i < 30; i++) {
          session.trainSteps(handle, allRows(20), { batchSize: 4, learningRate: 0.01 });
          if (isWaiting) await session.synchronize();
        }
        const read = [session.read("parameters"), session.read("step"), session.read("loss")];
        session.trainSteps(handle, allRows(20), { batchSize: 4, learningRate: 1 }); // too late to show
        const values = await Promise.all(read);
        session.dispose();
        return values;
      };
      expect(await run(false)).toEqual(await run(true));
    });

    it("do not see what the caller does to rows and values after the call", async () => {
      const { model, samples, parameters } = mlpProblem([9, 7, 5], 20);
      const session = await backend.prepare(model, training);
      const handle = session.upload(samples);
      const from = Float32Array.from(parameters);
      const rows = allRows(20);
      session.write("parameters", from);
      from.fill(NaN);
      session.trainSteps(handle, rows, { batchSize: 4, learningRate: 0.01 });
      rows.fill(99999);
      expect(Number.isFinite((await session.read("loss"))[0])).toBe(true);
      session.dispose();
    });

    it("reject reads that wait when they are disposed of, and later calls throw", async () => {
      const { model, samples } = estimatorProblem(
        { sizes: [20, 8, 5], block: "slab", kept: 0.5 },
        50,
      );
      const session = await backend.prepare(model, training);
      const handle = session.upload(samples);
      session.trainSteps(handle, allRows(50), { batchSize: 5, learningRate: 0.01 });
      const read = session.read("parameters").catch((error: unknown) => error);
      session.dispose();
      session.dispose();
      expect(await read).toMatchObject({ name: "GlaiError", code: "disposed" });
      expect(() => session.write("parameters", new Float32Array(1))).toThrow(/disposed/);
    });

    it("can be used side by side", async () => {
      const { model, samples, parameters } = mlpProblem([31, 24, 5], 64);
      const run = async (): Promise<unknown> => {
        const session = await backend.prepare(model, training);
        session.write("parameters", parameters);
        const handle = session.upload(samples);
        for (let i = 0; i < 5; i++) {
          session.trainSteps(handle, allRows(64), { batchSize: 8, learningRate: 0.01 });
        }
        const values = await session.read("parameters");
        session.dispose();
        return values;
      };
      const alone = await run();
      for (const values of await Promise.all(Array.from({ length: 6 }, run))) {
        expect(values).toEqual(alone);
      }
    });

    it("refuse a model that does not fit, naming what was asked for", async () => {
      if (tier === "typescript") return; // the engine's own RangeError, kept as it is
      const huge = { kind: "mlp", sizes: [60_000_000, 60_000_000, 2] } as const;
      const error = await backend.prepare(huge, training).catch((e: unknown) => e);
      expect(isGlaiError(error) && error.code).toBe("out-of-memory");
    });
  });
}
