import type { BlockKind, OptimizerSpec } from "@glai/core";

/** Names of the architectures of the paper's Table 1. */
export type ShapeName = "A1" | "A2" | "B1" | "B2" | "C1" | "C2";

export interface BenchOptions {
  readonly shapes?: readonly ShapeName[]; // default: all six
  readonly batches?: readonly number[]; // default: 16, 32, 256
  /** Fewer rounds and shorter ones: a look, not a measurement. */
  readonly quick?: boolean;
  readonly rounds?: number; // default 5, quick 3
  readonly threads?: number; // default 1: what one core does
  readonly tiers?: readonly BenchTier[]; // default: those that run here
  /**
   * `wall` (default), or `cpu`: processor time of the process, for machines that are busy with something else.
   * It counts all threads, so it is meant for one.
   */
  readonly clock?: "cpu" | "wall";
  /** Python with torch; default the first of python3 and /usr/bin/python3 that has it. */
  readonly python?: string;
  readonly onProgress?: (line: string) => void;
}

export type BenchTier = "native" | "pytorch" | "tfjs" | "typescript" | "wasm";

export interface BenchReport {
  readonly machine: BenchMachine;
  readonly rows: readonly BenchRow[];
  readonly conversion: readonly ConversionRow[];
  /** What was left out, and why. */
  readonly notes: readonly string[];
}

export interface BenchMachine {
  readonly cpu: string;
  readonly instructionSet: string;
  readonly cores: number; // physical
  readonly threads: number; // of our tiers and of the peers
  readonly clock: "cpu" | "wall";
  readonly node: string;
  readonly pytorch: string | null;
  readonly tfjs: string | null;
}

export interface BenchRow {
  readonly shape: ShapeName;
  readonly batch: number;
  readonly model: "estimator" | "mlp";
  readonly optimizer: OptimizerSpec["kind"];
  readonly selection: BlockKind | null; // null for an mlp
  readonly tier: BenchTier;
  readonly microseconds: number; // median over the rounds, per optimiser step
  /** To our native MLP SGD step of the same shape and batch: median, least and most over the rounds. */
  readonly ratioToMlpSgd: number | null;
  readonly min: number | null;
  readonly max: number | null;
}

export interface ConversionRow {
  readonly shape: ShapeName;
  readonly paths: number; // E
  readonly kept: number; // K
  readonly milliseconds: number; // activation patterns and exact selection of single paths, 5000 samples
  readonly peakExtraBytes: number; // resident memory at its highest, minus that before
}
