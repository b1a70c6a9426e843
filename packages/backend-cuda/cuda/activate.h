// What goes into a layer and what happens to its sums, whoever multiplies.
#pragma once
#include "dense.h"

namespace glai::cuda {

__device__ __forceinline__ float inputAt(const DenseInput& input, const StepRef& step, const StepPlan& plan,
                                         const Dropout& dropout, int nIn, int row, int i) {
  const size_t source = input.gathered ? sampleOf(step, plan, row) : row;
  const float value = input.values[source * nIn + i];
  return input.dropped ? value * unitScale(dropout, plan, row, i) : value;
}

/// Bias, ReLU and dropout. NaN stays NaN.
__device__ __forceinline__ float activate(const DenseForward& p, const StepPlan& plan, int row, int o,
                                          float sum) {
  const float bias = p.parameters[static_cast<size_t>(p.nIn) * p.nOut + o];
  const float z = sum + (p.absolute ? fabsf(bias) : bias);
  if (!p.hidden) return z;
  if (p.gates != nullptr) {
    const uint32_t sample = sampleOf(p.step, plan, row);
    const uint32_t word = p.gates[static_cast<size_t>(sample) * p.gateWords + (o >> 5)];
    return (word >> (o & 31)) & 1 ? z : 0.0f;
  }
  return z <= 0.0f ? 0.0f : z * unitScale(p.dropout, plan, row, p.firstUnit + o);
}

}  // namespace glai::cuda
