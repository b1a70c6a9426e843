import type { BlockKind, Capability, LossSpec, ModelSpec, OptimizerSpec, Sizes } from "@glai/core";
import type { HeadName, ProtocolConfig } from "@glai/engine";

/** What a run asks of a backend. */
export interface Requirements {
  readonly sizes: Sizes; // of the original MLP
  readonly batchSize: number;
  readonly models: readonly ModelSpec["kind"][];
  readonly blocks: readonly BlockKind[];
  readonly losses: readonly LossSpec["kind"][];
  readonly optimizers: readonly OptimizerSpec["kind"][];
}

/** Requirements of heads under a protocol, for features and outputs of the given widths. */
export function requirementsOf(
  heads: readonly HeadName[],
  protocol: ProtocolConfig,
  nFeatures: number,
  nClasses: number,
): Requirements {
  const nOutputs =
    protocol.objective.kind === "contrastive" ? protocol.objective.nOutputs : nClasses;
  const { solver } = protocol.estimator;
  const glai = heads.includes("glai") && solver.kind === "adam"; // closed forms need linear algebra only
  const optimizers = new Set<OptimizerSpec["kind"]>();
  if (heads.some((head) => head !== "glai")) optimizers.add(protocol.mlp.optimizer.kind);
  if (heads.includes("glai")) optimizers.add(protocol.reduced.optimizer.kind);
  if (solver.kind === "adam" && (glai || heads.includes("mlp-adam")))
    optimizers.add(solver.optimizer.kind);
  return {
    sizes: [nFeatures, ...protocol.hidden, nOutputs],
    batchSize: protocol.mlp.batchSize,
    models: glai ? ["mlp", "estimator"] : ["mlp"],
    blocks: glai ? [protocol.estimator.block] : [],
    losses: [protocol.objective.kind === "contrastive" ? "infoNCE" : "crossEntropy"],
    optimizers: [...optimizers],
  };
}

/** What a backend lacks, in words; undefined when it has everything. */
export function missingIn(capability: Capability, needed: Requirements): string | undefined {
  for (const kind of ["models", "blocks", "losses", "optimizers"] as const) {
    const offered: readonly string[] = capability[kind];
    const missing = needed[kind].filter((name) => !offered.includes(name));
    if (missing.length > 0) return `it does not have ${kind} ${missing.join(", ")}`;
  }
  return undefined;
}
