import { describe, expect, it } from "vitest";
import {
  applyOptimizer,
  type Backend,
  conformanceChecks,
  type ConformanceReport,
  createReferenceBackend,
  lossAndGradient,
  type ModelSpec,
  runConformance,
  type Session,
} from "../src/index.js";
import { createReferenceBackendFrom, referenceParts } from "../src/reference/backend.js";
import type { ReferenceModel } from "../src/reference/model.js";
import { gather } from "../src/reference/gather.js";

function failures({ results }: ConformanceReport): string[] {
  return results.filter(({ status }) => status === "failed").map(({ name }) => name);
}

describe("conformance checks", () => {
  it("pass on the reference, all that apply", async () => {
    const report = await runConformance(createReferenceBackend());
    expect(report.results.filter(({ status }) => status === "failed")).toEqual([]);
    expect(
      report.results.filter(({ status }) => status === "skipped").map((r) => r.reason),
    ).toEqual(["The backend lists all of them."]);
    expect(report.passed).toBe(conformanceChecks().length - 1);
  });

  it("have names of their own, and quick ones are a part of them", () => {
    const names = conformanceChecks().map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const quick = conformanceChecks({ quick: true }).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(quick));
    expect(quick.length).toBeLessThan(names.length);
  });

  it("are skipped with the reason of a backend that is not available", async () => {
    const reference = createReferenceBackend();
    const absent: Backend = {
      ...reference,
      probe: async () => ({ ...(await reference.probe()), available: false, reason: "No GPU." }),
    };
    const report = await runConformance(absent);
    expect(report.skipped).toBe(conformanceChecks().length);
    expect(report.results[0].reason).toContain("No GPU.");
  });

  it("ask only for what the backend lists, and then expect a refusal of the rest", async () => {
    const reference = createReferenceBackend();
    const modest: Backend = {
      ...reference,
      probe: async () => ({
        ...(await reference.probe()),
        models: ["mlp"],
        losses: ["crossEntropy"],
        optimizers: ["adamw"],
      }),
    };
    const report = await runConformance(modest);
    expect(report.skipped).toBeGreaterThan(100);
    expect(failures(report)).toEqual([
      "prepare refuses every model, block, loss and optimiser that is not listed, with code unsupported",
    ]);
  });
});

/** Replaces functions of every session of the reference. */
function withSessions(change: (session: Session) => Partial<Session>): Backend {
  const reference = createReferenceBackend();
  return {
    ...reference,
    async prepare(model, training) {
      const session = await reference.prepare(model, training);
      return { ...session, ...change(session) };
    },
  };
}

/** Replaces functions of both models of the reference. */
function withModels(change: (model: ReferenceModel) => Partial<ReferenceModel>): Backend {
  return createReferenceBackendFrom({
    createModel(spec) {
      const model = referenceParts.createModel(spec);
      return { ...model, ...change(model) };
    },
  });
}

/** Changes the estimators with copies of the reference. */
function withCountedPaths(change: (model: ModelSpec, copies: Uint32Array) => ReferenceModel) {
  return createReferenceBackendFrom({
    createModel: (spec) =>
      spec.kind === "estimator" && spec.copies
        ? change(spec, spec.copies)
        : referenceParts.createModel(spec),
  });
}

const plantedBugs: readonly [bug: string, backend: Backend, seenBy: RegExp][] = [
  [
    "copies that are not counted",
    withCountedPaths((spec) => {
      if (spec.kind === "mlp") return referenceParts.createModel(spec);
      return referenceParts.createModel({ kind: "estimator", selection: spec.selection });
    }),
    /with copies: forward gives the logits/,
  ],
  [
    "a gradient of all copies instead of one",
    withCountedPaths((spec, copies) => {
      const model = referenceParts.createModel(spec);
      return {
        ...model,
        backward(parameters, tape, dLogits) {
          const counted = tape.scales.map((s) => s.map((v, i) => v * copies[i % copies.length]));
          return model.backward(parameters, { ...tape, scales: counted }, dLogits);
        },
      };
    }),
    /with copies: a step has the gradients/,
  ],
  [
    "a gradient that ignores closed units and gates",
    withModels((model) => ({
      backward: (parameters, tape, dLogits) =>
        model.backward(
          parameters,
          { ...tape, scales: tape.scales.map((s) => s.map(() => 1)) },
          dLogits,
        ),
    })),
    /gradients .* reference for crossEntropy/,
  ],
  [
    "Adam without bias correction",
    createReferenceBackendFrom({
      applyOptimizer(spec, state, gradients, learningRate) {
        if (spec.kind === "sgd") return applyOptimizer(spec, state, gradients, learningRate);
        const late = { ...state, step: 1e9 }; // where the correction has faded away
        applyOptimizer(spec, late, gradients, learningRate);
        state.step += 1;
      },
    }),
    /five steps of adam/,
  ],
  [
    "a loss summed over the batch instead of averaged",
    createReferenceBackendFrom({
      lossAndGradient(loss, logits, target) {
        const result = lossAndGradient(loss, logits, target);
        return { ...result, gradient: result.gradient.map((g) => g * result.weightSum) };
      },
    }),
    /gradients .* reference for crossEntropy/,
  ],
  [
    "L2 in the gradient where the decay should be decoupled",
    createReferenceBackendFrom({
      applyOptimizer(spec, state, gradients, learningRate) {
        const coupled = spec.kind === "adamw" ? ({ ...spec, kind: "adam" } as const) : spec;
        applyOptimizer(coupled, state, gradients, learningRate);
      },
    }),
    /five steps of adamw/,
  ],
  [
    "the wrong row: positions in the batch instead of row numbers",
    createReferenceBackendFrom({
      gather: (samples, rows) =>
        gather(
          samples,
          rows.map((_, i) => i % samples.features.nSamples),
        ),
    }),
    /training reads the rows it was given/,
  ],
  [
    "use after dispose",
    withSessions(() => ({ dispose: () => undefined })),
    /after dispose is refused with code disposed/,
  ],
  // Beyond the six: other promises that are easily broken.
  [
    "an unfinished last batch that is thrown away",
    withSessions((session) => ({
      trainSteps(samples, rows, options) {
        const whole = rows.length - (rows.length % options.batchSize);
        session.trainSteps(samples, rows.subarray(0, whole), options);
      },
    })),
    /the last step of a call takes what is left/,
  ],
  [
    "dropout that is not there",
    withModels((model) => ({ forward: (parameters, batch) => model.forward(parameters, batch) })),
    /training drops the units of the published stream/,
  ],
  [
    "dropout with a stream of its own",
    withModels((model) => ({
      forward: (parameters, batch, unitScale) =>
        model.forward(parameters, batch, unitScale && ((row, unit) => unitScale(unit, row))),
    })),
    /training drops the units of the published stream/,
  ],
  [
    "a loss that is not cleared by reading it",
    withSessions((session) => {
      let last = Float64Array.of(NaN);
      return {
        async read(name) {
          const values = await session.read(name);
          if (name !== "loss") return values;
          if (!Number.isNaN(values[0])) last = Float64Array.from(values);
          return last;
        },
      };
    }),
    /loss is the mean over the rows/,
  ],
  [
    "ε inside the square root of Adam",
    createReferenceBackendFrom({
      applyOptimizer(spec, state, gradients, learningRate) {
        const moved = spec.kind === "sgd" ? spec : { ...spec, epsilon: Math.sqrt(spec.epsilon) };
        applyOptimizer(moved, state, gradients, learningRate);
      },
    }),
    /five steps of adam end/,
  ],
  [
    "moments that cannot be written",
    withSessions((session) => ({
      write(name, from) {
        if (name !== "firstMoment") session.write(name, from);
      },
    })),
    /a new session that is given parameters, moments and step goes on/,
  ],
  [
    "class weights that are ignored",
    createReferenceBackendFrom({
      lossAndGradient: (loss, logits, target) =>
        lossAndGradient(
          loss.kind === "crossEntropy" ? { kind: "crossEntropy" } : loss,
          logits,
          target,
        ),
    }),
    /weighted crossEntropy/,
  ],
  [
    "rows that are read after the call returned",
    withSessions((session) => {
      let pending: (() => void)[] = [];
      const run = () => {
        for (const call of pending) call();
        pending = [];
      };
      return {
        trainSteps: (...call) => void pending.push(() => session.trainSteps(...call)),
        forward: (...call) => (run(), session.forward(...call)),
        write: (...call) => (run(), session.write(...call)),
        release: (...call) => (run(), session.release(...call)),
        read: (...call) => (run(), session.read(...call)),
        synchronize: () => (run(), session.synchronize()),
      };
    }),
    /rows and written arrays are the caller's again at once/,
  ],
  [
    "an error that the next step forgets",
    withSessions((session) => ({
      trainSteps(samples, rows, options) {
        session.trainSteps(
          samples,
          rows.filter((row) => row < samples.nSamples),
          options,
        );
      },
    })),
    /training on a row that is not there is an error/,
  ],
];

// The quick checks are a part of all checks (see above): what turns them red turns all red.
describe("a planted bug turns the conformance checks red", () => {
  it.each(plantedBugs)("%s", async (_, backend, seenBy) => {
    const failed = failures(await runConformance(backend, { quick: true }));
    expect(failed.filter((name) => seenBy.test(name))).not.toEqual([]);
  });
});
