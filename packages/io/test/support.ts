import { readFileSync } from "node:fs";
import { GlaiError } from "../src/index.js";

/** The GlaiError that a call throws; anything else fails the test. */
export function thrownBy(call: () => unknown): GlaiError {
  try {
    call();
  } catch (error) {
    if (error instanceof GlaiError) return error;
    throw error;
  }
  throw new Error("Expected a GlaiError but nothing was thrown.");
}

/** The same for a promise. */
export async function rejectionOf(promise: Promise<unknown>): Promise<GlaiError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof GlaiError) return error;
    throw error;
  }
  throw new Error("Expected a GlaiError but nothing was thrown.");
}

export function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`fixtures/${name}`, import.meta.url), "utf8")) as T;
}

export function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}

/** The bytes of a typed array: equality that sees −0 and NaN payloads. */
export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength).slice();
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
