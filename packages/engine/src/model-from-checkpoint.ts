import type { HeadModel } from "@glai/core";
import type { Checkpoint } from "./checkpoint.js";
import { createModel, type ModelDescription } from "./head-model.js";
import { decodeCheckpoint } from "./resume/encode.js";
import type { RunState } from "./run-state.js";

/** The best weights of a state as a model; undefined before the first epoch of the last phase. */
export function modelFromState(
  description: ModelDescription,
  state: RunState,
): HeadModel | undefined {
  const { best, preprocessing, selector, selection, solution } = state;
  if (solution !== undefined && preprocessing !== undefined) {
    const { head, classNames, config } = description;
    const { body, temperature } = solution;
    return {
      head,
      body,
      preprocessing,
      ...(classNames && { classNames }),
      ...(temperature !== undefined && { temperature }),
      config,
    };
  }
  if (best === undefined || preprocessing === undefined) return undefined;
  const frozen = selector && selection && { selector, selection };
  return createModel(description, preprocessing, best, frozen);
}

/**
 * The best weights so far of an unfinished (or finished) run, as a model: what is left after an abort or
 * an error. undefined when the run had not finished an epoch of its last phase. Throws `bad-data` when
 * the checkpoint is not one of ours.
 *
 * @example
 * const model = modelFromCheckpoint(checkpoint);
 * if (model) await predictHead(model, features);
 */
export function modelFromCheckpoint(checkpoint: Checkpoint): HeadModel | undefined {
  const { state, description } = decodeCheckpoint(checkpoint);
  return modelFromState(description, state);
}
