import { GlaiError, type Capability, type Dataset, type JsonValue } from "@glai/core";
import type { HeadName, ProtocolConfig } from "../protocol.js";

/** What must be equal for a checkpoint to be resumed. Plain JSON. */
export interface RunIdentity {
  readonly head: HeadName;
  readonly seed: number;
  readonly mlpEpochs: number | null;
  readonly protocol: ProtocolConfig;
  readonly dataset: {
    readonly nTrain: number;
    readonly nValidation: number;
    readonly nFeatures: number;
    readonly nClasses: number;
    readonly hash: string; // of features and labels
  };
  /** May differ, but then the bits differ too. */
  readonly backend: { readonly tier: string; readonly precision: string };
}

/** Identity of a run. Hashes the data: a few milliseconds per million values. */
export function identityOf(
  dataset: Dataset,
  options: {
    readonly head: HeadName;
    readonly seed: number;
    readonly mlpEpochs?: number;
    readonly protocol: ProtocolConfig;
  },
  { tier, precision }: Capability,
): RunIdentity {
  const { head, seed, mlpEpochs = null, protocol } = options;
  const { train, validation, nClasses } = dataset;
  return {
    head,
    seed,
    mlpEpochs,
    protocol,
    dataset: {
      nTrain: train.features.nSamples,
      nValidation: validation.features.nSamples,
      nFeatures: train.features.nFeatures,
      nClasses,
      hash: hashOf([
        train.features.values,
        train.labels,
        validation.features.values,
        validation.labels,
      ]),
    },
    backend: { tier, precision },
  };
}

/**
 * Throws `bad-argument` naming the first thing in which a checkpoint's run differs from this one. Returns
 * a warning when only the backend differs: the run can go on, without equal bits.
 */
export function compareIdentities(saved: RunIdentity, current: RunIdentity): string | undefined {
  const { backend: savedBackend, ...savedRun } = saved;
  const { backend, ...run } = current;
  const difference = firstDifference("run", toJson(savedRun), toJson(run));
  if (difference !== undefined)
    throw new GlaiError(
      "bad-argument",
      `Expected a checkpoint of this very run but ${difference.path} was ${difference.saved} and is ${difference.current}.`,
      { hint: "Resume with the data and options the run began with, or start a new run." },
    );
  const changed = firstDifference("backend", toJson(savedBackend), toJson(backend));
  return (
    changed &&
    `The checkpoint was written on another backend (${changed.path} was ${changed.saved} and is ${changed.current}): the resumed run is sound, but not bit for bit the uninterrupted one.`
  );
}

interface Difference {
  readonly path: string;
  readonly saved: string;
  readonly current: string;
}

function firstDifference(path: string, a: JsonValue, b: JsonValue): Difference | undefined {
  const [savedObject, currentObject] = [asObject(a), asObject(b)];
  if (savedObject === undefined || currentObject === undefined)
    return a === b ? undefined : { path, saved: JSON.stringify(a), current: JSON.stringify(b) };
  const keys = new Set([...Object.keys(savedObject), ...Object.keys(currentObject)]);
  for (const key of keys) {
    const found = firstDifference(
      `${path}.${key}`,
      savedObject[key] ?? null,
      currentObject[key] ?? null,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

function asObject(value: JsonValue): Record<string, JsonValue> | undefined {
  return typeof value === "object" && value !== null
    ? (value as Record<string, JsonValue>)
    : undefined;
}

function toJson(value: unknown): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}

/** FNV-1a over 32-bit words (and trailing bytes), with the lengths: tells data sets apart, no more. */
function hashOf(arrays: readonly (Float32Array | Float64Array | Uint32Array)[]): string {
  let hash = 0x811c9dc5;
  for (const array of arrays) {
    hash = Math.imul(hash ^ array.byteLength, 0x01000193);
    const words = new Uint32Array(array.buffer, array.byteOffset, array.byteLength >> 2);
    for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ words[i], 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}
