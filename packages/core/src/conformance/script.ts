import type { FloatArray } from "../arrays.js";
import type { Backend, Capability, Samples, SamplesHandle, Session } from "../backend.js";
import { createReferenceBackend } from "../reference/backend.js";
import type { TrainingSpec } from "../training-spec.js";
import { expectClose } from "./compare.js";
import { type ExampleModel, exampleSamples } from "./models.js";
import { type Tolerances, tolerances } from "./tolerances.js";

/** A model, how it is trained, and on what. */
export interface Setup {
  readonly model: ExampleModel;
  readonly training: TrainingSpec;
  readonly samples: Samples;
}

/** Session calls that end in named arrays: run on two backends, the arrays must agree. */
export type Script = (
  session: Session,
  samples: SamplesHandle,
) => Promise<Record<string, FloatArray>>;

export function setup(model: ExampleModel, training: TrainingSpec, nSamples = 10): Setup {
  return { model, training, samples: exampleSamples(model.spec, training.loss.kind, nSamples) };
}

/** Prepares, uploads, writes the starting parameters, plays the script, and always disposes. */
export async function play(
  backend: Backend,
  { model, training, samples }: Setup,
  script: Script,
): Promise<Record<string, FloatArray>> {
  const session = await backend.prepare(model.spec, training);
  try {
    const handle = session.upload(samples);
    session.write("parameters", model.parameters);
    return await script(session, handle);
  } finally {
    session.dispose();
  }
}

/** Plays a script on the backend and on the reference and compares every array it returns. */
export async function expectSameAsReference(
  backend: Backend,
  capability: Capability,
  stage: Setup,
  tolerance: keyof Tolerances,
  script: Script,
): Promise<string> {
  const found = await play(backend, stage, script);
  const expected = await play(createReferenceBackend(), stage, script);
  let worst = 0;
  for (const name of Object.keys(expected)) {
    const allowed = tolerances[capability.precision][tolerance];
    const who = `${name} of ${stage.model.name}`;
    worst = Math.max(worst, expectClose(who, found[name], expected[name], allowed));
  }
  return `largest difference ${worst.toExponential(1)}`;
}

/** Why a backend that does not list the setup's parts is not asked to run it. */
export function missing(
  { models, blocks, copies = false, losses, optimizers }: Capability,
  { model: { spec }, training }: Setup,
): string | undefined {
  const { loss, optimizer } = training;
  if (!models.includes(spec.kind)) return `The backend does not list model ${spec.kind}.`;
  if (spec.kind === "estimator" && !blocks.includes(spec.selection.block))
    return `The backend does not list block ${spec.selection.block}.`;
  if (spec.kind === "estimator" && spec.copies !== undefined && !copies)
    return "The backend does not list copies.";
  if (!losses.includes(loss.kind)) return `The backend does not list loss ${loss.kind}.`;
  if (!optimizers.includes(optimizer.kind))
    return `The backend does not list optimizer ${optimizer.kind}.`;
  return undefined;
}

/** first, first + 1, …, first + n − 1 */
export function range(n: number, first = 0): Uint32Array {
  return Uint32Array.from({ length: n }, (_, i) => first + i);
}
