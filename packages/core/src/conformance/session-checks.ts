import type { SamplesHandle, Session } from "../backend.js";
import { createReferenceBackend } from "../reference/backend.js";
import { type ConformanceCheck, expectThat } from "./check.js";
import { countDifferences, expectClose, expectSameBits } from "./compare.js";
import { exampleSamples } from "./models.js";
import { missing, play, range, type Script, type Setup } from "./script.js";
import { type Tolerances, tolerances } from "./tolerances.js";
import { readState, smallSetups } from "./training-checks.js";

const options = { batchSize: 4, learningRate: 0.1 };

/** Order, ownership and lifetime: what holds for every model. */
export function sessionChecks(): ConformanceCheck[] {
  return smallSetups().flatMap((stage) => [
    ...orderChecks(stage),
    ...ownershipChecks(stage),
    deterministicCheck(stage),
  ]);
}

/** A check of a script that does its own expecting. */
function scriptCheck(
  name: string,
  stage: Setup,
  script: (session: Session, samples: SamplesHandle, allowed: Tolerances) => Promise<void>,
): ConformanceCheck {
  return {
    name: `${stage.model.name}: ${name}`,
    skipReason: (_, capability) => missing(capability, stage),
    async run(backend, { precision }) {
      await play(backend, stage, async (session, samples) => {
        await script(session, samples, tolerances[precision]);
        return {};
      });
      return "holds";
    },
  };
}

function orderChecks(stage: Setup): ConformanceCheck[] {
  return [
    scriptCheck(
      "a read shows nothing that was queued after it",
      stage,
      async (session, samples) => {
        const before = await session.read("parameters");
        const early = session.read("parameters");
        session.trainSteps(samples, range(10), options);
        const late = session.read("parameters");
        expectSameBits("parameters read before the step", await early, before);
        const changed = countDifferences(await late, before);
        expectThat(changed > 0, () => "Expected the later read to show the step but it does not.");
      },
    ),
    scriptCheck(
      "forward uses the parameters of its place in the queue",
      stage,
      async (session, samples, allowed) => {
        session.forward(samples, range(10));
        const expected = await session.read("logits");
        session.forward(samples, range(10));
        session.write(
          "parameters",
          stage.model.parameters.map((w) => 2 * w),
        );
        expectClose("logits", await session.read("logits"), expected, allowed.logits);
      },
    ),
    scriptCheck(
      "forward changes no parameter, moment, gradient or step",
      stage,
      async (session, samples) => {
        session.trainSteps(samples, range(10), options);
        const before = {
          ...(await readState(session)),
          gradients: await session.read("gradients"),
        };
        session.forward(samples, range(7));
        await session.synchronize();
        const after = { ...(await readState(session)), gradients: await session.read("gradients") };
        for (const [name, values] of Object.entries(after)) {
          expectSameBits(name, values, before[name as keyof typeof before]);
        }
      },
    ),
    scriptCheck("a write is read back, in either precision", stage, async (session) => {
      const values = stage.model.parameters.map((w) => Math.fround(w / 3));
      for (const name of ["parameters", "firstMoment", "secondMoment"] as const) {
        session.write(name, values);
        expectSameBits(name, Float64Array.from(await session.read(name)), values);
        session.write(name, Float32Array.from(values));
        expectSameBits(name, Float64Array.from(await session.read(name)), values);
      }
      session.write("step", Float64Array.of(16_777_217)); // one more than float32 can count
      expectSameBits("step", await session.read("step"), Float64Array.of(16_777_217));
    }),
    scriptCheck(
      "reads give the same numbers whatever array is handed over for them",
      stage,
      async (session, samples) => {
        session.trainSteps(samples, range(10), options);
        for (const name of ["parameters", "firstMoment", "secondMoment", "gradients"] as const) {
          const expected = await session.read(name);
          const kept = expected.slice();
          const handed = [expected.slice().fill(NaN), new Float32Array(1), new Float64Array(1)];
          for (const into of handed) expectSameBits(name, await session.read(name, into), expected);
          expectSameBits(`an earlier copy of ${name}`, expected, kept);
        }
      },
    ),
    {
      name: `${stage.model.name}: reads have the declared precision, loss and step always float64`,
      skipReason: (_, capability) => missing(capability, stage),
      async run(backend, { precision }) {
        const read = await play(backend, stage, async (session, samples) => {
          session.trainSteps(samples, range(10), options);
          session.forward(samples, range(3));
          const state = await readState(session);
          const logits = await session.read("logits");
          const gradients = await session.read("gradients");
          return { ...state, logits, gradients, loss: await session.read("loss") };
        });
        const declared = precision === "float64" ? Float64Array : Float32Array;
        for (const [name, values] of Object.entries(read)) {
          const expected = name === "loss" || name === "step" ? Float64Array : declared;
          expectThat(
            values instanceof expected,
            () => `Expected ${name} as ${expected.name} but received ${values.constructor.name}.`,
          );
        }
        return precision;
      },
    },
    scriptCheck("samples without labels give logits and no loss", stage, async (session) => {
      const { labels: _, ...unlabelled } = stage.samples;
      const samples = session.upload(unlabelled);
      session.forward(samples, range(3));
      const nLogits = (await session.read("logits")).length;
      expectThat(nLogits > 0, () => "Expected logits but received none.");
      expectSameBits("loss", await session.read("loss"), Float64Array.of(NaN));
    }),
  ];
}

function ownershipChecks(stage: Setup): ConformanceCheck[] {
  return [
    scriptCheck(
      "rows and written arrays are the caller's again at once",
      stage,
      async (session, samples, allowed) => {
        session.trainSteps(samples, range(10), options);
        const expected = await readState(session);
        session.write(
          "firstMoment",
          stage.model.parameters.map(() => 0),
        );
        session.write(
          "secondMoment",
          stage.model.parameters.map(() => 0),
        );
        session.write("step", Float64Array.of(0));
        const from = stage.model.parameters.slice();
        const rows = range(10);
        session.write("parameters", from);
        from.fill(7);
        session.trainSteps(samples, rows, options);
        rows.fill(0);
        const { parameters } = await readState(session);
        expectClose("parameters", parameters, expected["parameters"], allowed.trained);
      },
    ),
    scriptCheck("what read returns is a copy", stage, async (session) => {
      const first = await session.read("parameters");
      const kept = first.slice();
      first.fill(7);
      expectSameBits("parameters", await session.read("parameters"), kept);
    }),
    scriptCheck(
      "several uploads live side by side until each is released",
      stage,
      async (session, samples, allowed) => {
        session.forward(samples, range(3));
        const expected = await session.read("logits");
        const other = session.upload(exampleSamples(stage.model.spec, "crossEntropy", 5));
        expectThat(other.nSamples === 5, () => `Expected 5 samples but found ${other.nSamples}.`);
        session.trainSteps(other, range(5), { batchSize: 5, learningRate: 0 });
        session.release(other);
        session.write("parameters", stage.model.parameters);
        session.forward(samples, range(3));
        expectClose("logits", await session.read("logits"), expected, allowed.logits);
      },
    ),
    {
      name: `${stage.model.name}: two sessions do not touch each other`,
      skipReason: (_, capability) => missing(capability, stage),
      async run(backend, { precision }) {
        const alone = await play(createReferenceBackend(), stage, async (session, samples) => {
          session.trainSteps(samples, range(10), options);
          return readState(session);
        });
        await play(backend, stage, async (session, samples) => {
          session.trainSteps(samples, range(4), options);
          await play(backend, stage, async (other, otherSamples) => {
            other.trainSteps(otherSamples, range(10), { batchSize: 2, learningRate: 0.3 });
            return readState(other);
          });
          session.trainSteps(samples, range(6, 4), options);
          const { parameters } = await readState(session);
          expectClose("parameters", parameters, alone["parameters"], tolerances[precision].trained);
          return {};
        });
        return "holds";
      },
    },
  ];
}

const trainAndForward: Script = async (session, samples) => {
  session.trainSteps(samples, range(10), options);
  session.forward(samples, range(10));
  return { ...(await readState(session)), logits: await session.read("logits") };
};

function deterministicCheck(stage: Setup): ConformanceCheck {
  return {
    name: `${stage.model.name}: the same calls give the same bits`,
    skipReason: (_, capability) =>
      capability.deterministic
        ? missing(capability, stage)
        : "The backend does not claim to be deterministic.",
    async run(backend) {
      const first = await play(backend, stage, trainAndForward);
      const second = await play(backend, stage, trainAndForward);
      for (const name of Object.keys(first)) expectSameBits(name, second[name], first[name]);
      return "the same bits";
    },
  };
}
