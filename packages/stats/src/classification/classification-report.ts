import { checkInteger, checkSameLength } from "../check.js";
import type { Sample } from "../check.js";
import { checkNames } from "../table.js";
import { areaOf } from "./area-under-curve.js";
import { calibrationOf, classCalibrationOf } from "./calibration.js";
import type { Calibration } from "./calibration.js";
import {
  checkClasses,
  checkProbabilities,
  isProbabilities,
  largestClass,
  maximumClasses,
} from "./inputs.js";
import type { Probabilities, ProbabilityTable } from "./inputs.js";

/** One class against all others. Ratios with an empty denominator are 0, with a warning. */
export interface ClassScores {
  readonly name: string;
  readonly support: number; // samples with this label
  readonly predicted: number; // samples predicted as this class
  readonly precision: number; // right / predicted
  readonly recall: number; // right / support
  readonly f1: number; // harmonic mean of both
  readonly auc?: number; // one-vs-rest; absent without probabilities, or when the class is none or all
  readonly calibrationError?: number; // expected, of its probability, one-vs-rest; absent without probabilities
}

/** Averages over classes. */
export interface AverageScores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly auc?: number; // over the classes that have one
  readonly calibrationError?: number; // macro: the class-wise calibration error
}

export interface ClassificationReport {
  readonly nSamples: number;
  readonly accuracy: number;
  readonly balancedAccuracy: number; // mean recall of the classes with support
  readonly classes: readonly ClassScores[]; // [nClasses]
  readonly macro: AverageScores; // every class that occurs counts alike
  readonly weighted: AverageScores; // classes count by support
  readonly confusion: readonly (readonly number[])[]; // [nClasses][nClasses] row label, column prediction
  readonly calibration?: Calibration; // with probabilities
  readonly warnings: readonly string[];
}

export interface ClassificationOptions {
  readonly nClasses?: number; // default: the columns of the probabilities, or the largest index + 1; at most 5000
  readonly names?: ArrayLike<string>; // [nClasses], default "0", "1", …
  readonly bins?: number; // of the calibration, default 15
}

/**
 * Class-wise scores of predictions or of class probabilities (then also one-vs-rest AUC and calibration, by class and of the predicted class).
 * The definitions are scikit-learn's with `zero_division=0`: a class that occurs neither among labels nor
 * among predictions is left out of the macro average.
 *
 * @param labels class indices [nSamples]
 * @param predictions class indices [nSamples], or probabilities [nSamples][nClasses]
 * @throws TypeError or RangeError for lengths that differ, indices out of range, rows that do not sum to 1
 * @example
 * const report = classificationReport([0, 0, 1, 1], [0, 1, 1, 1]);
 * report.accuracy; // 0.75
 * report.confusion; // [[1, 1], [0, 2]]
 */
export function classificationReport(
  labels: Sample,
  predictions: Sample | Probabilities,
  options: ClassificationOptions = {},
): ClassificationReport {
  const { bins = 15 } = options;
  checkInteger(bins, "bins", 1);
  const table = isProbabilities(predictions) ? checkProbabilities(predictions) : undefined;
  const nClasses = options.nClasses ?? table?.nClasses;
  if (nClasses !== undefined) checkInteger(nClasses, "nClasses", 1, maximumClasses);
  if (table !== undefined && nClasses !== table.nClasses) {
    throw new RangeError(
      `Expected probabilities of ${nClasses} classes but they have ${table.nClasses} columns.`,
    );
  }
  const truth = checkClasses(labels, "labels", nClasses);
  const predicted =
    table === undefined
      ? checkClasses(predictions as Sample, "predictions", nClasses)
      : largestClass(table);
  checkSameLength(truth, "labels", predicted, "predictions");
  const confusion = countPairs(truth, predicted, nClasses);
  const names = checkNames(
    options.names ?? confusion.map((_, c) => String(c)),
    confusion.length,
    "class",
  );
  const classes = confusion.map((_, c) => scoresOf(confusion, c, names[c], truth, table, bins));
  const right = confusion.reduce((total, row, c) => total + row[c], 0);
  const supported = classes.filter((scores) => scores.support > 0);
  return {
    nSamples: truth.length,
    accuracy: right / truth.length,
    balancedAccuracy:
      average(
        supported,
        (scores) => scores.recall,
        () => 1,
      ) ?? 0,
    classes,
    macro: averages(classes, () => 1),
    weighted: averages(classes, (scores) => scores.support),
    confusion,
    ...(table === undefined ? {} : { calibration: calibrationOf(truth, table, bins) }),
    warnings: warningsOf(classes, table !== undefined),
  };
}

function countPairs(truth: Uint32Array, predicted: Uint32Array, nClasses?: number): number[][] {
  const largest = Math.max(
    ...[truth, predicted].map((list) => list.reduce((a, b) => Math.max(a, b))),
  );
  const count = nClasses ?? largest + 1;
  const confusion = Array.from({ length: count }, () => Array.from({ length: count }, () => 0));
  truth.forEach((label, i) => confusion[label][predicted[i]]++);
  return confusion;
}

function scoresOf(
  confusion: readonly (readonly number[])[],
  c: number,
  name: string,
  truth: Uint32Array,
  table: ProbabilityTable | undefined,
  bins: number,
): ClassScores {
  const support = confusion[c].reduce((a, b) => a + b, 0);
  const predicted = confusion.reduce((total, row) => total + row[c], 0);
  const right = confusion[c][c];
  const auc = table && areaOf(column(table, c), (i) => truth[i] === c);
  return {
    name,
    support,
    predicted,
    precision: predicted === 0 ? 0 : right / predicted,
    recall: support === 0 ? 0 : right / support,
    f1: support + predicted === 0 ? 0 : (2 * right) / (support + predicted),
    ...(auc === undefined ? {} : { auc }),
    ...(table && { calibrationError: classCalibrationOf(truth, table, c, bins).expectedError }),
  };
}

function column({ values, nSamples, nClasses }: ProbabilityTable, c: number): Float64Array {
  return Float64Array.from({ length: nSamples }, (_, i) => values[i * nClasses + c]);
}

function averages(
  classes: readonly ClassScores[],
  weight: (scores: ClassScores) => number,
): AverageScores {
  const present = classes.filter((scores) => scores.support + scores.predicted > 0);
  const auc = average(present, (scores) => scores.auc, weight);
  const calibrationError = average(present, (scores) => scores.calibrationError, weight);
  return {
    precision: average(present, (scores) => scores.precision, weight) ?? 0,
    recall: average(present, (scores) => scores.recall, weight) ?? 0,
    f1: average(present, (scores) => scores.f1, weight) ?? 0,
    ...(auc === undefined ? {} : { auc }),
    ...(calibrationError === undefined ? {} : { calibrationError }),
  };
}

/** Weighted mean over the classes where the score exists; undefined where none has weight. */
function average(
  classes: readonly ClassScores[],
  score: (scores: ClassScores) => number | undefined,
  weight: (scores: ClassScores) => number,
): number | undefined {
  let total = 0;
  let weights = 0;
  for (const scores of classes) {
    const value = score(scores);
    if (value === undefined) continue;
    total += value * weight(scores);
    weights += weight(scores);
  }
  return weights === 0 ? undefined : total / weights;
}

function warningsOf(classes: readonly ClassScores[], hasProbabilities: boolean): string[] {
  const named = (test: (scores: ClassScores) => boolean, text: string) => {
    const names = classes.filter(test).map((scores) => scores.name);
    if (names.length === 0) return [];
    const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
    return [`${text}: ${names.slice(0, 5).join(", ")}${more}.`];
  };
  return [
    ...named((s) => s.support === 0 && s.predicted > 0, "Recall is 0 for classes without samples"),
    ...named(
      (s) => s.predicted === 0 && s.support > 0,
      "Precision is 0 for classes never predicted",
    ),
    ...named((s) => s.support + s.predicted === 0, "Classes without samples or predictions"),
    ...named(
      (s) => hasProbabilities && s.auc === undefined,
      "AUC is undefined for classes that no or every sample has",
    ),
  ];
}
