// A selection's blocks as slots: pieces of at most 32 outputs, in the order that the kernels walk.
#pragma once
#include <vector>
#include "estimator.h"
#include "model.h"

namespace glai::cuda {

struct SlotTables {
  int width = 1;                      // outputs of a group: a power of 2 up to 32
  std::vector<Slot> slots;            // [nSlots] by (group of outputs, gate, origin)
  std::vector<uint32_t> firstSlot;    // [nGroups + 1]
  std::vector<uint64_t> firstWeight;  // [nGroups]
  std::vector<uint32_t> order;        // [nPaths] parameter of each weight, weights in the order of the slots
  uint32_t largestGroup = 0;
};

/// Throws `unsupported` when a table would outgrow 32-bit numbers.
SlotTables makeSlots(const SelectionTables&, int nOutputs);

/// Blocks that share a group of outputs, so that a pass of `capacity` rows fills a GPU without tiny pieces.
int chunksFor(const SlotTables&, unsigned capacity);

}  // namespace glai::cuda
