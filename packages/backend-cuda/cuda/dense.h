// Layers of a ReLU MLP: forward, backward to the inputs, and the gradient fused with the optimiser.
#pragma once
#include "dropout.h"
#include "update.h"

namespace glai::cuda {

/// What enters a layer: rows of the samples for the first layer, activations for the others.
struct DenseInput {
  const float* values;  // [nSamples, nIn] gathered, or [capacity, nIn]
  int gathered;         // 1: row r of the pass is row sampleOf(r) of `values`
  int dropped;          // 1: dropout falls on the inputs themselves (linear head)
};

struct DenseForward {
  StepRef step;
  DenseInput input;
  const float* parameters;  // of the layer: W [nOut, nIn], then b [nOut]
  float* output;            // [capacity, nOut]
  int nIn, nOut;
  int hidden;          // 1: ReLU and dropout follow
  uint32_t firstUnit;  // number of unit 0 of this layer in the dropout stream
  Dropout dropout;
  const uint32_t* gates;  // total mass: bits [nSamples, gateWords] in place of the ReLU, absolute weights
  int gateWords;
  int absolute;
};

/// dInput = (dOutput · W) through ReLU and dropout of the layer below.
struct DenseBackward {
  StepRef step;
  const float* dOutput;     // [capacity, nOut]
  const float* parameters;  // W [nOut, nIn]
  const float* activation;  // [capacity, nIn] 0 where the unit was closed or dropped
  float* dInput;            // [capacity, nIn]
  int nIn, nOut;
  Dropout dropout;
};

/// ∂loss/∂W = dOutputᵀ · input and ∂loss/∂b, each entry updated by the thread that summed it.
struct DenseUpdate {
  StepRef step;
  DenseInput input;
  const float* dOutput;  // [capacity, nOut]
  int nIn, nOut;
  size_t firstParameter;  // of the layer
  Dropout dropout;
  Update update;
};

/// Passes of at most so many rows have a kernel of their own, which no library matches.
constexpr unsigned kThinCapacity = 32;

cudaError_t denseForward(const DenseForward&, unsigned capacity, cudaStream_t);
cudaError_t denseBackward(const DenseBackward&, unsigned capacity, cudaStream_t);
cudaError_t denseUpdate(const DenseUpdate&, cudaStream_t);

}  // namespace glai::cuda
