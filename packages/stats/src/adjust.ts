import { checkArray, checkNumber } from "./check.js";
import type { Sample } from "./check.js";
import { ascendingOrder } from "./order.js";

/**
 * Holm's step-down adjustment: reject where the adjusted p is ≤ α and the chance of any false rejection
 * among all tests is ≤ α, whatever their dependence. Same order as the input.
 *
 * Source: Holm (1979).
 *
 * @example
 * holm([0.01, 0.04, 0.03]); // [0.03, 0.06, 0.06]
 */
export function holm(pValues: Sample): number[] {
  const p = checkPValues(pValues);
  const adjusted = [...p];
  let running = 0;
  ascendingOrder(p).forEach((index, rank) => {
    running = Math.max(running, Math.min(1, p[index] * (p.length - rank)));
    adjusted[index] = running;
  });
  return adjusted;
}

/**
 * Benjamini–Hochberg adjustment: reject where the adjusted p is ≤ q and the expected share of false
 * rejections among all rejections is ≤ q, for independent (or positively dependent) tests. Same order as
 * the input.
 *
 * Source: Benjamini & Hochberg (1995).
 *
 * @example
 * benjaminiHochberg([0.01, 0.04, 0.03]); // [0.03, 0.04, 0.04]
 */
export function benjaminiHochberg(pValues: Sample): number[] {
  const p = checkPValues(pValues);
  const adjusted = [...p];
  let running = 1;
  const order = ascendingOrder(p);
  for (let rank = p.length; rank >= 1; rank--) {
    const index = order[rank - 1];
    running = Math.min(running, (p[index] * p.length) / rank);
    adjusted[index] = running;
  }
  return adjusted;
}

function checkPValues(pValues: Sample): number[] {
  checkArray(pValues, "pValues");
  return Array.from(pValues, (value, i) => {
    const p = checkNumber(value, `pValues[${i}]`);
    if (p >= 0 && p <= 1) return p;
    throw new RangeError(`Expected pValues[${i}] in 0..1 but received ${p}.`);
  });
}
