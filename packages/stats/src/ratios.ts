import { bootstrapInterval } from "./bootstrap.js";
import type { BootstrapOptions } from "./bootstrap.js";
import { checkSameLength, checkSample } from "./check.js";
import type { Sample } from "./check.js";
import { deviationOf, meanOf, sum } from "./descriptive.js";
import type { Estimate } from "./result.js";
import { studentUpperQuantile } from "./special/student.js";

/** Three answers to "how many times as much?", which agree only when all ratios are equal. */
export interface RatioSummary {
  readonly ratios: readonly number[]; // [n] numerator / denominator
  readonly meanOfRatios: Estimate; // every pair counts the same; large ratios pull it up
  readonly ratioOfMeans: Estimate; // pairs count by their size: total over total
  readonly geometricMean: Estimate; // the mean on the log scale; swapping roles gives the reciprocal
}

/**
 * Mean of ratios, ratio of means and geometric mean ratio of positive pairs, such as old over new times.
 * The intervals of the first two are BCa bootstrap intervals, that of the third is Student's on the
 * logarithms. Only the geometric mean does not depend on which side is called the numerator: the mean of
 * ratios of [2, ½] is 1.25 either way round.
 *
 * Source: Fleming & Wallace (1986).
 *
 * @throws RangeError for fewer than two pairs and for values that are not positive
 * @example
 * ratioSummary([4, 1], [2, 2]).meanOfRatios.estimate; // 1.25
 * ratioSummary([4, 1], [2, 2]).geometricMean.estimate; // 1
 */
export function ratioSummary(
  numerators: Sample,
  denominators: Sample,
  options: BootstrapOptions = {},
): RatioSummary {
  const tops = checkPositive(numerators, "numerators");
  const bottoms = checkPositive(denominators, "denominators");
  checkSameLength(tops, "numerators", bottoms, "denominators");
  const ratios = Array.from(tops, (top, i) => finiteRatio(top / bottoms[i], i));
  const rows = ratios.map((_, i) => i);
  const totalOver = (picked: readonly number[]) =>
    sum(picked.map((i) => tops[i])) / sum(picked.map((i) => bottoms[i]));
  const meanRatio = (picked: readonly number[]) =>
    meanOf(Float64Array.from(picked, (i) => ratios[i]));
  return {
    ratios,
    meanOfRatios: named("mean of ratios", bootstrapInterval(rows, meanRatio, options)),
    ratioOfMeans: named("ratio of means", bootstrapInterval(rows, totalOver, options)),
    geometricMean: geometric(ratios, options.level ?? 0.95),
  };
}

function checkPositive(values: Sample, name: string): Float64Array {
  const checked = checkSample(values, name, 2);
  const at = checked.findIndex((value) => value <= 0);
  if (at < 0) return checked;
  throw new RangeError(
    `Expected positive numbers in ${name} but ${name}[${at}] is ${checked[at]}.`,
  );
}

function finiteRatio(ratio: number, i: number): number {
  if (ratio > 0 && Number.isFinite(ratio)) return ratio;
  throw new RangeError(
    `Expected ratios within the range of doubles but pair ${i} gives ${ratio}: rescale the data.`,
  );
}

function named(name: string, estimate: Estimate): Estimate {
  return { ...estimate, method: `${name}, ${estimate.method}` };
}

function geometric(ratios: readonly number[], level: number): Estimate {
  const logs = Float64Array.from(ratios, Math.log);
  const centre = meanOf(logs);
  const error = deviationOf(logs) / Math.sqrt(logs.length);
  const margin = studentUpperQuantile((1 - level) / 2, logs.length - 1) * error;
  return {
    method: "geometric mean of ratios, Student interval of the logarithms",
    estimate: Math.exp(centre),
    interval: { lower: Math.exp(centre - margin), upper: Math.exp(centre + margin), level },
    n: logs.length,
    warnings: [],
  };
}
