import type { BufferName, SamplesHandle } from "./backend.js";
import { GlaiError } from "./errors.js";

/** Buffers of a session that `Session.write` takes; the others are results. */
export type WritableBuffer = Exclude<BufferName, "gradients" | "logits" | "loss">;

/** Throws `bad-argument` unless rows of samples came as Uint32Array: what a caller without types may pass. */
export function checkRowArray(rows: unknown): void {
  if (rows instanceof Uint32Array) return;
  throw new GlaiError("bad-argument", `Expected rows as Uint32Array but received ${typeOf(rows)}.`);
}

/** Throws `bad-argument` unless `name` is a buffer of a session. */
export function checkBufferName(name: BufferName): void {
  if (!isResult(name)) writableBuffer(name);
}

/** The name, when the buffer can be written; throws `bad-argument` otherwise. */
export function writableBuffer(name: BufferName): WritableBuffer {
  if (isResult(name)) {
    throw new GlaiError("bad-argument", `Expected a writable buffer but ${name} is read only.`);
  }
  switch (name) {
    case "parameters":
    case "firstMoment":
    case "secondMoment":
    case "step":
      return name;
    default:
      name satisfies never;
      throw new GlaiError("bad-argument", `Expected a buffer name but received "${String(name)}".`);
  }
}

/**
 * Throws `bad-argument` unless `from` has the type and the length to be written to a buffer: one number for
 * `step`, one per parameter otherwise.
 */
export function checkBufferValues(name: WritableBuffer, from: unknown, nParameters: number): void {
  if (!(from instanceof Float32Array || from instanceof Float64Array)) {
    throw new GlaiError(
      "bad-argument",
      `Expected a Float32Array or Float64Array to write to ${name} but received ${typeOf(from)}.`,
    );
  }
  const expected = name === "step" ? 1 : nParameters;
  if (from.length === expected) return;
  throw new GlaiError(
    "bad-argument",
    `Expected ${expected} numbers to write to ${name} but received ${from.length}.`,
  );
}

/** What a session throws when it is used after `dispose`. */
export function disposedSession(): GlaiError {
  return new GlaiError("disposed", "Expected a live session but it was disposed of.", {
    hint: "Call backend.prepare(…) for a new one.",
  });
}

/** What a session keeps for samples; throws `disposed` when they were released or belong to another session. */
export function findUpload<T>(uploads: ReadonlyMap<SamplesHandle, T>, handle: SamplesHandle): T {
  const found = uploads.get(handle);
  if (found !== undefined) return found;
  throw new GlaiError(
    "disposed",
    "Expected samples of this session but they were released or belong to another one.",
    { hint: "Call session.upload(…) and use the handle it returns." },
  );
}

function isResult(name: BufferName): name is Exclude<BufferName, WritableBuffer> {
  return name === "gradients" || name === "logits" || name === "loss";
}

function typeOf(value: unknown): string {
  return value === null ? "null" : (Object(value) as object).constructor.name;
}
