import type { Backend, Samples, SamplesHandle, Session } from "../backend.js";
import type { GlaiErrorCode } from "../errors.js";
import type { TrainingSpec } from "../training-spec.js";
import type { ConformanceCheck } from "./check.js";
import { expectSameBits } from "./compare.js";
import { expectError } from "./expect-error.js";
import { missing, play, range, type Setup } from "./script.js";
import { smallSetups } from "./training-checks.js";

const options = { batchSize: 4, learningRate: 0.1 };

/** Misuse: each a typed error with a message, and never a step trained on garbage. */
export function errorChecks(): ConformanceCheck[] {
  return smallSetups().flatMap((stage) => [
    ...uploadChecks(stage),
    ...queuedChecks(stage),
    ...lifetimeChecks(stage),
    ...prepareChecks(stage),
  ]);
}

const badInput: readonly GlaiErrorCode[] = ["bad-argument", "bad-data"];

function uploadChecks(stage: Setup): ConformanceCheck[] {
  const { features, labels = range(0), gates } = stage.samples;
  const { values, nSamples, nFeatures } = features;
  const cases: [string, Samples][] = [
    [
      "features that are too narrow",
      {
        ...stage.samples,
        features: {
          values: values.subarray(0, nSamples * (nFeatures - 1)),
          nSamples,
          nFeatures: nFeatures - 1,
        },
      },
    ],
    [
      "fewer feature values than announced",
      { ...stage.samples, features: { ...features, values: values.subarray(1) } },
    ],
    ["fewer labels than samples", { ...stage.samples, labels: labels.subarray(1) }],
    [
      "a label past the last class",
      { ...stage.samples, labels: labels.map((y, i) => (i === 3 ? 99 : y)) },
    ],
    [
      "fewer targets than samples × outputs",
      { ...stage.samples, targets: new Float32Array(nSamples) },
    ],
  ];
  if (gates) {
    const { gates: _, ...withoutGates } = stage.samples;
    cases.push(
      ["an estimator's samples without gates", withoutGates],
      [
        "gates of another selection",
        { ...stage.samples, gates: { ...gates, nColumns: gates.nColumns + 1 } },
      ],
      [
        "gates of fewer samples",
        {
          ...stage.samples,
          gates: { ...gates, nRows: nSamples - 1, words: gates.words.subarray(gates.nWords) },
        },
      ],
    );
  }
  return cases.map(([what, samples]) => ({
    name: `${stage.model.name}: upload refuses ${what}`,
    skipReason: (_, capability) => missing(capability, stage),
    async run(backend) {
      await play(backend, stage, async (session) => {
        await expectError(what, badInput, () => session.upload(samples));
        return {};
      });
      return "refused";
    },
  }));
}

/** Queued calls that must fail: at the call, or at the next read and every later one. */
function queuedChecks(stage: Setup): ConformanceCheck[] {
  const n = stage.model.parameters.length;
  const cases: [string, (session: Session, samples: SamplesHandle) => void][] = [
    [
      "training on a row that is not there",
      (s, x) => s.trainSteps(x, Uint32Array.of(0, 10), options),
    ],
    ["forward of a row that is not there", (s, x) => s.forward(x, Uint32Array.of(10))],
    ["a batch size of 0", (s, x) => s.trainSteps(x, range(4), { ...options, batchSize: 0 })],
    [
      "a fractional batch size",
      (s, x) => s.trainSteps(x, range(4), { ...options, batchSize: 1.5 }),
    ],
    [
      "a learning rate of NaN",
      (s, x) => s.trainSteps(x, range(4), { ...options, learningRate: NaN }),
    ],
    ["a write of the wrong length", (s) => s.write("parameters", new Float64Array(n + 1))],
    ["a write to gradients", (s) => s.write("gradients", new Float64Array(n))],
    ["a write to loss", (s) => s.write("loss", new Float64Array(1))],
    [
      "training on samples without labels",
      (s) => {
        const { labels: _, ...unlabelled } = stage.samples;
        s.trainSteps(s.upload(unlabelled), range(4), options);
      },
    ],
    [
      "training on released samples",
      (s, x) => {
        s.release(x);
        s.trainSteps(x, range(4), options);
      },
    ],
    ["samples of another session", (s) => s.forward({ nSamples: 10 }, range(4))],
  ];
  return cases.map(([what, misuse]) => ({
    name: `${stage.model.name}: ${what} is an error, and nothing is trained on it`,
    skipReason: (_, capability) => missing(capability, stage),
    async run(backend) {
      let when = "";
      await play(backend, stage, async (session, samples) => {
        const before = await session.read("parameters");
        let atCall = false;
        await expectError(what, [...badInput, "disposed"], async () => {
          try {
            misuse(session, samples);
          } catch (error) {
            atCall = true;
            throw error;
          }
          await session.read("parameters");
        });
        if (atCall) {
          expectSameBits("parameters", await session.read("parameters"), before);
          when = "reported at the call";
          return {};
        }
        session.write("parameters", stage.model.parameters);
        const every = [...badInput, "disposed"] as const;
        await expectError("a later read", every, () => session.read("parameters"));
        await expectError("a later synchronize", every, () => session.synchronize());
        when = "reported by every later read";
        return {};
      });
      return when;
    },
  }));
}

function lifetimeChecks(stage: Setup): ConformanceCheck[] {
  const check = (
    name: string,
    run: (session: Session, samples: SamplesHandle) => Promise<void>,
  ): ConformanceCheck => ({
    name: `${stage.model.name}: ${name}`,
    skipReason: (_, capability) => missing(capability, stage),
    async run(backend) {
      await play(backend, stage, async (session, samples) => {
        await run(session, samples);
        return {};
      });
      return "holds";
    },
  });
  const calls: [string, (session: Session, samples: SamplesHandle) => unknown][] = [
    ["upload", (s) => s.upload(stage.samples)],
    ["release", (s, x) => s.release(x)],
    ["trainSteps", (s, x) => s.trainSteps(x, range(4), options)],
    ["forward", (s, x) => s.forward(x, range(4))],
    ["write", (s) => s.write("parameters", stage.model.parameters)],
    ["read", (s) => s.read("parameters")],
    ["synchronize", (s) => s.synchronize()],
  ];
  return [
    check("dispose twice is fine", async (session) => {
      session.dispose();
      session.dispose();
    }),
    check("dispose with work in the queue is fine", async (session, samples) => {
      session.trainSteps(samples, range(10), options);
      session.dispose();
    }),
    ...calls.map(([name, call]) =>
      check(`${name} after dispose is refused with code disposed`, async (session, samples) => {
        session.dispose();
        await expectError(`${name} after dispose`, ["disposed"], () => call(session, samples));
      }),
    ),
  ];
}

function prepareChecks(stage: Setup): ConformanceCheck[] {
  const { loss, optimizer } = stage.training;
  const cases: [string, TrainingSpec][] = [
    ["a dropout rate of 1", { loss, optimizer, dropout: { rate: 1, seed: 0 } }],
    ["a negative weight decay", { loss, optimizer: { ...optimizer, weightDecay: -1 } }],
    [
      "class weights of the wrong length",
      { loss: { kind: "crossEntropy", classWeights: new Float64Array(2) }, optimizer },
    ],
    [
      "a class weight of 0",
      { loss: { kind: "crossEntropy", classWeights: classWeightsWithZero(stage) }, optimizer },
    ],
  ];
  return cases.map(([what, training]) => ({
    name: `${stage.model.name}: prepare refuses ${what}`,
    skipReason: (_, capability) => missing(capability, stage),
    async run(backend) {
      await expectError(what, ["bad-argument"], () => prepareAndDispose(backend, stage, training));
      return "refused";
    },
  }));
}

function classWeightsWithZero({ model: { spec } }: Setup): Float64Array {
  const sizes = spec.kind === "mlp" ? spec.sizes : spec.selection.sizes;
  return new Float64Array(sizes[sizes.length - 1]).map((_, c) => c);
}

async function prepareAndDispose(
  backend: Backend,
  { model }: Setup,
  training: TrainingSpec,
): Promise<void> {
  (await backend.prepare(model.spec, training)).dispose();
}

/** What a backend does not list, it must refuse by name instead of computing something else. */
export function unsupportedCheck(all: readonly Setup[]): ConformanceCheck {
  return {
    name: "prepare refuses every model, block, loss and optimiser that is not listed, with code unsupported",
    skipReason: (_, capability) =>
      all.every((stage) => missing(capability, stage) === undefined)
        ? "The backend lists all of them."
        : undefined,
    async run(backend, capability) {
      const unlisted = all.filter((stage) => missing(capability, stage) !== undefined);
      for (const stage of unlisted) {
        const { loss, optimizer } = stage.training;
        const what = `${stage.model.name} with ${loss.kind} and ${optimizer.kind}`;
        await expectError(what, ["unsupported"], () =>
          prepareAndDispose(backend, stage, stage.training),
        );
      }
      return `${unlisted.length} of ${all.length} combinations refused`;
    },
  };
}
