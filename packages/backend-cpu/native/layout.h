// From core's PathSelection (canonical order: gate, origin, output) to the order of the kernels: runs
// for slab and block16, segments for single paths. docs/backends/cpu.md draws both.
#pragma once
#include "array.h"
#include "training.h"

namespace glai {

enum class BlockKind : int32_t { path = 0, block16 = 1, slab = 2 };

/// The arrays of a PathSelection as they come from JavaScript; `checkSelection` has seen them.
struct SelectionArrays {
  BlockKind block;
  int64_t nInputs, nOutputs;
  int64_t nGates;
  int64_t nBlocks;
  const uint32_t* gateOf;    // [nBlocks]
  const uint32_t* originOf;  // [nBlocks], nInputs is the constant 1
  const uint32_t* outputOf;  // [nBlocks]
};

/// Why the arrays are no selection in canonical order, or nullptr.
const char* checkSelection(const SelectionArrays&);

/// Paths of block b.
int64_t blockWidth(const SelectionArrays&, int64_t b);

/// A Selection with the memory behind it.
struct Layout {
  Selection selection{};
  int64_t nPaths = 0;
  Array<uint32_t> place;  // [nPaths] position in the kernels' order of a path in canonical order
  Array<uint32_t> originOffsets;
  Array<uint32_t> slots;  // runs only
  Array<Run> runs;
  Array<PathGate> pathGates;
  Array<Quad> quads;
  Array<Segment> segments;
};

/// False when memory ran out.
bool buildLayout(const SelectionArrays&, Layout&);

}  // namespace glai
