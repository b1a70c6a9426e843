export { formatBench } from "./format-bench.js";
export { runBench } from "./run-bench.js";
export type {
  BenchMachine,
  BenchOptions,
  BenchReport,
  BenchRow,
  BenchTier,
  ConversionRow,
  ShapeName,
} from "./types.js";
