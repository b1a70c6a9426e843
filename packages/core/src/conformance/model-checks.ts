import { optimizerDefaults } from "../optimizer.js";
import type { LossSpec, OptimizerSpec, TrainingSpec } from "../training-spec.js";
import type { ConformanceCheck } from "./check.js";
import { exampleEstimator, exampleMlp, type ExampleModel, withCopies } from "./models.js";
import { expectSameAsReference, missing, range, type Script, type Setup, setup } from "./script.js";
import type { Tolerances } from "./tolerances.js";

const crossEntropy: LossSpec = { kind: "crossEntropy" };
const infoNCE: LossSpec = { kind: "infoNCE", temperature: 0.07 };
const plain: OptimizerSpec = optimizerDefaults.sgd;

/** A check that plays one script on the backend and on the reference. */
export function referenceCheck(
  name: string,
  stage: Setup,
  tolerance: keyof Tolerances,
  script: Script,
): ConformanceCheck {
  return {
    name,
    skipReason: (_, capability) => missing(capability, stage),
    run: (backend, capability) =>
      expectSameAsReference(backend, capability, stage, tolerance, script),
  };
}

/** Shapes that kernels get wrong: odd widths, 1, 37 and 129 outputs, more than 64 gates, depth 0 to 3. */
function exampleModels(quick: boolean): ExampleModel[] {
  const some = [
    exampleMlp([5, 3]),
    exampleMlp([7, 9, 4]),
    exampleMlp([13, 33, 37]),
    exampleEstimator([9, 12, 5], "path"),
    exampleEstimator([9, 12, 37], "block16"),
    exampleEstimator([9, 12, 37], "slab"),
    ...copied(),
  ];
  if (quick) return some;
  return [
    ...some,
    exampleMlp([4, 1]),
    exampleMlp([17, 129]),
    exampleMlp([6, 11, 5, 3]),
    exampleMlp([3, 4, 5, 6, 1]),
    exampleMlp([130, 65, 129]),
    exampleEstimator([5, 70, 3], "path"),
    exampleEstimator([6, 5, 4, 1], "path"),
    exampleEstimator([4, 130, 129], "block16"),
    exampleEstimator([3, 4, 3, 2, 16], "block16"),
    exampleEstimator([8, 70, 1], "slab"),
    exampleEstimator([6, 5, 4, 17], "slab"),
    exampleEstimator([5, 9, 129], "slab"),
    exampleEstimator([5, 4, 3], "slab", 0), // what is left when the allowed error exceeds the mass
  ];
}

/** One estimator for each way that kernels lay out blocks: paths, runs of few outputs and of many. */
function copied(): ExampleModel[] {
  return [
    exampleEstimator([9, 12, 5], "path"),
    exampleEstimator([9, 12, 20], "block16"),
    exampleEstimator([9, 12, 5], "slab"),
    exampleEstimator([9, 12, 37], "slab"),
  ].map(withCopies);
}

/** Logits, loss and gradients of both models at many shapes, and of every loss. */
export function modelChecks(quick: boolean): ConformanceCheck[] {
  return exampleModels(quick)
    .flatMap((model) => [forwardCheck(model), gradientCheck(model, crossEntropy)])
    .concat(
      lossModels().flatMap((model) => lossSpecs(model).map((loss) => gradientCheck(model, loss))),
    );
}

function forwardCheck(model: ExampleModel): ConformanceCheck {
  const stage = setup(model, { loss: crossEntropy, optimizer: plain });
  return referenceCheck(
    `${model.name}: forward gives the logits and the loss of the reference`,
    stage,
    "logits",
    async (session, samples) => {
      session.forward(samples, range(10));
      return { logits: await session.read("logits"), loss: await session.read("loss") };
    },
  );
}

function gradientCheck(model: ExampleModel, loss: LossSpec): ConformanceCheck {
  const training: TrainingSpec = { loss, optimizer: plain };
  const weighted = loss.kind === "crossEntropy" && loss.classWeights ? "weighted " : "";
  return referenceCheck(
    `${model.name}: a step has the gradients and the loss of the reference for ${weighted}${loss.kind}`,
    setup(model, training),
    loss.kind === "infoNCE" ? "contrast" : "gradients",
    async (session, samples) => {
      session.trainSteps(samples, range(10), { batchSize: 10, learningRate: 0.1 });
      return {
        gradients: await session.read("gradients"),
        loss: await session.read("loss"),
        parameters: await session.read("parameters"),
      };
    },
  );
}

function lossModels(): ExampleModel[] {
  return [
    exampleMlp([5, 3]),
    exampleMlp([7, 9, 4]),
    exampleEstimator([9, 12, 5], "path"),
    exampleEstimator([9, 12, 20], "block16"),
    exampleEstimator([9, 12, 5], "slab"),
  ];
}

function lossSpecs({ spec }: ExampleModel): LossSpec[] {
  const sizes = spec.kind === "mlp" ? spec.sizes : spec.selection.sizes;
  const classWeights = Float32Array.from({ length: sizes[sizes.length - 1] }, (_, c) => 0.5 + c);
  return [{ kind: "crossEntropy", classWeights }, { kind: "meanSquaredError" }, infoNCE];
}
