// The optimisers of core's optimizer.ts for one parameter whose gradient is in a register.
#pragma once
#include <math.h>
#include "step.h"

namespace glai::cuda {

enum class Optimizer { kSgd, kAdam, kAdamW };

struct Update {
  float* parameters;    // [nParameters]
  float* firstMoment;   // [nParameters]
  float* secondMoment;  // [nParameters]
  float* gradients;     // [nParameters] written in steps that keep them
  Optimizer optimizer;
  float momentum;
  float beta1, beta2, epsilon;
  float weightDecay;
};

__device__ __forceinline__ void updateSgd(const Update& update, const StepPlan& plan, size_t i, float gradient) {
  const float weight = update.parameters[i];
  float direction = gradient + update.weightDecay * weight;
  if (update.momentum != 0.0f) {
    direction = update.momentum * update.firstMoment[i] + direction;
    update.firstMoment[i] = direction;
  }
  update.parameters[i] = weight - plan.learningRate * direction;
}

__device__ __forceinline__ void updateAdam(const Update& update, const StepPlan& plan, size_t i, float gradient) {
  const float weight = update.parameters[i];
  const bool coupled = update.optimizer == Optimizer::kAdam;
  const float g = coupled ? gradient + update.weightDecay * weight : gradient;
  const float m = update.beta1 * update.firstMoment[i] + (1.0f - update.beta1) * g;
  const float v = update.beta2 * update.secondMoment[i] + (1.0f - update.beta2) * g * g;
  update.firstMoment[i] = m;
  update.secondMoment[i] = v;
  const float denominator = sqrtf(v) / plan.rootCorrection + update.epsilon;
  update.parameters[i] = weight * (coupled ? 1.0f : plan.shrink) - plan.stepSize * m / denominator;
}

/// One optimiser step of parameter `i`: the only thread that touches it.
__device__ __forceinline__ void updateParameter(const Update& update, const StepPlan& plan, size_t i,
                                                float gradient) {
  if (plan.flags & kKeepGradients) update.gradients[i] = gradient;
  if (update.optimizer == Optimizer::kSgd) updateSgd(update, plan, i, gradient);
  else updateAdam(update, plan, i, gradient);
}

}  // namespace glai::cuda
