export { checkDataset } from "./check-dataset.js";
export { checkProtocol } from "./check-protocol.js";
export { pathWeights } from "./closed-form/path-weights.js";
export type { Checkpoint, CheckpointArray, CheckpointStore } from "./checkpoint.js";
export { compareHeads, spread } from "./compare-heads.js";
export type {
  CompareOptions,
  ComparedHead,
  ComparedRun,
  Comparison,
  Spread,
} from "./comparison.js";
export {
  earlyStoppingStep,
  type EarlyStoppingState,
  type EarlyStoppingStep,
  noEpochYet,
  type ScoreName,
} from "./early-stopping.js";
export {
  drawEpisode,
  type Episode,
  episodeDataset,
  type EpisodeShape,
  episodeShapes,
} from "./episodes/episode.js";
export {
  type EpisodeMean,
  type EpisodeOptions,
  type EpisodesRun,
  runEpisodes,
} from "./episodes/run-episodes.js";
export type { ComparisonEvent, TrainingEvent } from "./events.js";
export { hasSettled, reducedEpochLimit } from "./freeze.js";
export { innerSplit } from "./inner-split.js";
export { measureStep } from "./measure-step.js";
export { modelFromCheckpoint } from "./model-from-checkpoint.js";
export type { StopSignal, TrainOptions } from "./options.js";
export { planRun, type PlanRequest } from "./plan.js";
export { predictHead } from "./predict-head.js";
export { fitPreprocessing, type FitOptions } from "./preprocessing/fit.js";
export { compactSolver, protocolDefaults } from "./protocol-defaults.js";
export type {
  EarlyStoppingConfig,
  EstimatorConfig,
  ExperimentName,
  FreezeRule,
  GradientTraining,
  HeadName,
  KernelForm,
  ObjectiveConfig,
  PreprocessingConfig,
  ProtocolConfig,
  SolverConfig,
} from "./protocol.js";
export type {
  RetrainChange,
  RetrainedHead,
  RetrainReport,
  SampleChange,
} from "./retrain/change.js";
export { factorBytes, keepFactor } from "./retrain/kept-factor.js";
export { decodeRetraining, encodeRetraining } from "./retrain/record.js";
export { retrainHead, type RetrainOptions } from "./retrain/retrain-head.js";
export type {
  KernelRetraining,
  RetrainableHead,
  RetrainingState,
  RidgeRetraining,
} from "./retrain/state.js";
export type {
  CurvePoint,
  HeadRun,
  PhaseName,
  RunPlan,
  RunSeconds,
  SearchReport,
  ShiftPoint,
  SolverCost,
  SolverReport,
  StopReason,
} from "./run.js";
export { selectionRows } from "./selection-rows.js";
export {
  appendToFactor,
  createKernelFactor,
  type KernelFactor,
  removeFromFactor,
  solveFactor,
} from "./solvers/kernel-factor.js";
export {
  type DualMethod,
  type KernelRidgeOptions,
  type KernelRidgeReport,
  type KernelRidgeSolution,
  solveKernelRidge,
} from "./solvers/kernel-ridge.js";
export { infinitePathKernel, pathKernel, rbfKernel } from "./solvers/kernels.js";
export { productFeatures } from "./solvers/product-features.js";
export {
  ridgeLeaveOneOut,
  type RidgeReport,
  ridgeScores,
  type RidgeSolution,
  solveRidge,
} from "./solvers/ridge.js";
export {
  emptyStatistics,
  gatherStatistics,
  mergeStatistics,
  removeStatistics,
  type RidgeStatistics,
} from "./solvers/ridge-statistics.js";
export { type ExperimentConstants, table2 } from "./table2.js";
export { timeToTarget } from "./time-to-target.js";
export { trainHead } from "./train-head.js";
export { type MlpConfiguration, mlpGrid, mlpProtocol, type TunedMlp, tuneMlp } from "./tune-mlp.js";
