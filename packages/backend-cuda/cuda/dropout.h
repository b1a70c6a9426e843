// The dropout stream of core's dropout.ts: a pure function of seed, step, row and unit.
#pragma once
#include "step.h"

namespace glai::cuda {

struct Dropout {
  uint32_t threshold;  // floor(rate · 2³²)
  float keepScale;     // 1 / (1 − rate)
};

__host__ __device__ __forceinline__ uint32_t mix32(uint32_t x) {
  x = (x ^ (x >> 16)) * 0x7feb352du;
  x = (x ^ (x >> 15)) * 0x846ca68bu;
  return x ^ (x >> 16);
}

/// mix(mix(seed + 0x9e3779b9) ^ step): what the host puts into a plan.
__host__ __device__ __forceinline__ uint32_t stepKeyOf(uint32_t seed, uint32_t step) {
  return mix32(mix32(seed + 0x9e3779b9u) ^ step);
}

__device__ __forceinline__ bool keepsUnit(const Dropout& dropout, const StepPlan& plan, uint32_t row,
                                          uint32_t unit) {
  return mix32(mix32(plan.stepKey ^ row) ^ mix32(unit + 0x85ebca6bu)) >= dropout.threshold;
}

/// mask / (1 − rate), or 1 in a pass without dropout.
__device__ __forceinline__ float unitScale(const Dropout& dropout, const StepPlan& plan, uint32_t row,
                                           uint32_t unit) {
  if ((plan.flags & kDrop) == 0) return 1.0f;
  return keepsUnit(dropout, plan, row, unit) ? dropout.keepScale : 0.0f;
}

}  // namespace glai::cuda
