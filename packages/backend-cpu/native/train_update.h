// Optimiser steps on vectors of weights (core's applyOptimizer). Kernels take the optimiser as a type and
// use a gradient as soon as it is ready, in registers or in L1.
#pragma once
#include "linalg_vector.h"
#include "training.h"

namespace glai {
namespace GLAI_ISA {

struct SgdUpdate {
  Vec<float> rate, decay;

  explicit SgdUpdate(const OptimizerStep& step) : rate(splat(step.rate)), decay(splat(step.decay)) {}

  GLAI_INLINE Vec<float> begin(Vec<float> gradient, const float*, float*, float*) const { return gradient; }
  GLAI_INLINE void end(Vec<float> gradient, float* w, float*) const {
    const Vec<float> weight = load(w);
    store(w, weight - rate * (gradient + decay * weight));
  }
  GLAI_INLINE void apply(Vec<float> gradient, float* w, float* first, float*) const { end(gradient, w, first); }
};

struct MomentumUpdate {
  Vec<float> rate, decay, momentum;

  explicit MomentumUpdate(const OptimizerStep& step)
      : rate(splat(step.rate)), decay(splat(step.decay)), momentum(splat(step.momentum)) {}

  GLAI_INLINE Vec<float> begin(Vec<float> gradient, const float*, float*, float*) const { return gradient; }
  GLAI_INLINE void apply(Vec<float> gradient, float* w, float* first, float*) const { end(gradient, w, first); }
  GLAI_INLINE void end(Vec<float> gradient, float* w, float* first) const {
    const Vec<float> weight = load(w);
    const Vec<float> velocity = momentum * load(first) + (gradient + decay * weight);
    store(first, velocity);
    store(w, weight - rate * velocity);
  }
};

/// Adam (decay coupled) and AdamW (decoupled, in `shrink`), with the bias corrections folded into two constants:
///   m += (1 − β₁)(g − m),  v += (1 − β₂)(g² − v),  w ← shrink·w − rate'·m / (√v + ε'),
///   rate' = lr √(1 − β₂ᵗ) / (1 − β₁ᵗ),  ε' = ε √(1 − β₂ᵗ).
/// The square root and the division are exact.
struct AdamUpdate {
  Vec<float> rate, decay, shrink, rest1, rest2, epsilon;

  explicit AdamUpdate(const OptimizerStep& step)
      : rate(splat(step.rate)),
        decay(splat(step.decay)),
        shrink(splat(step.shrink)),
        rest1(splat(step.rest1)),
        rest2(splat(step.rest2)),
        epsilon(splat(step.epsilon)) {}

  GLAI_INLINE void apply(Vec<float> gradient, float* w, float* first, float* second) const {
    const Vec<float> weight = load(w);
    const Vec<float> g = gradient + decay * weight;
    Vec<float> m = load(first), v = load(second);
    m += rest1 * (g - m);
    v += rest2 * (g * g - v);
    store(first, m);
    store(second, v);
    store(w, weight * shrink - rate * m / (squareRoot(v) + epsilon));
  }

  /// The step in two halves: the moments and √v + ε', then the weights.
  GLAI_INLINE Vec<float> begin(Vec<float> gradient, const float* w, float* first, float* second) const {
    const Vec<float> g = gradient + decay * load(w);
    Vec<float> m = load(first), v = load(second);
    m += rest1 * (g - m);
    v += rest2 * (g * g - v);
    store(first, m);
    store(second, v);
    return squareRoot(v) + epsilon;
  }
  GLAI_INLINE void end(Vec<float> root, float* w, const float* first) const {
    store(w, load(w) * shrink - rate * load(first) / root);
  }
};

/// The optimiser's step over `count` weights from `first`, in whole vectors: `gradients` are 0 past the end.
template <typename Update>
GLAI_INLINE void updateRange(const Parameters& parameters, int64_t first, int64_t count,
                             const float* gradients, const Update& update) {
  const Update constants = update;  // a copy that no store can alias: it stays in registers
  const Parameters to = parameters;
  for (int64_t i = 0; i < count; i += kLanes<float>) {
    const Vec<float> gradient = load(gradients + i);
    const int64_t at = first + i;
    if (to.gradients != nullptr) store(to.gradients + at, gradient);
    constants.apply(gradient, to.weights + at, to.first + at, to.second + at);
  }
}

/// Steps of a run's weights, a vector at a time and in two halves. A copy of everything: no store can alias it, so
/// that the constants stay in registers.
template <typename Update>
struct RunUpdate {
  Update update;
  float* weights;
  float* first;
  float* second;
  float* keep;       // of the run in Parameters::gradients, or nullptr
  float* gradients;  // of the run; used up

  RunUpdate(const Update& by, const Parameters& of, int64_t firstWeight, float* from)
      : update(by),
        weights(of.weights + firstWeight),
        first(of.first + firstWeight),
        second(of.second + firstWeight),
        keep(of.gradients == nullptr ? nullptr : of.gradients + firstWeight),
        gradients(from) {}

  GLAI_INLINE void begin(int64_t i) const {
    const Vec<float> gradient = load(gradients + i);
    if (keep != nullptr) store(keep + i, gradient);
    store(gradients + i, update.begin(gradient, weights + i, first + i, second + i));
  }
  GLAI_INLINE void end(int64_t i) const { update.end(load(gradients + i), weights + i, first + i); }
};

/// Weights that an update stays behind the gradients that it runs beside. The square roots and divisions of Adam
/// take long: started right after the multiply-adds that they depend on, they would fill the machine's
/// queues and wait, started a little later they run beside the next ones.
constexpr int64_t kLag = 4 * kLanes<float>;

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
