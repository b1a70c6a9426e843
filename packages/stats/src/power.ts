import { checkFraction, checkInteger, checkNumber, checkOneOf } from "./check.js";
import { alternatives, pFromTails } from "./pairs.js";
import { monteCarloError } from "./permutation.js";
import { normalFrom, uniformFrom } from "./random.js";
import type { RandomOptions, Uniform } from "./random.js";
import type { Alternative, MonteCarlo } from "./result.js";
import { signedRanks } from "./signed-ranks.js";
import { binomialLowerTail, binomialProbability, binomialUpperTail } from "./special/binomial.js";
import { noncentralStudentCdf } from "./special/noncentral-student.js";
import { studentUpperQuantile } from "./special/student.js";
import { signedRankP } from "./wilcoxon.js";

interface PowerOptions {
  readonly n: number; // pairs
  readonly alpha?: number; // default 0.05
  readonly alternative?: Alternative; // default "two-sided"
}

/**
 * Power of the paired t test: the chance of p ≤ alpha when the differences are normal with mean
 * `effectSize` (Cohen's d_z) in units of their standard deviation. Exact, by the noncentral t.
 *
 * Source: Cohen (1988), chapter 2.
 *
 * @example
 * pairedTPower({ n: 18, effectSize: 0.7 }); // 0.799…
 */
export function pairedTPower(options: PowerOptions & { readonly effectSize: number }): number {
  const { n, effectSize } = options;
  const { alpha, alternative } = checkPower(options, 2);
  checkNumber(effectSize, "effectSize");
  const shift = effectSize * Math.sqrt(n);
  const sides = alternative === "two-sided" ? 2 : 1;
  const critical = studentUpperQuantile(alpha / sides, n - 1);
  const above = () => Math.max(0, 1 - noncentralStudentCdf(critical, n - 1, shift));
  const below = () => noncentralStudentCdf(-critical, n - 1, shift);
  if (alternative === "two-sided") return Math.min(1, above() + below());
  return alternative === "greater" ? above() : below();
}

/**
 * The fewest pairs with which the paired t test has at least the given power.
 *
 * @throws RangeError when the effect is so small, or of the wrong sign, that 100 000 pairs are not enough
 * @example
 * pairedTSampleSize({ effectSize: 0.7, power: 0.8 }); // 19
 */
export function pairedTSampleSize(options: {
  readonly effectSize: number;
  readonly power?: number; // default 0.8
  readonly alpha?: number; // default 0.05
  readonly alternative?: Alternative; // default "two-sided"
}): number {
  const { effectSize, power = 0.8, alpha = 0.05, alternative = "two-sided" } = options;
  checkFraction(power, "power");
  const enough = (n: number) => pairedTPower({ n, effectSize, alpha, alternative }) >= power;
  let [low, high] = [1, 2];
  while (!enough(high)) {
    [low, high] = [high, high * 2];
    if (low >= 100_000) {
      throw new RangeError(
        `Expected an effect that 100000 pairs can show with power ${power} but received effectSize ${effectSize} with alternative "${alternative}".`,
      );
    }
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/**
 * Power of the sign test when each difference is positive with probability `probability`. Exact.
 *
 * @example
 * signTestPower({ n: 18, probability: 0.8 }); // 0.716…
 */
export function signTestPower(options: PowerOptions & { readonly probability: number }): number {
  const { n, probability } = options;
  const { alpha, alternative } = checkPower(options, 1);
  checkFraction(probability, "probability");
  let power = 0;
  for (let k = 0; k <= n; k++) {
    const lower = binomialLowerTail(k, n, 0.5);
    const upper = binomialUpperTail(k, n, 0.5);
    if (pFromTails(lower, upper, alternative) <= alpha) {
      power += binomialProbability(k, n, probability);
    }
  }
  return Math.min(1, power);
}

/** A power found by simulation. */
export interface SimulatedPower extends MonteCarlo {
  readonly power: number;
}

const shapes = {
  normal: normalFrom,
  laplace: (random: Uniform) => laplace(random) / Math.SQRT2,
  uniform: (random: Uniform) => (2 * random() - 1) * Math.sqrt(3),
};

/**
 * Power of the Wilcoxon signed-rank test (method "auto") by simulation: differences of mean `effectSize` and
 * standard deviation 1 with the given shape. Seeded, so the same call gives the same answer.
 *
 * @example
 * wilcoxonPower({ n: 18, effectSize: 0.7, seed: 1 }).power; // 0.77825
 */
export function wilcoxonPower(
  options: PowerOptions &
    RandomOptions & {
      readonly effectSize: number;
      readonly shape?: keyof typeof shapes; // default "normal"
      readonly simulations?: number; // default 4000
    },
): SimulatedPower {
  const { n, effectSize, shape = "normal", simulations = 4000 } = options;
  const { alpha, alternative } = checkPower(options, 1);
  checkNumber(effectSize, "effectSize");
  checkInteger(simulations, "simulations", 100);
  checkOneOf(shape, "shape", ["normal", "laplace", "uniform"]);
  const random = uniformFrom(options);
  let hits = 0;
  for (let i = 0; i < simulations; i++) {
    const differences = Float64Array.from({ length: n }, () => effectSize + shapes[shape](random));
    const { pValue } = signedRankP(signedRanks(differences, "wilcox"), alternative);
    if (pValue <= alpha) hits++;
  }
  const power = hits / simulations;
  return { power, ...monteCarloError(power, simulations) };
}

function laplace(random: Uniform): number {
  const u = random() - 0.5;
  return -Math.sign(u) * Math.log(1 - 2 * Math.abs(u));
}

function checkPower({ n, alpha = 0.05, alternative = "two-sided" }: PowerOptions, minimum: number) {
  checkInteger(n, "n", minimum);
  checkFraction(alpha, "alpha");
  checkOneOf(alternative, "alternative", alternatives);
  return { alpha, alternative };
}
