import { type BufferName, GlaiError } from "@glai/core";
import type { WritableBuffer } from "./command.js";

export function checkRowArray(rows: unknown): void {
  if (rows instanceof Uint32Array) return;
  throw new GlaiError("bad-argument", `Expected rows as Uint32Array but received ${nameOf(rows)}.`);
}

export function checkLength(name: BufferName, from: unknown, expected: number): void {
  if (!(from instanceof Float32Array || from instanceof Float64Array)) {
    throw new GlaiError(
      "bad-argument",
      `Expected a Float32Array or Float64Array to write to ${name} but received ${nameOf(from)}.`,
    );
  }
  if (from.length === expected) return;
  throw new GlaiError(
    "bad-argument",
    `Expected ${expected} numbers to write to ${name} but received ${from.length}.`,
  );
}

function nameOf(value: unknown): string {
  return value === null ? "null" : (Object(value) as object).constructor.name;
}

export function checkName(name: BufferName): void {
  switch (name) {
    case "gradients":
    case "logits":
    case "loss":
      return;
    default:
      writable(name);
  }
}

export function writable(name: BufferName): WritableBuffer {
  switch (name) {
    case "parameters":
    case "firstMoment":
    case "secondMoment":
    case "step":
      return name;
    case "gradients":
    case "logits":
    case "loss":
      throw new GlaiError("bad-argument", `Expected a writable buffer but ${name} is read only.`);
    default:
      name satisfies never;
      throw new GlaiError("bad-argument", `Expected a buffer name but received "${String(name)}".`);
  }
}
