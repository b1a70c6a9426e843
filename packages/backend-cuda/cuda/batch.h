// The batch of an estimator, laid out for its kernels: inputs transposed, gates turned into row masks.
#pragma once
#include "dropout.h"

namespace glai::cuda {

/// Rows of a pass are padded to whole mask words.
constexpr unsigned kMaskRows = 32;

struct BatchInputs {
  StepRef step;
  const float* features;  // [nSamples, nInputs]
  float* inputs;          // [nInputs + 1, stride] row-transposed; the last one is the 1 of a bias
  int nInputs;
  unsigned stride;  // rows of the pass, a multiple of 32
};

struct BatchGates {
  StepRef step;
  const uint32_t* gates;  // [nSamples, gateWords] bit-packed
  uint32_t* masks;        // [nGates, stride / 32] bit r: the gate is open, and kept, for row r
  int nGates;
  int gateWords;
  unsigned stride;
  const uint32_t* units;       // [firstUnit[nGates]] hidden units of each gate, counted over all layers
  const uint32_t* firstUnit;   // [nGates + 1]
  Dropout dropout;
};

cudaError_t batchInputs(const BatchInputs&, unsigned capacity, cudaStream_t);
cudaError_t batchGates(const BatchGates&, unsigned capacity, cudaStream_t);

}  // namespace glai::cuda
