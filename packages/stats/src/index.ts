export { benjaminiHochberg, holm } from "./adjust.js";
export { bootstrapInterval, bootstrapTest } from "./bootstrap.js";
export type { BootstrapOptions } from "./bootstrap.js";
export type { Sample } from "./check.js";
export { areaUnderCurve } from "./classification/area-under-curve.js";
export { calibrationError } from "./classification/calibration.js";
export type { Calibration, CalibrationBin } from "./classification/calibration.js";
export { classificationReport } from "./classification/classification-report.js";
export type {
  AverageScores,
  ClassScores,
  ClassificationOptions,
  ClassificationReport,
} from "./classification/classification-report.js";
export type { Probabilities } from "./classification/inputs.js";
export { clusterMeans, clusteredPairs, intraclassCorrelation } from "./clusters.js";
export type { Cluster, ClusteredOptions } from "./clusters.js";
export { mean, sampleStandardDeviation } from "./descriptive.js";
export { cohensDz, matchedPairsRankBiserial } from "./effect-size.js";
export type { EffectSizeOptions } from "./effect-size.js";
export { formatResult } from "./format-result.js";
export { friedman, kendallW } from "./friedman.js";
export type { FriedmanOptions } from "./friedman.js";
export { hodgesLehmann } from "./hodges-lehmann.js";
export { holmPostHoc } from "./holm-post-hoc.js";
export type { HolmPostHocOptions } from "./holm-post-hoc.js";
export { minimumAttainableP, pairsNeeded } from "./minimum-p.js";
export { nemenyi } from "./nemenyi.js";
export type { NemenyiOptions, NemenyiResult, PairwiseResult } from "./nemenyi.js";
export { pairedT } from "./paired-t.js";
export type { ClusterLabels, PairedOptions } from "./pairs.js";
export { permutationTest } from "./permutation.js";
export type { PermutationOptions } from "./permutation.js";
export { pairedTPower, pairedTSampleSize, signTestPower, wilcoxonPower } from "./power.js";
export type { SimulatedPower } from "./power.js";
export { median, quantile } from "./quantile.js";
export type { QuantileMethod } from "./quantile.js";
export { seededRandom } from "./random.js";
export type { RandomOptions, Uniform } from "./random.js";
export { ratioSummary } from "./ratios.js";
export type { RatioSummary } from "./ratios.js";
export type { Alternative, Estimate, Interval, MonteCarlo, TestResult } from "./result.js";
export { parseColumns, runTest, testNames } from "./run-test.js";
export type { Columns, TestName } from "./run-test.js";
export { signTest } from "./sign-test.js";
export type { ZeroMethod } from "./signed-ranks.js";
export type { Table } from "./table.js";
export { wilcoxonSignedRank } from "./wilcoxon.js";
export type { WilcoxonMethod, WilcoxonOptions } from "./wilcoxon.js";
