export type { Checkpoint, CheckpointArray, CheckpointStore } from "./checkpoint.js";
export type {
  CompareOptions,
  ComparedHead,
  ComparedRun,
  Comparison,
  Spread,
} from "./comparison.js";
export type { ComparisonEvent, TrainingEvent } from "./events.js";
export type { StopSignal, TrainOptions } from "./options.js";
export type {
  EarlyStoppingConfig,
  EstimatorConfig,
  ExperimentName,
  FreezeRule,
  GradientTraining,
  HeadName,
  ObjectiveConfig,
  PreprocessingConfig,
  ProtocolConfig,
  SolverConfig,
} from "./protocol.js";
export type {
  CurvePoint,
  HeadRun,
  PhaseName,
  RunPlan,
  RunSeconds,
  ShiftPoint,
  StopReason,
} from "./run.js";
