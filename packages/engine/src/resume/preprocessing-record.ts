import type { JsonValue, Preprocessing } from "@glai/core";
import type { Checkpoint } from "../checkpoint.js";
import { arrayOf } from "./arrays.js";

/** A fitted preprocessing: arrays under `preprocessing.…`, and the rest as JSON. */
export function encodePreprocessing(preprocessing: Preprocessing): {
  arrays: Checkpoint["arrays"];
  json: JsonValue;
} {
  switch (preprocessing.kind) {
    case "none":
      return { arrays: {}, json: { kind: "none" } };
    case "standardize":
      return {
        arrays: {
          "preprocessing.mean": preprocessing.mean,
          "preprocessing.scale": preprocessing.scale,
        },
        json: { kind: "standardize" },
      };
    case "whiten":
      return {
        arrays: {
          "preprocessing.mean": preprocessing.mean,
          "preprocessing.matrix": preprocessing.matrix,
        },
        json: { kind: "whiten", exponent: preprocessing.exponent },
      };
    default:
      return preprocessing satisfies never;
  }
}

/** The inverse of `encodePreprocessing`. Throws `bad-data` when an array is missing. */
export function decodePreprocessing(checkpoint: Checkpoint, json: JsonValue): Preprocessing {
  const record = json as { kind: Preprocessing["kind"]; exponent: number };
  switch (record.kind) {
    case "none":
      return { kind: "none" };
    case "standardize":
      return {
        kind: "standardize",
        mean: arrayOf(checkpoint, "preprocessing.mean", Float64Array),
        scale: arrayOf(checkpoint, "preprocessing.scale", Float64Array),
      };
    case "whiten":
      return {
        kind: "whiten",
        exponent: record.exponent,
        mean: arrayOf(checkpoint, "preprocessing.mean", Float64Array),
        matrix: arrayOf(checkpoint, "preprocessing.matrix", Float64Array),
      };
    default:
      return record.kind satisfies never;
  }
}
