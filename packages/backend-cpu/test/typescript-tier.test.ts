import { describe, expect, it } from "vitest";
import { createCpuBackend } from "../src/index.js";
import { deviations } from "./support/parity.js";
import { dropout, estimatorProblem, losses, mlpProblem, optimizers } from "./support/problems.js";

const backend = createCpuBackend({ tier: "typescript" });

describe("the TypeScript tier", () => {
  it("says that it is the TypeScript tier", async () => {
    expect((await backend.probe()).tier).toBe("typescript");
  });

  for (const [loss, lossSpec] of Object.entries(losses)) {
    for (const [optimizer, optimizerSpec] of Object.entries(optimizers)) {
      it(`trains an MLP with ${loss} and ${optimizer} as the reference does`, async () => {
        const training = { loss: lossSpec, optimizer: optimizerSpec, dropout };
        expect(
          await deviations(backend, mlpProblem([13, 9, 6, 5], 23), training, {
            batchSize: 7,
            nSteps: 4,
          }),
        ).toEqual([]);
      });

      it(`trains an estimator with ${loss} and ${optimizer} as the reference does`, async () => {
        const training = { loss: lossSpec, optimizer: optimizerSpec, dropout };
        for (const block of ["path", "block16", "slab"] as const) {
          const problem = estimatorProblem({ sizes: [13, 6, 37], block, kept: 0.2 }, 23);
          expect(await deviations(backend, problem, training, { batchSize: 7, nSteps: 4 })).toEqual(
            [],
          );
        }
      });
    }
  }

  it("trains linear heads, with dropout on the inputs", async () => {
    const training = { loss: losses.crossEntropy, optimizer: optimizers.sgd, dropout };
    expect(
      await deviations(backend, mlpProblem([13, 5], 23), training, { batchSize: 8, nSteps: 3 }),
    ).toEqual([]);
  });
});
