import type { FloatArray } from "./arrays.js";
import { GlaiError } from "./errors.js";
import type { OptimizerSpec } from "./training-spec.js";

/** What an optimiser changes. All arrays have one entry per parameter. */
export interface OptimizerState {
  readonly parameters: FloatArray;
  readonly firstMoment: FloatArray; // SGD's momentum buffer, Adam's m; starts at 0
  readonly secondMoment: FloatArray; // Adam's v; starts at 0, unused by SGD
  step: number; // steps taken so far
}

/** PyTorch's defaults, as whole specs to spread from. */
export const optimizerDefaults = {
  sgd: { kind: "sgd", momentum: 0, weightDecay: 0 },
  adam: { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  adamw: { kind: "adamw", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
} as const satisfies Record<OptimizerSpec["kind"], OptimizerSpec>;

/**
 * One optimiser step in place, with PyTorch's semantics (torch.optim SGD, Adam, AdamW):
 *
 * - sgd:   g ← g + wd·w;  v ← momentum·v + g;  w ← w − lr·v
 * - adam:  g ← g + wd·w;  m, v moving averages of g and g²;  w ← w − lr·m̂ / (√v̂ + ε)
 * - adamw: w ← w − lr·wd·w first, then Adam with the plain gradient
 *
 * with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ) and t counted from 1. `gradients` is left as it is.
 *
 * @example
 * const state = {
 *   parameters: Float64Array.of(1),
 *   firstMoment: new Float64Array(1),
 *   secondMoment: new Float64Array(1),
 *   step: 0,
 * };
 * applyOptimizer(optimizerDefaults.sgd, state, Float64Array.of(0.5), 0.1); // parameters: 0.95
 */
export function applyOptimizer(
  spec: OptimizerSpec,
  state: OptimizerState,
  gradients: FloatArray,
  learningRate: number,
): void {
  if (gradients.length !== state.parameters.length) {
    throw new GlaiError(
      "bad-argument",
      `Expected ${state.parameters.length} gradients, one per parameter, but received ${gradients.length}.`,
    );
  }
  state.step += 1;
  switch (spec.kind) {
    case "sgd":
      return stepSgd(spec, state, gradients, learningRate);
    case "adam":
    case "adamw":
      return stepAdam(spec, state, gradients, learningRate);
    default:
      return spec satisfies never;
  }
}

function stepSgd(
  spec: Extract<OptimizerSpec, { kind: "sgd" }>,
  { parameters, firstMoment }: OptimizerState,
  gradients: FloatArray,
  learningRate: number,
): void {
  for (let i = 0; i < parameters.length; i++) {
    const gradient = gradients[i] + spec.weightDecay * parameters[i];
    firstMoment[i] = spec.momentum * firstMoment[i] + gradient;
    parameters[i] -= learningRate * firstMoment[i];
  }
}

function stepAdam(
  spec: Extract<OptimizerSpec, { kind: "adam" | "adamw" }>,
  { parameters, firstMoment, secondMoment, step }: OptimizerState,
  gradients: FloatArray,
  learningRate: number,
): void {
  const { beta1, beta2, epsilon } = spec;
  const coupledDecay = spec.kind === "adam" ? spec.weightDecay : 0;
  const shrink = spec.kind === "adamw" ? 1 - learningRate * spec.weightDecay : 1;
  const stepSize = learningRate / (1 - beta1 ** step);
  const rootCorrection = Math.sqrt(1 - beta2 ** step);
  for (let i = 0; i < parameters.length; i++) {
    const gradient = gradients[i] + coupledDecay * parameters[i];
    firstMoment[i] = beta1 * firstMoment[i] + (1 - beta1) * gradient;
    secondMoment[i] = beta2 * secondMoment[i] + (1 - beta2) * gradient * gradient;
    const denominator = Math.sqrt(secondMoment[i]) / rootCorrection + epsilon;
    parameters[i] = parameters[i] * shrink - (stepSize * firstMoment[i]) / denominator;
  }
}
