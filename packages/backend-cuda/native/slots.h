// A selection's blocks as slots: pieces of at most 32 outputs, in the two orders that the kernels walk.
#pragma once
#include <vector>
#include "estimator.h"
#include "model.h"

namespace glai::cuda {

struct SlotTables {
  int width = 1;                    // outputs of a slot: a power of 2 up to 32
  std::vector<Slot> byParameter;    // [nSlots] in the order of the parameter vector
  std::vector<Slot> byGroup;        // [nSlots] by (group of outputs, gate, origin)
  std::vector<uint32_t> firstSlot;  // [nGroups + 1] into byGroup
  uint32_t largestGroup = 0;
  size_t nPaths = 0;
};

SlotTables makeSlots(const SelectionTables&, int nOutputs);

/// Blocks that share a group of outputs, so that a pass of `capacity` rows fills a GPU without tiny pieces.
int chunksFor(const SlotTables&, unsigned capacity);

}  // namespace glai::cuda
