// What surrounds the products of a layer when a library makes them: rows gathered before, activations, masks and the
// optimiser after. A product has `capacity` rows, so rows that a short batch lacks are 0.
#pragma once
#include "dense.h"

namespace glai::cuda {

/// to[row, i] = the input of the first layer, dropout of a linear head included.
struct GatherRows {
  StepRef step;
  DenseInput input;
  Dropout dropout;
  float* to;  // [capacity, nIn]
  int nIn;
  unsigned capacity;
};

/// ∂loss/∂W as a product, [nOut, nIn]; ∂loss/∂b is summed here.
struct UpdateFromGradient {
  StepRef step;
  const float* gradient;  // [nOut, nIn]
  const float* dOutput;   // [capacity, nOut]
  int nIn, nOut;
  size_t firstParameter;
  Update update;
};

cudaError_t gatherRows(const GatherRows&, cudaStream_t);
/// Bias, ReLU and dropout over the product in p.output.
cudaError_t activateRows(const DenseForward& p, unsigned capacity, cudaStream_t);
/// ReLU and dropout of the layer below over the product in p.dInput.
cudaError_t maskRows(const DenseBackward& p, unsigned capacity, cudaStream_t);
/// Zeros where the loss left nothing: rows of dOutput that a short batch lacks.
cudaError_t clearTail(const StepRef&, float* dOutput, int nOut, unsigned capacity, cudaStream_t);
cudaError_t updateFromGradient(const UpdateFromGradient&, cudaStream_t);

}  // namespace glai::cuda
