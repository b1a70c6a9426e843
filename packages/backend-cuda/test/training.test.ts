import {
  type BlockKind,
  createReferenceBackend,
  type LossSpec,
  optimizerDefaults,
  type TrainingSpec,
} from "@glai/core";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { type EmulatedAddon, emulatedBackend, loadEmulated } from "./support/emulated.js";
import {
  estimatorProblem,
  expectClose,
  mlpProblem,
  outcome,
  type Problem,
} from "./support/problems.js";

const dropout = { rate: 0.25, seed: 7 };
const losses: Record<string, LossSpec> = {
  crossEntropy: { kind: "crossEntropy" },
  meanSquaredError: { kind: "meanSquaredError" },
  infoNCE: { kind: "infoNCE", temperature: 0.2 },
};
const blocks: BlockKind[] = ["path", "block16", "slab"];

function training(loss: LossSpec): TrainingSpec {
  return { loss, optimizer: optimizerDefaults.adamw, dropout };
}

// Adam divides by √v, so that float32 drifts from float64 along a trajectory: the tolerance of `trained` in core.
const drift = 2e-4;

describe.skipIf(inject("noEmulation") !== "")("training on the emulated GPU", () => {
  let addon: EmulatedAddon;
  beforeAll(() => {
    addon = loadEmulated();
  });

  const problems: [string, () => Problem][] = [
    ["a linear head", () => mlpProblem([12, 5], 60)],
    ["an MLP", () => mlpProblem([12, 17, 9, 5], 60)],
    ...blocks.map((block): [string, () => Problem] => [
      `an estimator of ${block}s`,
      () => estimatorProblem([12, 10, 5], block, 60),
    ]),
    ["a deep estimator", () => estimatorProblem([6, 5, 4, 20], "block16", 60)],
  ];
  for (const [name, problem] of problems)
    it(`follows the reference over 40 steps of ${name}, most of them from graphs`, async () => {
      const schedule = { batchSize: 8, nSteps: 40 };
      const spec = training(losses["crossEntropy"]);
      const found = await outcome(emulatedBackend(addon), problem(), spec, schedule);
      const expected = await outcome(createReferenceBackend(), problem(), spec, schedule);
      for (const key of ["parameters", "loss", "logits", "evaluation"] as const)
        expectClose(found[key], expected[key], drift * 5, key); // forty steps, not five
    });

  for (const [loss, spec] of Object.entries(losses))
    for (const [name, problem] of [
      ["an MLP", () => mlpProblem([12, 17, 9, 5], 60)],
      ["an estimator", () => estimatorProblem([12, 10, 37], "slab", 60)],
    ] as const)
      it(`gives the same bits for ${name} with ${loss} whatever the order of threads and calls`, async () => {
        const backend = emulatedBackend(addon);
        const schedule = { batchSize: 8, nSteps: 20 };
        const forward = await outcome(backend, problem(), training(spec), schedule);
        addon.emulation.setReverse(true);
        const reverse = await outcome(backend, problem(), training(spec), schedule);
        addon.emulation.setReverse(false);
        const single = await outcome(backend, problem(), training(spec), {
          ...schedule,
          stepsPerCall: 1, // launched one by one, never from a graph
        });
        expect(reverse).toEqual(forward);
        expect(single).toEqual(forward);
      });

  it("gives the same bits with the portable context switch", async () => {
    const problem = mlpProblem([12, 17, 9, 5], 60);
    const spec = training(losses["crossEntropy"]);
    const schedule = { batchSize: 8, nSteps: 3 };
    const portable = emulatedBackend(loadEmulated("ucontext"));
    expect(await outcome(portable, problem, spec, schedule)).toEqual(
      await outcome(emulatedBackend(addon), problem, spec, schedule),
    );
  });

  it("runs slabs of every width, in pieces of up to 32 outputs", async () => {
    for (const nOutputs of [1, 2, 3, 4, 7, 8, 9, 16, 31, 32, 33, 70]) {
      const problem = estimatorProblem([5, 6, nOutputs], "slab", 20);
      const spec = training(losses["meanSquaredError"]);
      const schedule = { batchSize: 20, nSteps: 1 };
      const found = await outcome(emulatedBackend(addon), problem, spec, schedule);
      const expected = await outcome(createReferenceBackend(), problem, spec, schedule);
      expectClose(found.gradients, expected.gradients, 5e-5, `gradients of ${nOutputs} outputs`);
      expectClose(found.logits, expected.logits, drift, `logits of ${nOutputs} outputs`);
    }
  });

  for (const nOutputs of [1, 37, 129])
    it(`takes batches of 4096 rows with ${nOutputs} outputs`, async () => {
      const spec: TrainingSpec = {
        loss: losses["meanSquaredError"],
        optimizer: optimizerDefaults.sgd,
      };
      const schedule = { batchSize: 4096, nSteps: 1 };
      const problems = [
        mlpProblem([2, 3, nOutputs], 4200),
        estimatorProblem([2, 3, nOutputs], nOutputs === 37 ? "path" : "slab", 4200),
      ];
      for (const problem of problems) {
        const found = await outcome(emulatedBackend(addon), problem, spec, schedule);
        const expected = await outcome(createReferenceBackend(), problem, spec, schedule);
        expectClose(found.gradients, expected.gradients, 5e-5, "gradients");
        expectClose(found.logits, expected.logits, 1e-5, "logits");
        expectClose(found.loss, expected.loss, 1e-5, "loss");
      }
    });

  it("splits a large selection over several blocks and adds their sums up", async () => {
    const problem = estimatorProblem([40, 40, 3], "path", 20);
    const schedule = { batchSize: 20, nSteps: 1 };
    const spec: TrainingSpec = { loss: losses["crossEntropy"], optimizer: optimizerDefaults.sgd };
    const found = await outcome(emulatedBackend(addon), problem, spec, schedule);
    const expected = await outcome(createReferenceBackend(), problem, spec, schedule);
    expectClose(found.gradients, expected.gradients, 5e-5, "gradients");
    expectClose(found.logits, expected.logits, 1e-5, "logits");
  });

  it("evaluates more rows than fit into one pass", async () => {
    const problem = mlpProblem([3, 4, 2], 2500);
    const spec: TrainingSpec = { loss: losses["crossEntropy"], optimizer: optimizerDefaults.sgd };
    const schedule = { batchSize: 50, nSteps: 1 };
    const found = await outcome(emulatedBackend(addon), problem, spec, schedule);
    const expected = await outcome(createReferenceBackend(), problem, spec, schedule);
    expectClose(found.logits, expected.logits, 1e-5, "logits");
    expectClose(found.evaluation, expected.evaluation, 1e-5, "evaluation");
  });
});
