import { createHash } from "node:crypto";
import { type BlockKind, parameterCount, reduceSizes } from "@glai/core";
import type { HeadName, ProtocolConfig } from "@glai/engine";
import { protocolDefaults } from "@glai/engine";
import type { DatasetOnDisk } from "@glai/io/node";
import type { Experiment } from "./experiment.js";
import type { Group } from "./record.js";

/** A piece of work that is done whole or not at all: one head, or the episodes of all heads of a group. */
export interface Unit {
  readonly file: string; // in the out folder
  readonly label: string; // for progress
  readonly experiment: Experiment;
  readonly group: Group;
  readonly heads: readonly HeadName[]; // several for episodes, which interleave them
  readonly protocol: ProtocolConfig;
  readonly seed: number;
  readonly rho: number;
  readonly share?: number; // of K = O − R to keep; O and R are known with the data: `withShare`
}

/** What a reproduction was asked for. */
export interface UnitOptions {
  readonly seeds: readonly number[];
  readonly rhos: readonly number[]; // of the ablation; empty: none
  readonly quick: boolean;
  readonly block?: BlockKind; // instead of the experiment's own
}

/** Units of an experiment: seeds outermost, so that a busy moment hits all heads alike; the MLP first. */
export function unitsOf(experiment: Experiment, options: UnitOptions): readonly Unit[] {
  const { heads, honest, protocol } = experiment;
  const own = withBlock(protocol, options.block);
  const paper = options.quick ? quickened(own) : own;
  return options.seeds.flatMap((seed) => {
    const group = (group: Group, heads: readonly HeadName[], protocol: ProtocolConfig): Unit[] =>
      split(experiment, heads).map((some) =>
        unit({ experiment, group, heads: some, protocol, seed }),
      );
    const { share } = experiment.lean;
    const lean = leanProtocol(experiment, paper);
    // In episodes the MLP stands beside GLAI: its epochs are what the reduced MLP takes its share of.
    const besides: HeadName[] = experiment.episodes === undefined ? ["glai"] : ["mlp", "glai"];
    const leanUnits = group("lean", besides, lean).map((one) => ({ ...one, share }));
    const rhos = options.rhos.flatMap((rho) => group("ablation", besides, { ...paper, rho }));
    const other = honestProtocol(experiment, options.quick);
    return [
      ...group("table3", heads, paper),
      ...leanUnits,
      ...group("honest", honest.heads, other),
      ...rhos,
    ];
  });
}

/** GLAI with less of everything; all that concerns the MLP stays. Episodes train it again beside GLAI. */
function leanProtocol({ lean }: Experiment, protocol: ProtocolConfig): ProtocolConfig {
  const { estimator, reduced } = protocol;
  const { solver } = estimator;
  return {
    ...protocol,
    selectionRows: Math.min(protocol.selectionRows, lean.selectionRows),
    reduced: { ...reduced, freeze: { kind: "epochs", n: lean.reducedEpochs } },
    estimator: {
      ...estimator,
      rank: lean.rank,
      solver: solver.kind === "adam" ? { ...solver, batchSize: lean.batchSize } : solver,
    },
  };
}

/** The unit with its share of K = O − R as a number of paths. */
export function withShare(unit: Unit, { train, nClasses }: DatasetOnDisk): Unit {
  const { experiment, protocol, share } = unit;
  if (share === undefined) return unit;
  const { estimator, hidden, objective, rho } = protocol;
  const nOutputs =
    objective.kind === "contrastive" ? objective.nOutputs : (experiment.episodes?.ways ?? nClasses);
  const sizes = [train.features.nFeatures, ...hidden, nOutputs];
  const match = parameterCount(sizes) - parameterCount(reduceSizes(sizes, rho, { rule: "any" }));
  const keep = Math.max(nOutputs, Math.round(share * match));
  return { ...unit, protocol: { ...protocol, estimator: { ...estimator, budget: { keep } } } };
}

function withBlock(protocol: ProtocolConfig, block: BlockKind | undefined): ProtocolConfig {
  return block === undefined
    ? protocol
    : { ...protocol, estimator: { ...protocol.estimator, block } };
}

function split(
  experiment: Experiment,
  heads: readonly HeadName[],
): readonly (readonly HeadName[])[] {
  if (heads.length === 0) return [];
  return experiment.episodes === undefined ? heads.map((head) => [head]) : [heads];
}

function unit(parts: Omit<Unit, "file" | "label" | "rho">): Unit {
  const { experiment, group, heads, protocol, seed } = parts;
  const what = heads.length === 1 ? (heads[0] ?? "") : "episodes";
  const rho = group === "ablation" ? `-rho${protocol.rho}` : "";
  const name = `${experiment.experiment}-${group}-${what}${rho}-seed${seed}`;
  return {
    ...parts,
    rho: protocol.rho,
    file: `${name}.json`,
    label: name.replaceAll("-seed", ", seed "),
  };
}

function honestProtocol({ honest, protocol }: Experiment, quick: boolean): ProtocolConfig {
  const base =
    honest.protocol === "paper"
      ? protocol
      : { ...protocolDefaults("fast"), hidden: protocol.hidden, shiftRows: 0 };
  return quick ? quickened(base) : base;
}

/** Enough to see that everything works, and nothing to draw conclusions from. */
function quickened(protocol: ProtocolConfig): ProtocolConfig {
  return {
    ...protocol,
    hidden: protocol.hidden.map(() => 16),
    maxEpochs: 2,
    selectionRows: 64,
    shiftRows: 0,
  };
}

/** A unit's identity: with any of this changed its file does not count. */
export function keyOf(
  { heads, protocol, seed, experiment }: Unit,
  dataset: DatasetOnDisk,
  made: {
    readonly version: string;
    readonly backend: string;
    readonly quick: boolean;
    readonly mlpEpochs: number | null;
  },
): string {
  const { episodes } = experiment;
  const content = { heads, protocol, seed, episodes, checksums: dataset.checksums, ...made };
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}
