// Losses of a batch and their gradient with respect to the logits (core's losses/).
#pragma once
#include "step.h"

namespace glai::cuda {

/// Where ∂loss/∂logits goes: [capacity, nOutputs] for layers, [nOutputs, stride] for estimators.
struct LogitGradient {
  float* values;
  size_t rowStride;
  size_t outputStride;
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

/// Ends the part of a step that reads `currentPlan`: adds the losses up and moves the cursor on.
struct FinishStep {
  const StepPlan* plans;
  uint32_t* cursor;      // [1]
  const float* rowLoss;  // [nSources], or null in passes without a loss
  double* lossSum;       // [1]
};

cudaError_t crossEntropy(const CrossEntropy&, unsigned capacity, cudaStream_t);
cudaError_t squaredError(const SquaredError&, unsigned capacity, cudaStream_t);
cudaError_t finishStep(const FinishStep&, cudaStream_t);

}  // namespace glai::cuda
