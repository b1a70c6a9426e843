import { describe, expect, it } from "vitest";
import { createCpuBackend } from "../src/index.js";
import { deviations } from "./support/parity.js";
import { dropout, estimatorProblem, losses, optimizers, type Problem } from "./support/problems.js";
import { tiersHere } from "./support/tiers.js";

/** Gates that are mostly open, so that the native kernels complement them, and that stand for one to three. */
function problem(nOutputs: number, block: "block16" | "path" | "slab"): Problem {
  const shape = { sizes: [31, 20, nOutputs], block, kept: 0.8, activity: 0.93 };
  const whole = estimatorProblem(shape, 80);
  if (whole.model.kind === "mlp") throw new Error("Expected an estimator.");
  const { nGates } = whole.model.selection.gates;
  const copies = Uint32Array.from({ length: nGates }, (_, gate) => 1 + (gate % 3));
  return { ...whole, model: { ...whole.model, copies } };
}

for (const tier of await tiersHere()) {
  const backend = createCpuBackend({ tier, threads: 2 });

  describe(`copies of paths on the ${tier} tier`, () => {
    for (const block of ["path", "block16", "slab"] as const)
      for (const nOutputs of [3, 5, 37])
        it(`are counted in the output and not in the gradient: ${block}, ${nOutputs} outputs`, async () => {
          const training = { loss: losses.crossEntropy, optimizer: optimizers.momentum };
          for (const batchSize of [16, 64]) {
            const schedule = { batchSize, nSteps: 3 };
            const given = problem(nOutputs, block);
            expect(await deviations(backend, given, training, schedule)).toEqual([]);
            const dropped = { ...training, dropout };
            expect(await deviations(backend, given, dropped, schedule)).toEqual([]);
          }
        });
  });
}
