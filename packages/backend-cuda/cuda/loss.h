// Losses of a batch and their gradient with respect to the logits (core's losses/).
#pragma once
#include "step.h"

namespace glai::cuda {

/// Where ∂loss/∂logits goes: [capacity, nOutputs] for layers, [stride / 4, nOutputs, 4] for estimators.
struct LogitGradient {
  float* values;
  int nOutputs;
  int rowBits;  // 2^rowBits rows stand together: 0 or 2

  __device__ __forceinline__ void put(uint32_t row, int output, float gradient) const {
    const size_t place = static_cast<size_t>(row >> rowBits) * nOutputs + output;
    values[(place << rowBits) + (row & ((1u << rowBits) - 1))] = gradient;
  }
};

struct CrossEntropy {
  StepRef step;
  const float* logits;        // [capacity, nOutputs]
  const uint32_t* labels;     // [nSamples]
  const float* classWeights;  // [nOutputs] or null
  float* rowLoss;             // [capacity]
  LogitGradient dLogits;
  int nOutputs;
};

struct SquaredError {
  StepRef step;
  const float* logits;   // [capacity, nOutputs]
  const float* targets;  // [nSamples, nOutputs]
  float* rowLoss;        // [capacity]
  LogitGradient dLogits;
  int nOutputs;
};

/// Ends a group of steps: adds their losses up, one step after another, and moves the cursor on.
struct FinishSteps {
  const StepPlan* plans;
  uint32_t* cursor;      // [1]
  const float* rowLoss;  // [nSteps, capacity], or null in passes without a loss
  double* lossSum;       // [1]
  uint32_t nSteps;
  unsigned capacity;
};

cudaError_t crossEntropy(const CrossEntropy&, unsigned capacity, cudaStream_t);
cudaError_t squaredError(const SquaredError&, unsigned capacity, cudaStream_t);
cudaError_t finishSteps(const FinishSteps&, cudaStream_t);

}  // namespace glai::cuda
