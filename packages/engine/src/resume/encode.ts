import { GlaiError, type JsonValue } from "@glai/core";
import type { Checkpoint, CheckpointArray } from "../checkpoint.js";
import type { RunState } from "../run-state.js";
import { arrayOf, floatsOf } from "./arrays.js";
import type { ModelDescription } from "../head-model.js";
import type { RunIdentity } from "./identity.js";
import { decodePreprocessing, encodePreprocessing } from "./preprocessing-record.js";
import { decodeSelection, encodeSelection } from "./selection-record.js";

/** Fields of a state that are plain JSON already. */
type PlainState = Pick<
  RunState,
  | "clocks"
  | "curve"
  | "epoch"
  | "order"
  | "partialLoss"
  | "phase"
  | "reducedEpochs"
  | "rowsDone"
  | "shift"
  | "stop"
  | "stopping"
>;

/** Which run a state belongs to, and what its model will say about itself. */
export interface CheckpointHeader {
  readonly identity: RunIdentity;
  readonly description: ModelDescription;
}

/** What `Checkpoint.state` holds. */
interface CheckpointState extends PlainState, CheckpointHeader {
  readonly selection: JsonValue;
  readonly preprocessing: JsonValue;
}

const floatFields = ["best", "previous", "selector", "start"] as const;
const bufferFields = ["parameters", "firstMoment", "secondMoment", "step"] as const;

/** A state as a checkpoint, which stays as it is while the run goes on. */
export function encodeCheckpoint(state: RunState, header: CheckpointHeader): Checkpoint {
  const { buffers, best, previous, selector, start, selection, preprocessing, ...plain } = state;
  const arrays: Record<string, CheckpointArray> = {};
  const floats = { best, previous, selector, start };
  for (const name of floatFields) {
    const array = floats[name];
    if (array !== undefined) arrays[name] = array.slice();
  }
  if (buffers !== undefined)
    for (const name of bufferFields) arrays[`session.${name}`] = buffers[name].slice();
  const paths = selection && encodeSelection(selection);
  const fitted = preprocessing && encodePreprocessing(preprocessing);
  const json: CheckpointState = {
    ...plain,
    ...header,
    selection: paths?.json ?? null,
    preprocessing: fitted?.json ?? null,
  };
  // Neither a selection nor a preprocessing is ever changed: their arrays can be shared.
  return {
    version: 1,
    arrays: { ...arrays, ...paths?.arrays, ...fitted?.arrays },
    state: jsonCopy(json),
  };
}

/** The state of a checkpoint and the run it belongs to. Throws `bad-data` when it is not one of ours. */
export function decodeCheckpoint(
  checkpoint: Checkpoint,
): CheckpointHeader & { readonly state: RunState } {
  if (checkpoint.version !== 1)
    throw new GlaiError(
      "bad-data",
      `Expected a checkpoint of version 1 but received version ${String(checkpoint.version)}.`,
      { hint: "Resume with the version of glai that wrote it." },
    );
  const json = jsonCopy(checkpoint.state) as unknown as Partial<CheckpointState> | null;
  if (!json?.identity || !json.description || json.phase === undefined || !json.curve)
    throw new GlaiError(
      "bad-data",
      "Expected a checkpoint with identity, description, phase and curve but some are missing.",
      { hint: "Pass what the run gave to its CheckpointStore." },
    );
  const { identity, description, selection, preprocessing, ...plain } = json as CheckpointState;
  const state: RunState = { ...plain };
  for (const name of floatFields)
    if (checkpoint.arrays[name] !== undefined) state[name] = floatsOf(checkpoint, name);
  if (checkpoint.arrays["session.parameters"] !== undefined)
    state.buffers = {
      parameters: floatsOf(checkpoint, "session.parameters"),
      firstMoment: floatsOf(checkpoint, "session.firstMoment"),
      secondMoment: floatsOf(checkpoint, "session.secondMoment"),
      step: arrayOf(checkpoint, "session.step", Float64Array),
    };
  if (selection !== null) state.selection = decodeSelection(checkpoint, selection);
  if (preprocessing !== null) state.preprocessing = decodePreprocessing(checkpoint, preprocessing);
  return { state, identity, description };
}

/** A copy that shares nothing and holds JSON only. */
function jsonCopy(value: unknown): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}
