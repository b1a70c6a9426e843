// Optimiser steps on one vector of weights, in registers (core's applyOptimizer). Kernels take the
// optimiser as a type and call `apply` where a gradient is ready, so that gradients are never stored.
#pragma once
#include "linalg_vector.h"
#include "training.h"

namespace glai {
namespace GLAI_ISA {

struct SgdUpdate {
  Vec<float> rate, decay;

  explicit SgdUpdate(const OptimizerStep& step) : rate(splat(step.rate)), decay(splat(step.decay)) {}

  GLAI_INLINE void apply(Vec<float> gradient, float* w, float*, float*) const {
    const Vec<float> weight = load(w);
    store(w, weight - rate * (gradient + decay * weight));
  }
};

struct MomentumUpdate {
  Vec<float> rate, decay, momentum;

  explicit MomentumUpdate(const OptimizerStep& step)
      : rate(splat(step.rate)), decay(splat(step.decay)), momentum(splat(step.momentum)) {}

  GLAI_INLINE void apply(Vec<float> gradient, float* w, float* first, float*) const {
    const Vec<float> weight = load(w);
    const Vec<float> velocity = momentum * load(first) + (gradient + decay * weight);
    store(first, velocity);
    store(w, weight - rate * velocity);
  }
};

/// Adam (decay coupled) and AdamW (decoupled, in `shrink`); the square root and the division are exact.
struct AdamUpdate {
  Vec<float> rate, decay, shrink, beta1, rest1, beta2, rest2, correction, epsilon;

  explicit AdamUpdate(const OptimizerStep& step)
      : rate(splat(step.rate)),
        decay(splat(step.decay)),
        shrink(splat(step.shrink)),
        beta1(splat(step.beta1)),
        rest1(splat(step.rest1)),
        beta2(splat(step.beta2)),
        rest2(splat(step.rest2)),
        correction(splat(step.correction)),
        epsilon(splat(step.epsilon)) {}

  GLAI_INLINE void apply(Vec<float> gradient, float* w, float* first, float* second) const {
    const Vec<float> weight = load(w);
    const Vec<float> g = gradient + decay * weight;
    const Vec<float> m = beta1 * load(first) + rest1 * g;
    const Vec<float> v = beta2 * load(second) + rest2 * (g * g);
    store(first, m);
    store(second, v);
    const Vec<float> denominator = squareRoot(v) * correction + epsilon;
    store(w, weight * shrink - rate * m / denominator);
  }
};

/// Calls body(update) with the optimiser of this step as a type.
template <typename Body>
inline void withUpdate(const OptimizerStep& step, const Body& body) {
  switch (step.kind) {
    case OptimizerKind::sgd:
      return body(SgdUpdate(step));
    case OptimizerKind::momentum:
      return body(MomentumUpdate(step));
    case OptimizerKind::adam:
      return body(AdamUpdate(step));
  }
}

}  // namespace GLAI_ISA
}  // namespace glai
