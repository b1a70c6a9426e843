export { activationPatterns } from "./activation-patterns.js";
export { applyPreprocessing } from "./apply-preprocessing.js";
export type { BitMatrix, Features, FloatArray } from "./arrays.js";
export type {
  Backend,
  BufferName,
  Capability,
  Samples,
  SamplesHandle,
  Session,
  TrainOptions,
} from "./backend.js";
export { createBitMatrix, getBit, popcount32, setBit } from "./bits.js";
export { type PathBudget, pathBudget, reduceSizes, type ReductionOptions } from "./budget.js";
export { type CallQueue, createCallQueue } from "./call-queue.js";
export { certify } from "./certify.js";
export {
  checkFeatures,
  checkLabels,
  findNonFinite,
  type LabelArray,
  type NonFiniteReport,
} from "./checks.js";
export type {
  ConformanceCheck,
  ConformanceReport,
  ConformanceResult,
} from "./conformance/check.js";
export { conformanceChecks, type ConformanceOptions, runConformance } from "./conformance/run.js";
export type {
  ActivationPatterns,
  Budget,
  ConversionKernels,
  Converted,
  Ranking,
  SelectionRequest,
} from "./conversion.js";
export type { Dataset, Split } from "./dataset.js";
export { dropoutBits, dropoutMask, dropoutThreshold, mix32 } from "./dropout.js";
export { GlaiError, type GlaiErrorCode, isGlaiError } from "./errors.js";
export { blockWidth, estimatorForward, measurePruningError, pathsOf } from "./estimator.js";
export { explainHead, type ExplainOptions, type Explanation, type LogitTerm } from "./explain.js";
export { gateBits } from "./gates.js";
export type { HeadBody, HeadModel, JsonValue } from "./head.js";
export { headLogits } from "./head-logits.js";
export { headWidths } from "./head-widths.js";
export type {
  KernelSamples,
  KernelSpec,
  LinearAlgebra,
  Matrix,
  StridedMatrix,
} from "./linear-algebra.js";
export { lossAndGradient, type LossResult, type LossTarget } from "./losses/loss.js";
export { createMlp, layersOf, type Mlp, mlpForward, type MlpLayer } from "./mlp.js";
export { applyOptimizer, optimizerDefaults, type OptimizerState } from "./optimizer.js";
export {
  enumeratePaths,
  type Path,
  pathContribution,
  pathDistance,
  pathNorm,
  pathWeight,
} from "./paths.js";
export type { Preprocessing, PreprocessingKind } from "./preprocessing.js";
export { pruneSelection } from "./prune-selection.js";
export { randomBlocks } from "./pruning/random-order.js";
export { createRandom, type Random, restoreRandom } from "./random.js";
export { createReferenceBackend } from "./reference/backend.js";
export { referenceConversion } from "./reference/conversion.js";
export { referenceLinearAlgebra } from "./reference/linear-algebra.js";
export { selectPaths } from "./select-paths.js";
export type { BlockKind, Certificate, GateTable, PathSelection } from "./selection.js";
export {
  checkBufferName,
  checkBufferValues,
  checkRowArray,
  disposedSession,
  findUpload,
  type WritableBuffer,
  writableBuffer,
} from "./session-arguments.js";
export {
  checkRows,
  checkSamples,
  checkTargetPresent,
  checkTraining,
  checkTrainOptions,
  hasTarget,
  modelShape,
  type ModelShape,
} from "./session-checks.js";
export { parameterCount, pathCount, type Sizes, validateSizes } from "./sizes.js";
export { softmax } from "./softmax.js";
export {
  meanPathNorm,
  type PathShift,
  shiftBetween,
  type ShiftSamples,
  shiftSamples,
  structuralShift,
} from "./structural-shift.js";
export { totalMass } from "./total-mass.js";
export type {
  DropoutSpec,
  LossSpec,
  ModelSpec,
  OptimizerSpec,
  TrainingSpec,
} from "./training-spec.js";
export { condenseTwins, type CondensedSelection, deviationAfter, expandWeights } from "./twins.js";
