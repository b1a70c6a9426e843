import { GlaiError, type FloatArray } from "@glai/core";
import type { Checkpoint, CheckpointArray } from "../checkpoint.js";

/** An array of a checkpoint. Throws `bad-data` naming it when it is missing or of another type. */
export function arrayOf<T extends CheckpointArray>(
  checkpoint: Checkpoint,
  name: string,
  type: abstract new (...args: never[]) => T,
): T {
  const array = checkpoint.arrays[name];
  if (array instanceof type) return array;
  throw missing(name, type.name, array);
}

/** The same for numbers of either precision. */
export function floatsOf(checkpoint: Checkpoint, name: string): FloatArray {
  const array = checkpoint.arrays[name];
  if (array instanceof Float32Array || array instanceof Float64Array) return array;
  throw missing(name, "Float32Array or Float64Array", array);
}

function missing(name: string, expected: string, found: unknown): GlaiError {
  const what = found === undefined ? "nothing" : (found as object).constructor.name;
  return new GlaiError(
    "bad-data",
    `Expected the checkpoint to hold ${name} as ${expected} but found ${what}.`,
    { hint: "Resume from a checkpoint that this version wrote, or start anew." },
  );
}
