import { checkInteger, checkSameLength } from "../check.js";
import type { Sample } from "../check.js";
import { checkClasses, checkProbabilities, largestClass } from "./inputs.js";
import type { Probabilities, ProbabilityTable } from "./inputs.js";

/** Samples whose largest probability lies in (lower, upper]; empty bins are left out. */
export interface CalibrationBin {
  readonly lower: number;
  readonly upper: number;
  readonly n: number;
  readonly confidence: number; // mean largest probability
  readonly accuracy: number; // share that is right
}

/** How far confidence and accuracy are apart. */
export interface Calibration {
  readonly expectedError: number; // Σ n/N |accuracy − confidence|
  readonly maximumError: number; // the largest |accuracy − confidence| of a bin
  readonly bins: readonly CalibrationBin[];
}

/**
 * Expected calibration error of the predicted class over bins of equal width, and what a reliability
 * diagram shows.
 *
 * Source: Guo et al. (2017), with their 15 bins; Naeini et al. (2015).
 *
 * @example
 * calibrationError([0, 1], [[0.8, 0.2], [0.4, 0.6]]).expectedError; // 0.3
 */
export function calibrationError(
  labels: Sample,
  probabilities: Probabilities,
  options: { readonly bins?: number } = {},
): Calibration {
  const { bins = 15 } = options;
  checkInteger(bins, "bins", 1);
  const table = checkProbabilities(probabilities);
  const classes = checkClasses(labels, "labels", table.nClasses);
  checkSameLength(classes, "labels", { length: table.nSamples }, "probabilities");
  return calibrationOf(classes, table, bins);
}

/** The same for checked values. */
export function calibrationOf(
  labels: Uint32Array,
  table: ProbabilityTable,
  nBins: number,
): Calibration {
  const predicted = largestClass(table);
  const confidence = (i: number): number => table.values[i * table.nClasses + predicted[i]];
  return binned(labels.length, confidence, (i) => predicted[i] === labels[i], nBins);
}

/**
 * Calibration of one class's probability as a statement about that class against all others, over every sample. The
 * mean of its expected error over classes is the class-wise calibration error of Kull et al. (2019).
 */
export function classCalibrationOf(
  labels: Uint32Array,
  table: ProbabilityTable,
  class_: number,
  nBins: number,
): Calibration {
  const confidence = (i: number): number => table.values[i * table.nClasses + class_];
  return binned(labels.length, confidence, (i) => labels[i] === class_, nBins);
}

function binned(
  nSamples: number,
  confidenceOf: (i: number) => number,
  isRight: (i: number) => boolean,
  nBins: number,
): Calibration {
  const totals = Array.from({ length: nBins }, () => ({ n: 0, confidence: 0, right: 0 }));
  for (let i = 0; i < nSamples; i++) {
    const confidence = Math.min(1, confidenceOf(i));
    const bin = totals[Math.min(nBins - 1, Math.max(0, Math.ceil(confidence * nBins) - 1))];
    bin.n++;
    bin.confidence += confidence;
    if (isRight(i)) bin.right++;
  }
  const bins = totals.flatMap(({ n, confidence, right }, b): CalibrationBin[] =>
    n === 0
      ? []
      : [
          {
            lower: b / nBins,
            upper: (b + 1) / nBins,
            n,
            confidence: confidence / n,
            accuracy: right / n,
          },
        ],
  );
  const gaps = bins.map((bin) => Math.abs(bin.accuracy - bin.confidence));
  return {
    expectedError: gaps.reduce((total, gap, b) => total + gap * bins[b].n, 0) / nSamples,
    maximumError: Math.max(...gaps),
    bins,
  };
}
