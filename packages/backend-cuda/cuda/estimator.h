// The estimator y_o = Σ_p w_p x_origin open(gate) for the three kinds of blocks.
#pragma once
#include "dropout.h"
#include "update.h"

namespace glai::cuda {

/// Consecutive paths of one (origin, gate): a whole path, 16 outputs, or a piece of a slab.
struct alignas(8) Slot {
  uint32_t origin;
  uint32_t gate;
};

/// What both directions read. Outputs stand in groups of `width` (1, 2, 4, 8, 16 or 32; the last group may have
/// fewer); a slot has one weight per output of its group, and 32 / width slots share a warp. Weights, and whatever
/// belongs to them, stand in the order of the slots: a warp reads and writes them in one piece.
struct EstimatorShape {
  int nInputs, nOutputs;
  int width;
  int nGroups;
  unsigned stride;              // rows of the pass, a multiple of 32
  const Slot* slots;            // [nSlots] by (group, gate, origin)
  const uint32_t* firstSlot;    // [nGroups + 1]
  const uint64_t* firstWeight;  // [nGroups]
  const float* gateScale;       // [nGates] (1 − rate)^−units, for passes with dropout
  const float* copies;          // [nGates] how often the logits count a path of the gate; the gradient is of one
  const uint32_t* masks;        // [nGates, stride / 32]
  const float* inputs;          // [stride / 4, nInputs + 1, 4]: four rows of neighbouring origins are one load
};

struct EstimatorForward {
  StepRef step;
  EstimatorShape shape;
  const float* parameters;  // [nPaths]
  int nChunks;              // blocks that share a group
  float* partial;           // [nChunks, nOutputs, stride]
};

/// logits = Σ over chunks of partial, always in the same order.
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
  uint32_t largestGroup;  // slots of the largest group
  const float* dLogits;   // [stride / 4, nOutputs, 4]
  Update update;
};

cudaError_t estimatorForward(const EstimatorForward&, unsigned capacity, cudaStream_t);
cudaError_t estimatorSum(const EstimatorSum&, unsigned capacity, cudaStream_t);
cudaError_t estimatorUpdate(const EstimatorUpdate&, cudaStream_t);

}  // namespace glai::cuda
