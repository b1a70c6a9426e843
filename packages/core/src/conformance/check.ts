import type { Backend, Capability } from "../backend.js";
import { GlaiError } from "../errors.js";

/** One promise of the `Backend` interface, testable on any implementation of it. */
export interface ConformanceCheck {
  /** A sentence about behaviour. */
  readonly name: string;
  /** Why the check does not apply to this backend, or undefined when it does. */
  skipReason(backend: Backend, capability: Capability): string | undefined;
  /** Resolves with what was measured; rejects with what was expected and found. */
  run(backend: Backend, capability: Capability): Promise<string>;
}

export interface ConformanceResult {
  readonly name: string;
  readonly status: "passed" | "failed" | "skipped";
  /** What was measured, or what was expected and found. Empty when skipped. */
  readonly detail: string;
  /** Why the check was skipped. */
  readonly reason?: string;
}

export interface ConformanceReport {
  readonly backend: string;
  readonly capability: Capability;
  readonly results: readonly ConformanceResult[];
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Throws what a failed check reports. */
export function fail(message: string): never {
  throw new GlaiError("internal", message, {
    hint: "The backend breaks a promise of packages/core/src/backend.ts.",
  });
}

export function expectThat(condition: boolean, message: () => string): asserts condition {
  if (!condition) fail(message());
}
