// What the kernels of one optimiser step share. The host writes one plan per step of a call; kernels find
// theirs through a cursor on the device, so that one captured graph serves whichever steps come next.
#pragma once
#include <cstdint>
#include <cuda_runtime.h>

namespace glai::cuda {

constexpr unsigned kKeepGradients = 1;  // write them out: of the last step of a call
constexpr unsigned kDrop = 2;           // dropout is on

/// One pass over a batch.
struct StepPlan {
  uint32_t firstRow;  // of the batch in `rows`
  uint32_t nSources;  // rows of the samples in the batch, B
  uint32_t nRows;     // rows of the pass: B, or 2 B with the two views of infoNCE
  uint32_t stepKey;   // of the dropout stream
  uint32_t flags;
  float inverseWeight;  // 1 / Σ of class weights (or rows) that the loss is a mean over
  float learningRate;
  float stepSize;        // Adam: learning rate / (1 − β₁ᵗ)
  float rootCorrection;  // Adam: √(1 − β₂ᵗ)
  float shrink;          // AdamW: 1 − learning rate · weight decay
};

struct StepRef {
  const StepPlan* plans;   // [nSteps]
  const uint32_t* cursor;  // [1] steps of the call before this group of steps; finishSteps moves it on
  const uint32_t* rows;    // rows of the samples, all steps of the call after each other
  uint32_t offset;         // of the step in its group
};

__device__ __forceinline__ StepPlan planOf(const StepRef& step) {
  return step.plans[*step.cursor + step.offset];
}

/// Sample that row `row` of the pass stands for: both views of infoNCE read the same rows.
__device__ __forceinline__ uint32_t sampleOf(const StepRef& step, const StepPlan& plan, uint32_t row) {
  return step.rows[plan.firstRow + (row < plan.nSources ? row : row - plan.nSources)];
}

}  // namespace glai::cuda
