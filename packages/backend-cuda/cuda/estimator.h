// The estimator y_o = Σ_p w_p x_origin open(gate) for the three kinds of blocks.
#pragma once
#include "dropout.h"
#include "update.h"

namespace glai::cuda {

/// `width` consecutive paths of one (origin, gate): a whole path, 16 outputs, or a piece of a slab.
struct alignas(16) Slot {
  uint32_t origin;
  uint32_t gate;
  uint32_t weight;  // parameter of the first path
  uint32_t output;  // output of the first path
};

/// What both directions read. `width` (1, 2, 4, 8, 16 or 32) paths stand in one slot; 32 / width slots in a warp.
struct EstimatorShape {
  int nOutputs;
  int width;
  unsigned stride;            // rows of the pass, a multiple of 32
  const float* gateScale;     // [nGates] (1 − rate)^−units, for passes with dropout
  const uint32_t* masks;      // [nGates, stride / 32]
  const float* inputs;        // [nInputs + 1, stride]
};

struct EstimatorForward {
  StepRef step;
  EstimatorShape shape;
  const float* parameters;      // [nPaths]
  const Slot* slots;            // [nSlots] by (group of outputs, gate, origin)
  const uint32_t* firstSlot;    // [nGroups + 1]
  int nGroups;                  // groups of `width` outputs
  int nChunks;                  // blocks that share a group
  float* partial;               // [nChunks, nOutputs, stride]
};

/// logits = Σ over chunks of partial, in the order of the chunks.
struct EstimatorSum {
  StepRef step;
  const float* partial;  // [nChunks, nOutputs, stride]
  float* logits;         // [capacity, nOutputs]
  int nOutputs;
  int nChunks;
  unsigned stride;
};

struct EstimatorUpdate {
  StepRef step;
  EstimatorShape shape;
  const Slot* slots;     // [nSlots] in the order of the parameters
  uint32_t nSlots;
  const float* dLogits;  // [nOutputs, stride]
  Update update;
};

cudaError_t estimatorForward(const EstimatorForward&, unsigned capacity, cudaStream_t);
cudaError_t estimatorSum(const EstimatorSum&, unsigned capacity, cudaStream_t);
cudaError_t estimatorUpdate(const EstimatorUpdate&, cudaStream_t);

}  // namespace glai::cuda
