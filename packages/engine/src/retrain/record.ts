import { GlaiError, type JsonValue } from "@glai/core";
import type { Checkpoint } from "../checkpoint.js";
import type { ClassWeights } from "../objective.js";
import { arrayOf } from "../resume/arrays.js";
import type { RetrainingState } from "./state.js";

const schema = "glai-retraining/1";

/** A retraining state as named arrays and JSON, for any container that keeps checkpoints. */
export function encodeRetraining(state: RetrainingState): Checkpoint {
  switch (state.kind) {
    case "ridge": {
      const { gram, sums, cross, counts, ...numbers } = state.statistics;
      return {
        version: 1,
        arrays: { gram, sums, cross, counts },
        state: { schema, kind: state.kind, lambda: state.lambda, ...numbers },
      };
    }
    case "kernel": {
      const { kind, mu, classWeights, labels, factor } = state;
      return {
        version: 1,
        arrays: { labels, ...(factor && { factor }) },
        state: { schema, kind, mu, classWeights },
      };
    }
    default:
      return state satisfies never;
  }
}

/** The inverse of `encodeRetraining`. Throws `bad-data` for anything else. */
export function decodeRetraining(checkpoint: Checkpoint): RetrainingState {
  const json = checkpoint.state as { readonly [key: string]: JsonValue } | null;
  if (json?.["schema"] !== schema) {
    throw invalid(`schema ${schema}`, JSON.stringify(json?.["schema"]) ?? "none");
  }
  const number = (key: string, isValid: (value: number) => boolean): number => {
    const value = json[key];
    if (typeof value === "number" && isValid(value)) return value;
    throw invalid(`a number for ${key}`, JSON.stringify(value) ?? "none");
  };
  const penalty = (value: number): boolean => Number.isFinite(value) && value >= 0;
  const floats = (name: string, length: number): Float64Array => {
    const array = arrayOf(checkpoint, name, Float64Array);
    if (array.length === length) return array;
    throw invalid(`${length} numbers in ${name}`, `${array.length}`);
  };
  if (json["kind"] === "kernel") {
    const labels = arrayOf(checkpoint, "labels", Uint32Array);
    const nFactor = (labels.length * (labels.length + 1)) / 2;
    return {
      kind: "kernel",
      labels,
      ...("factor" in checkpoint.arrays && { factor: floats("factor", nFactor) }),
      mu: number("mu", penalty),
      classWeights: json["classWeights"] as ClassWeights,
    };
  }
  if (json["kind"] !== "ridge") throw invalid("kind ridge or kernel", JSON.stringify(json["kind"]));
  const nFeatures = number("nFeatures", Number.isInteger);
  const nClasses = number("nClasses", Number.isInteger);
  return {
    kind: "ridge",
    lambda: number("lambda", penalty),
    statistics: {
      nFeatures,
      nClasses,
      nSamples: number("nSamples", Number.isInteger),
      gram: floats("gram", nFeatures * nFeatures),
      sums: floats("sums", nFeatures),
      cross: floats("cross", nFeatures * nClasses),
      counts: floats("counts", nClasses),
      touched: number("touched", penalty),
    },
  };
}

function invalid(expected: string, found: string): GlaiError {
  return new GlaiError(
    "bad-data",
    `Expected a retraining state with ${expected} but found ${found}.`,
    { hint: "Train the head again with this version of glai." },
  );
}
