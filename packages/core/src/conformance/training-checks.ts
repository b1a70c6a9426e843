import type { FloatArray } from "../arrays.js";
import type { Session } from "../backend.js";
import type { LossSpec, OptimizerSpec, TrainingSpec } from "../training-spec.js";
import type { ConformanceCheck } from "./check.js";
import { expectThat } from "./check.js";
import { expectClose, expectSameBits } from "./compare.js";
import { referenceCheck } from "./model-checks.js";
import { exampleEstimator, exampleMlp, type ExampleModel, withCopies } from "./models.js";
import { missing, play, range, type Script, type Setup, setup } from "./script.js";
import { tolerances } from "./tolerances.js";

const crossEntropy: LossSpec = { kind: "crossEntropy" };
const adam = { beta1: 0.9, beta2: 0.999, weightDecay: 0.1 };

/** Constants large enough that a term left out, or in the wrong place, is seen after five steps. */
const optimizers: readonly OptimizerSpec[] = [
  { kind: "sgd", momentum: 0, weightDecay: 0 },
  { kind: "sgd", momentum: 0.9, weightDecay: 0.1 },
  { kind: "adam", ...adam, epsilon: 1e-3 },
  { kind: "adamw", ...adam, epsilon: 1e-8 },
];

/** Optimisers, batches, dropout and resuming. */
export function trainingChecks(quick: boolean): ConformanceCheck[] {
  const models = [exampleMlp([7, 9, 4]), exampleEstimator([9, 12, 5], "path")];
  if (!quick) {
    models.push(
      exampleMlp([6, 3]),
      exampleEstimator([9, 12, 20], "block16"),
      exampleEstimator([9, 12, 5], "slab"),
      withCopies(exampleEstimator([9, 12, 5], "slab")),
    );
  }
  return [
    ...models.flatMap((model) =>
      optimizers.flatMap((optimizer) => [
        fiveSteps(model, optimizer),
        resume(model, { loss: crossEntropy, optimizer, dropout: { rate: 0.25, seed: 3 } }),
      ]),
    ),
    ...models.flatMap(batchChecks),
    ...dropoutChecks(),
  ];
}

/** Everything that training changes. */
export async function readState(session: Session): Promise<Record<string, FloatArray>> {
  return {
    parameters: await session.read("parameters"),
    firstMoment: await session.read("firstMoment"),
    secondMoment: await session.read("secondMoment"),
    step: await session.read("step"),
  };
}

function describe(optimizer: OptimizerSpec): string {
  return optimizer.kind === "sgd" ? `sgd with momentum ${optimizer.momentum}` : optimizer.kind;
}

function fiveSteps(model: ExampleModel, optimizer: OptimizerSpec): ConformanceCheck {
  return referenceCheck(
    `${model.name}: five steps of ${describe(optimizer)} end at the reference's parameters`,
    setup(model, { loss: crossEntropy, optimizer }),
    "trained",
    async (session, samples) => {
      const batchSize = 4;
      session.trainSteps(samples, range(10), { batchSize, learningRate: 0.05 });
      session.trainSteps(samples, range(8), { batchSize, learningRate: 0.02 });
      const { parameters, step } = await readState(session);
      return { parameters, step, loss: await session.read("loss") };
    },
  );
}

function resume(model: ExampleModel, training: TrainingSpec): ConformanceCheck {
  const stage = setup(model, training);
  const first = { batchSize: 3, learningRate: 0.05 };
  const second = { batchSize: 4, learningRate: 0.02 };
  return {
    name: `${model.name}: a new session that is given parameters, moments and step goes on as ${describe(training.optimizer)} would have`,
    skipReason: (_, capability) => missing(capability, stage),
    async run(backend, { precision, deterministic }) {
      const whole = await play(backend, stage, async (session, samples) => {
        session.trainSteps(samples, range(10), first);
        session.trainSteps(samples, range(10), second);
        return readState(session);
      });
      const saved = await play(backend, stage, async (session, samples) => {
        session.trainSteps(samples, range(10), first);
        return readState(session);
      });
      const resumed = await play(backend, stage, async (session, samples) => {
        session.write("parameters", saved["parameters"]);
        session.write("firstMoment", saved["firstMoment"]);
        session.write("secondMoment", saved["secondMoment"]);
        session.write("step", saved["step"]);
        session.trainSteps(samples, range(10), second);
        return readState(session);
      });
      let worst = 0;
      for (const name of Object.keys(whole)) {
        if (deterministic) expectSameBits(name, resumed[name], whole[name]);
        worst = Math.max(
          worst,
          expectClose(name, resumed[name], whole[name], tolerances[precision].trained),
        );
      }
      return deterministic ? "the same bits" : `largest difference ${worst.toExponential(1)}`;
    },
  };
}

function batchChecks(model: ExampleModel): ConformanceCheck[] {
  const training: TrainingSpec = { loss: crossEntropy, optimizer: optimizers[1] };
  const check = (behaviour: string, nSamples: number, script: Script): ConformanceCheck =>
    referenceCheck(
      `${model.name}: ${behaviour}`,
      setup(model, training, nSamples),
      "trained",
      script,
    );
  return [
    check("the last step of a call takes what is left", 11, async (session, samples) => {
      session.trainSteps(samples, range(11), { batchSize: 4, learningRate: 0.1 });
      return { ...(await readState(session)), gradients: await session.read("gradients") };
    }),
    check(
      "training reads the rows it was given, in order, also twice",
      12,
      async (session, samples) => {
        const rows = Uint32Array.of(11, 3, 3, 7, 0, 5);
        session.trainSteps(samples, rows, { batchSize: 3, learningRate: 0.1 });
        return readState(session);
      },
    ),
    check(
      "forward answers for the rows it was given, in order, also twice",
      12,
      async (session, samples) => {
        session.forward(samples, Uint32Array.of(11, 3, 3, 7, 0, 5));
        return { logits: await session.read("logits"), loss: await session.read("loss") };
      },
    ),
    check("one sample can be trained on and evaluated", 1, async (session, samples) => {
      session.trainSteps(samples, range(1), { batchSize: 16, learningRate: 0.1 });
      session.forward(samples, range(1));
      return { ...(await readState(session)), logits: await session.read("logits") };
    }),
    check(
      "a batch of 100 rows and one of 300 are no special case",
      400,
      async (session, samples) => {
        session.trainSteps(samples, range(400), { batchSize: 100, learningRate: 0.1 });
        session.trainSteps(samples, range(400), { batchSize: 300, learningRate: 0.1 });
        session.forward(samples, range(399, 1));
        return { ...(await readState(session)), logits: await session.read("logits") };
      },
    ),
    check(
      "rows whose gates are all closed have the loss and gradients of the reference",
      4,
      async (session, samples) => {
        session.trainSteps(samples, Uint32Array.of(1), { batchSize: 1, learningRate: 0.1 });
        return { gradients: await session.read("gradients"), loss: await session.read("loss") };
      },
    ),
    check("no rows mean no step", 4, async (session, samples) => {
      session.trainSteps(samples, range(0), { batchSize: 2, learningRate: 0.1 });
      return readState(session);
    }),
    check(
      "loss is the mean over the rows of all steps and forwards since it was read",
      10,
      async (session, samples) => {
        session.trainSteps(samples, range(10), { batchSize: 4, learningRate: 0.1 });
        session.forward(samples, range(3));
        const all = await session.read("loss");
        const none = await session.read("loss");
        session.forward(samples, range(5, 5));
        return { all, none, later: await session.read("loss") };
      },
    ),
  ];
}

function dropoutChecks(): ConformanceCheck[] {
  const dropout = { rate: 0.25, seed: 0x9e3779b9 };
  const optimizer = optimizers[1];
  const models = [
    exampleMlp([5, 3]),
    exampleMlp([6, 11, 5, 3]),
    exampleEstimator([9, 12, 5], "path"),
    exampleEstimator([6, 5, 4, 17], "block16"),
    exampleEstimator([6, 5, 4, 17], "slab"),
    withCopies(exampleEstimator([6, 5, 4, 17], "slab")),
  ];
  return models.flatMap((model) => [
    referenceCheck(
      `${model.name}: training drops the units of the published stream, step by step`,
      setup(model, { loss: crossEntropy, optimizer, dropout }),
      "trained",
      async (session, samples) => {
        session.trainSteps(samples, range(10), { batchSize: 4, learningRate: 0.1 });
        const early = await session.read("gradients");
        session.write("step", Float64Array.of(100_000));
        session.trainSteps(samples, range(10), { batchSize: 10, learningRate: 0.1 });
        return { early, late: await session.read("gradients"), ...(await readState(session)) };
      },
    ),
    referenceCheck(
      `${model.name}: forward drops nothing`,
      setup(model, { loss: crossEntropy, optimizer, dropout }),
      "logits",
      async (session, samples) => {
        session.forward(samples, range(10));
        return { logits: await session.read("logits"), loss: await session.read("loss") };
      },
    ),
    referenceCheck(
      `${model.name}: infoNCE trains on two views with masks of their own`,
      setup(model, { loss: { kind: "infoNCE", temperature: 0.5 }, optimizer, dropout }),
      "contrast",
      async (session, samples) => {
        session.trainSteps(samples, range(10), { batchSize: 6, learningRate: 0.1 });
        const gradients = await session.read("gradients");
        return { gradients, loss: await session.read("loss"), ...(await readState(session)) };
      },
    ),
    {
      ...referenceCheck(
        `${model.name}: infoNCE is evaluated on the fixed stream, with logits that drop nothing`,
        setup(model, { loss: { kind: "infoNCE", temperature: 0.5 }, optimizer, dropout }),
        "contrast",
        async (session, samples) => {
          session.forward(samples, range(10));
          const first = await session.read("loss");
          session.write("step", Float64Array.of(5));
          session.forward(samples, range(10));
          const second = await session.read("loss");
          expectThat(
            first[0] === second[0] || Math.abs(first[0] - second[0]) < 1e-4 * Math.abs(first[0]),
            () =>
              `Expected the evaluation loss not to depend on the step but found ${first[0]} and ${second[0]}.`,
          );
          return { logits: await session.read("logits"), first };
        },
      ),
    },
  ]);
}

/** For checks elsewhere that need a small setup of each model. */
export function smallSetups(): Setup[] {
  const training: TrainingSpec = { loss: crossEntropy, optimizer: optimizers[3] };
  return [
    setup(exampleMlp([7, 9, 4]), training),
    setup(exampleEstimator([9, 12, 5], "slab"), training),
  ];
}
