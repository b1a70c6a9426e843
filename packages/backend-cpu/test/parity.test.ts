import { describe, expect, it } from "vitest";
import { createCpuBackend } from "../src/index.js";
import { deviations } from "./support/parity.js";
import { dropout, estimatorProblem, losses, mlpProblem, optimizers } from "./support/problems.js";
import { tiersHere } from "./support/tiers.js";

const blocks = ["path", "block16", "slab"] as const;

for (const tier of await tiersHere()) {
  const backend = createCpuBackend({ tier, threads: 2 });

  describe(`the ${tier} tier`, () => {
    it("says which tier it is", async () => {
      expect((await backend.probe()).tier).toBe(tier);
    });

    for (const [loss, lossSpec] of Object.entries(losses)) {
      for (const [optimizer, optimizerSpec] of Object.entries(optimizers)) {
        const training = { loss: lossSpec, optimizer: optimizerSpec, dropout };
        const schedule = { batchSize: 7, nSteps: 4 };

        it(`trains an MLP with ${loss} and ${optimizer} as the reference does`, async () => {
          const problem = mlpProblem([13, 9, 6, 5], 23);
          expect(await deviations(backend, problem, training, schedule)).toEqual([]);
        });

        for (const block of blocks) {
          it(`trains a ${block} estimator with ${loss} and ${optimizer} as the reference does`, async () => {
            const problem = estimatorProblem({ sizes: [13, 6, 37], block, kept: 0.2 }, 23);
            expect(await deviations(backend, problem, training, schedule)).toEqual([]);
          });
        }
      }
    }

    it("trains linear heads, with dropout on the inputs", async () => {
      const training = { loss: losses.crossEntropy, optimizer: optimizers.sgd, dropout };
      const schedule = { batchSize: 8, nSteps: 3 };
      const problem = mlpProblem([13, 5], 23);
      expect(await deviations(backend, problem, training, schedule)).toEqual([]);
    });

    for (const nOutputs of [1, 2, 3, 4, 5, 6, 8, 16, 17, 37, 50, 129]) {
      it(`trains MLPs and estimators with ${nOutputs} outputs`, async () => {
        const training = { loss: losses.meanSquaredError, optimizer: optimizers.adamw };
        const schedule = { batchSize: 18, nSteps: 2 };
        const mlp = mlpProblem([31, 27, nOutputs], 40);
        expect(await deviations(backend, mlp, training, schedule)).toEqual([]);
        for (const block of blocks) {
          const shape = { sizes: [31, 9, nOutputs], block, kept: 0.3 };
          const problem = estimatorProblem(shape, 40);
          expect(await deviations(backend, problem, training, schedule)).toEqual([]);
        }
      });
    }

    for (const batchSize of [1, 15, 16, 33, 300]) {
      it(`takes batches of ${batchSize}`, async () => {
        const training = { loss: losses.crossEntropy, optimizer: optimizers.momentum };
        const schedule = { batchSize, nSteps: 2 };
        const mlp = mlpProblem([21, 30, 11], 50);
        expect(await deviations(backend, mlp, training, schedule)).toEqual([]);
        for (const block of blocks) {
          const problem = estimatorProblem({ sizes: [21, 7, 11], block, kept: 0.3 }, 50);
          expect(await deviations(backend, problem, training, schedule)).toEqual([]);
        }
      });
    }

    it.each([1, 2, 5, 8, 16, 37])(
      "takes a short last batch, whose kernels may be others, with %d outputs",
      async (nOutputs) => {
        const training = { loss: losses.crossEntropy, optimizer: optimizers.adamw };
        for (const block of blocks) {
          const problem = estimatorProblem({ sizes: [40, 24, nOutputs], block, kept: 0.6 }, 90);
          for (const lastBatch of [3, 40]) {
            const schedule = { batchSize: 64, nSteps: 2, lastBatch };
            expect(await deviations(backend, problem, training, schedule)).toEqual([]);
          }
        }
      },
    );

    for (const activity of [0, 1]) {
      it(`takes gates that are ${activity === 0 ? "all closed" : "all open"}`, async () => {
        const training = { loss: losses.crossEntropy, optimizer: optimizers.adamw, dropout };
        for (const block of blocks) {
          const shape = { sizes: [21, 7, 5, 11], block, kept: 0.3, activity };
          const problem = estimatorProblem(shape, 20);
          const schedule = { batchSize: 9, nSteps: 3 };
          expect(await deviations(backend, problem, training, schedule)).toEqual([]);
        }
      });
    }

    it.each([1, 4, 5, 10, 14, 16, 17, 37])(
      "takes gates that are mostly open, which cost their closed rows, with %d outputs",
      async (nOutputs) => {
        const training = { loss: losses.crossEntropy, optimizer: optimizers.adamw };
        const rare = { rate: 0.03, seed: 4 }; // many gates of a batch stay open for all rows
        for (const block of ["block16", "slab"] as const) {
          for (const [activity, dropped] of [
            [0.93, {}],
            [0.93, { dropout }],
            [1, { dropout: rare }],
            [0.6, {}],
          ] as const) {
            const shape = { sizes: [40, 24, nOutputs], block, kept: 0.7, activity };
            const problem = estimatorProblem(shape, 90);
            for (const batchSize of [16, 25, 64, 300]) {
              const schedule = { batchSize, nSteps: 2 };
              const found = await deviations(
                backend,
                problem,
                { ...training, ...dropped },
                schedule,
              );
              expect(found).toEqual([]);
            }
          }
        }
      },
    );

    it("keeps sorted top-K paths whose outputs share one list of origins", async () => {
      const training = { loss: losses.crossEntropy, optimizer: optimizers.adamw };
      const problem = estimatorProblem(
        { sizes: [40, 9, 23], block: "path", kept: 0.4, nested: true },
        40,
      );
      expect(await deviations(backend, problem, training, { batchSize: 20, nSteps: 3 })).toEqual(
        [],
      );
    });

    it("trains wide gates, whose gradients are computed in several pieces", async () => {
      const training = { loss: losses.crossEntropy, optimizer: optimizers.adamw };
      for (const block of blocks) {
        const problem = estimatorProblem({ sizes: [300, 2, 40], block, kept: 0.9 }, 20);
        expect(await deviations(backend, problem, training, { batchSize: 16, nSteps: 2 })).toEqual(
          [],
        );
      }
    });
  });
}
