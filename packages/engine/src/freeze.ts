import { GlaiError } from "@glai/core";
import type { FreezeRule } from "./protocol.js";
import type { ShiftPoint } from "./run.js";

/**
 * Epochs after which the reduced MLP is frozen at the latest: exactly then for `fraction` and `epochs`,
 * the cap for `auto`. `reference` is the number of epochs that `fraction` is taken of.
 *
 * @example reducedEpochLimit({ kind: "fraction", of: 0.2 }, 60) // 12
 */
export function reducedEpochLimit(rule: FreezeRule, reference: number): number {
  switch (rule.kind) {
    case "fraction":
      return Math.max(1, Math.round(rule.of * reference));
    case "epochs":
      return rule.n;
    case "auto":
      return rule.cap;
    default:
      return rule satisfies never;
  }
}

/**
 * The automatic rule: true when the relative shift of the last epoch is under `threshold` times its
 * maximum so far. The first epoch's shift is measured from the initialisation, so it never freezes alone.
 *
 * @example
 * hasSettled([point(1, 0.4), point(2, 0.3), point(3, 0.19)], 0.5) // true: 0.19 < 0.5 · 0.4
 */
export function hasSettled(shift: readonly ShiftPoint[], threshold: number): boolean {
  if (shift.length < 2) return false;
  let maximum = 0;
  for (const point of shift) maximum = Math.max(maximum, point.relative);
  return shift[shift.length - 1].relative < threshold * maximum;
}

/** Throws `bad-argument` naming the field unless the rule makes sense. */
export function checkFreezeRule(rule: FreezeRule, shiftRows: number): void {
  switch (rule.kind) {
    case "fraction":
      if (!(rule.of > 0 && rule.of <= 1))
        throw badRule(`freeze.of in (0, 1]`, rule.of, "0.2 is the paper's choice for family A.");
      return;
    case "epochs":
      if (!Number.isInteger(rule.n) || rule.n < 1)
        throw badRule("freeze.n to be an integer ≥ 1", rule.n);
      return;
    case "auto":
      if (!(rule.threshold > 0 && rule.threshold < 1))
        throw badRule("freeze.threshold in (0, 1)", rule.threshold, "0.5 is the default.");
      if (!Number.isInteger(rule.cap) || rule.cap < 1)
        throw badRule("freeze.cap to be an integer ≥ 1", rule.cap);
      if (shiftRows < 1)
        throw badRule(
          "shiftRows ≥ 1 with freeze auto",
          shiftRows,
          "300 rows find the epoch that 1,000 find, or the one beside it.",
        );
      return;
    default:
      rule satisfies never;
  }
}

function badRule(expected: string, received: number, hint?: string): GlaiError {
  return new GlaiError(
    "bad-argument",
    `Expected ${expected} but received ${received}.`,
    hint === undefined ? {} : { hint },
  );
}
