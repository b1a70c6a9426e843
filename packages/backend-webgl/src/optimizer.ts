import type { OptimizerSpec } from "@glai/core";
import type { Device, Tensor } from "./device.js";

/** What an optimiser changes, tensor by tensor. */
export interface OptimizerTensors {
  readonly parameters: Tensor[];
  readonly firstMoment: Tensor[];
  readonly secondMoment: Tensor[];
}

/** `applyOptimizer` of core on the GPU; `step` counts this one. Replaces the tensors and frees the old ones. */
export function applyOptimizer(
  device: Device,
  spec: OptimizerSpec,
  { parameters, firstMoment, secondMoment }: OptimizerTensors,
  gradients: readonly Tensor[],
  rate: number,
  step: number,
): void {
  for (const [i, gradient] of gradients.entries()) {
    const n = gradient.length;
    const weights = parameters[i];
    const first = firstMoment[i];
    if (spec.kind === "sgd") {
      const { momentum, weightDecay } = spec;
      firstMoment[i] = device.run("sgdMoment", n, first, gradient, weights, momentum, weightDecay);
      parameters[i] = device.run("sgdWeights", n, weights, firstMoment[i], rate);
      device.free(first, weights);
      continue;
    }
    const { beta1, beta2, epsilon, weightDecay } = spec;
    const second = secondMoment[i];
    const decay = spec.kind === "adam" ? weightDecay : 0;
    const shrink = spec.kind === "adamw" ? 1 - rate * weightDecay : 1;
    firstMoment[i] = device.run("adamFirst", n, first, gradient, weights, beta1, 1 - beta1, decay);
    secondMoment[i] = device.run(
      "adamSecond",
      n,
      second,
      gradient,
      weights,
      beta2,
      1 - beta2,
      decay,
    );
    const moments = [firstMoment[i], secondMoment[i]] as const;
    const stepSize = rate / (1 - beta1 ** step);
    const correction = Math.sqrt(1 - beta2 ** step);
    parameters[i] = device.run(
      "adamWeights",
      n,
      weights,
      ...moments,
      shrink,
      stepSize,
      correction,
      epsilon,
    );
    device.free(first, second, weights);
  }
}
