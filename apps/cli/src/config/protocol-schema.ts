import { compactSolver, type ProtocolConfig } from "@glai/engine";
import { z } from "zod";

const count = z.int().min(1);
const rate = z.number().gt(0).finite();

const optimizer = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("sgd"),
    momentum: z.number().min(0).lt(1),
    weightDecay: z.number().min(0),
  }),
  z.strictObject({
    kind: z.enum(["adam", "adamw"]),
    beta1: z.number().min(0).lt(1),
    beta2: z.number().min(0).lt(1),
    epsilon: z.number().gt(0),
    weightDecay: z.number().min(0),
  }),
]);

const gradientTraining = { optimizer, learningRate: rate, batchSize: count };

const objective = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("classification"),
    classWeights: z.union([z.enum(["balanced", "none"]), z.array(z.number().min(0))]),
  }),
  z.strictObject({
    kind: z.literal("contrastive"),
    temperature: z.number().gt(0),
    nOutputs: count,
    evaluationBatch: count,
  }),
]);

const preprocessing = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({ kind: z.literal("standardize") }),
  z.strictObject({ kind: z.literal("whiten"), exponent: z.number().gt(0).max(0.5) }),
]);

const freeze = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("auto"), threshold: z.number().gt(0), cap: count }),
  z.strictObject({ kind: z.literal("epochs"), n: count }),
  z.strictObject({ kind: z.literal("fraction"), of: z.number().gt(0).max(1) }),
]);

/** How many paths to keep: exactly one of three. */
const budgetChoices = [
  z.strictObject({ keep: count }),
  z.strictObject({ mu: z.number().gt(0) }),
  z.strictObject({ maxError: z.number().min(0) }),
] as const;

/** Keys of a solver that are left out take these values, so that `solver.kind` alone is enough. */
const solver = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("adam"),
    optimizer: optimizer.default(compactSolver.optimizer),
    learningRate: rate.default(compactSolver.learningRate),
    batchSize: count.default(compactSolver.batchSize),
  }),
  z.strictObject({ kind: z.literal("auto"), memory: z.number().gt(0).exactOptional() }),
  z.strictObject({
    kind: z.literal("kernel"),
    selector: z
      .discriminatedUnion("kind", [
        z.strictObject({
          kind: z.literal("infinite"),
          power: z.union([z.literal("auto"), z.number().gt(0)]).default("auto"),
        }),
        z.strictObject({
          kind: z.literal("trained"),
          hidden: z.array(count).min(1).default([512]),
          epochs: count.default(2),
          form: z.enum(["faster", "kernel", "paths"]).default("kernel"),
        }),
      ])
      .default({ kind: "infinite", power: "auto" }),
    method: z.enum(["auto", "cholesky", "conjugate-gradients", "landmarks"]).default("auto"),
  }),
  z.strictObject({
    kind: z.literal("lbfgs"),
    lambda: z.union([z.literal("auto"), z.number().min(0)]).default("auto"),
  }),
  z.strictObject({ kind: z.literal("ridge") }),
]);

const estimator = z.strictObject({
  block: z.enum(["path", "block16", "slab"]),
  budget: z.union([z.literal("match"), ...budgetChoices], {
    error: "expected match, { keep: K }, { mu: m } or { maxError: e }",
  }),
  linearSkip: z.boolean(),
  rank: z.enum(["random", "relative", "theorem2"]),
  solver,
});

/** Everything a run depends on besides data, seed and backend; documented at `ProtocolConfig` in @glai/engine. */
export const protocolSchema = z.strictObject({
  name: z.enum(["fast", "paper"]),
  objective,
  preprocessing,
  hidden: z.array(count).min(1),
  rho: z.number().gt(0).lt(1),
  reduction: z.enum(["any", "paper", "paper-or-any"]),
  maxEpochs: count,
  earlyStopping: z.strictObject({
    patience: count,
    minDelta: z.number().min(0),
    unit: z.enum(["loss", "points"]),
  }),
  dropout: z.number().min(0).lt(1),
  mlp: z.strictObject(gradientTraining),
  reduced: z.strictObject({ ...gradientTraining, freeze }),
  estimator,
  selectionRows: count,
  shiftRows: z.int().min(0),
}) satisfies z.ZodType<ProtocolConfig>;
