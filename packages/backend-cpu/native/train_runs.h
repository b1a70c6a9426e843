// What both passes over runs share (slab and block16 selections): tiles, lists of open rows, and the row-major
// form of the logits. Lanes are outputs; a row or an origin is one broadcast. Closed gates cost nothing
// because only open rows are ever listed.
#pragma once
#include "train_panels.h"

namespace glai {
namespace GLAI_ISA {

constexpr int kWide = kLanes<float>;
constexpr int kMostVectors = 3;
constexpr int kMostRows = 12;
/// Rows (forward) or origins (backward) of a tile of `vectors` vectors: 8 to 12 sums, 24 with 32 registers.
constexpr int tileRows(int vectors) {
  if (kWide == 16) return 8;
#if defined(__wasm__)  // engines keep some registers for themselves
  return vectors == 3 ? 3 : vectors == 2 ? 4 : 8;
#endif
  return vectors == 3 ? 4 : vectors == 2 ? 6 : 12;
}

/// Vectors of the next column tile: three at a time, but 4 = 2 + 2, so that no tile is thin.
constexpr int64_t nextVectors(int64_t left) { return left >= 5 || left == 3 ? 3 : left >= 2 ? 2 : 1; }

/// Outputs of the narrow kernels (train_narrow.h), at most: 12 sums of two vectors.
constexpr int64_t kMostNarrow = 6;

/// Fewer rows leave narrow kernels with too little between two sums across lanes.
constexpr int64_t kSmallBatch = 48;

/// Some rows of a gate: open ones, or closed ones of a complemented gate.
struct RowList {
  const uint32_t* inputs;
  const uint32_t* outputs;
  int64_t count;
};

inline bool isComplemented(const OpenRows& open, uint32_t gate) {
  return open.complemented != nullptr && open.complemented[gate] != 0;
}

inline RowList rowsOf(const OpenRows& open, int64_t nGates, int64_t block, uint32_t gate) {
  const uint32_t* const starts = open.starts + block * (nGates + 2) + gate;
  return {open.inputs + starts[0], open.outputs + starts[0],
          static_cast<int64_t>(starts[1]) - starts[0]};
}

/// Calls body(first, count) for even shares of n, none larger than `most`.
template <typename Body>
GLAI_INLINE void evenly(uint32_t n, uint32_t most, const Body& body) {
  if (n <= most) {
    if (n > 0) body(0u, n);
    return;
  }
  const uint32_t shares = (n + most - 1) / most, count = n / shares;
  uint32_t larger = n - count * shares;  // so many shares take one more
  for (uint32_t first = 0; first < n;) {
    const uint32_t size = count + (larger > 0 ? 1 : 0);
    if (larger > 0) --larger;
    body(first, size);
    first += size;
  }
}

/// A number as a type, for tiles.
template <int n>
struct Size {
  static constexpr int value = n;
};

/// Entry [vectors − 1][rows − 1] of a table of tiles.
#define GLAI_TILES(of, vectors)                                                       \
  {                                                                                   \
    of<1, vectors>(), of<2, vectors>(), of<3, vectors>(), of<4, vectors>(),           \
        of<5, vectors>(), of<6, vectors>(), of<7, vectors>(), of<8, vectors>(),       \
        of<9, vectors>(), of<10, vectors>(), of<11, vectors>(), of<12, vectors>()     \
  }

/// The runs of part `part` of `nParts`, by weight: the first one and, for part + 1, the end.
inline int64_t runAt(const Selection& s, int64_t part, int64_t nParts) {
  const int64_t weight = s.nWeights * part / nParts;
  int64_t low = 0, high = s.nRuns;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (s.runs[middle].firstWeight < weight) low = middle + 1;
    else high = middle;
  }
  return low;
}

/// Parts whose logits are summed separately; fixed by the problem, not by the threads.
inline int64_t forwardParts(const Selection& s, int64_t nRows) {
  const int64_t work = s.nWeights * smaller(nRows, kRowBlock);
  return work < (1 << 17) ? 1 : work < (1 << 21) ? 2 : 4;
}

/// Weights that are updated in one task. Workers begin with equal shares of the tasks, so that small ones make the
/// shares of the backward pass nearly those of the forward pass: a worker updates what it reads.
constexpr int64_t kWeightsPerTask = 2048;
inline int64_t updateTasks(const Selection& s) { return s.nWeights / kWeightsPerTask + 1; }

}  // namespace GLAI_ISA
}  // namespace glai
