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
export {
  checkFeatures,
  checkLabels,
  findNonFinite,
  type LabelArray,
  type NonFiniteReport,
} from "./checks.js";
export type {
  ActivationPatterns,
  Budget,
  ConversionKernels,
  SelectionRequest,
} from "./conversion.js";
export type { Dataset, Split } from "./dataset.js";
export { GlaiError, type GlaiErrorCode, isGlaiError } from "./errors.js";
export type { HeadBody, HeadModel, JsonValue } from "./head.js";
export type { KernelSamples, KernelSpec, LinearAlgebra, Matrix } from "./linear-algebra.js";
export type { Mlp } from "./mlp.js";
export type { Preprocessing, PreprocessingKind } from "./preprocessing.js";
export type { BlockKind, Certificate, GateTable, PathSelection } from "./selection.js";
export type { Sizes } from "./sizes.js";
export type {
  DropoutSpec,
  LossSpec,
  ModelSpec,
  OptimizerSpec,
  TrainingSpec,
} from "./training-spec.js";
