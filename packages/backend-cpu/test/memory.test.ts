import { createRandom } from "@glai/core";
import { describe, expect, it } from "vitest";
import { createCpuBackend } from "../src/index.js";
import { losses, mlpProblem, optimizers, randomSelection } from "./support/problems.js";
import { tiersHere } from "./support/tiers.js";

const training = { loss: losses.crossEntropy, optimizer: optimizers.adamw };
const MEGABYTE = 1 << 20;

/** Resident memory in megabytes, as the system sees it. */
const resident = (): number => process.memoryUsage.rss() / MEGABYTE;

for (const tier of (await tiersHere()).filter((tier) => tier !== "typescript")) {
  describe(`memory of the ${tier} tier`, () => {
    it("does not grow over ten thousand sessions", async () => {
      const backend = createCpuBackend({ tier, threads: 1 });
      const selection = randomSelection(
        { sizes: [40, 12, 20], block: "slab", kept: 0.5 },
        createRandom(2),
      );
      const cycle = async (count: number): Promise<void> => {
        for (let i = 0; i < count; i++) {
          const model =
            i % 2 === 0
              ? ({ kind: "mlp", sizes: [40, 30, 20] } as const)
              : ({ kind: "estimator", selection } as const);
          const session = await backend.prepare(model, training);
          session.dispose();
        }
      };
      await cycle(20_000); // by then the heap of JavaScript has its size: it grows in jumps of some 40 MB
      const before = resident();
      await cycle(10_000);
      expect(resident() - before).toBeLessThan(40);
    }, 60_000);

    it("does not grow over a million steps", async () => {
      const { model, samples } = mlpProblem([3, 2], 16);
      const backend = createCpuBackend({ tier, threads: 1 });
      const session = await backend.prepare(model, training);
      const handle = session.upload(samples);
      const rows = Uint32Array.from({ length: 50_000 }, (_, i) => i % 16);
      const train = async (): Promise<void> => {
        session.trainSteps(handle, rows, { batchSize: 1, learningRate: 1e-3 });
        await session.synchronize();
      };
      await train();
      const before = resident();
      for (let i = 0; i < 19; i++) await train();
      expect((await session.read("step"))[0]).toBe(1_000_000);
      expect(resident() - before).toBeLessThan(40);
      session.dispose();
    }, 60_000);
  });
}
