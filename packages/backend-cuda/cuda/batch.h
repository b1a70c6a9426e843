// The batch of an estimator, laid out for its kernels: inputs in fours of rows, gates turned into row masks.
#pragma once
#include "dropout.h"

namespace glai::cuda {

/// Rows of a pass are padded to whole mask words.
constexpr unsigned kMaskRows = 32;

struct Batch {
  StepRef step;
  const float* features;  // [nSamples, nInputs]
  float* inputs;          // [stride / 4, nInputs + 1, 4]; the last origin is the 1 of a bias
  int nInputs;
  unsigned stride;        // rows of the pass, a multiple of 32
  const uint32_t* gates;  // [nSamples, gateWords] bit-packed
  uint32_t* masks;        // [nGates, stride / 32] bit r: the gate is open, and kept, for row r
  int nGates;
  int gateWords;
  const uint32_t* units;      // [firstUnit[nGates]] hidden units of each gate, counted over all layers
  const uint32_t* firstUnit;  // [nGates + 1]
  Dropout dropout;
};

/// Blocks of one row tile, which must fit into the second dimension of a grid (65,535).
unsigned batchBlocks(int nInputs, int nGates);

cudaError_t gatherBatch(const Batch&, unsigned capacity, cudaStream_t);

}  // namespace glai::cuda
