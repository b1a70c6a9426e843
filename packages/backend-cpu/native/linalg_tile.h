// The one inner loop of all dense products: a register tile of accumulators over packed strips.
//   acc[r][j] += Σ_k a[k][r] b[k][j],  a: [depth][kTileRows], b: [depth][kTileColumns].
#pragma once
#include "linalg.h"
#include "linalg_vector.h"

namespace glai {
namespace GLAI_ISA {

template <typename T>
struct Tile {
  Vec<T> at[kTileRows][kTileVectors];
};

template <typename T>
GLAI_INLINE void clear(Tile<T>& acc) {
#pragma GCC unroll 16
  for (int r = 0; r < kTileRows; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < kTileVectors; ++v) acc.at[r][v] = Vec<T>{};
}

/// One step k of the product.
template <typename T>
GLAI_INLINE void rankOne(Tile<T>& acc, const T* a, const T* b) {
  Vec<T> right[kTileVectors];
#pragma GCC unroll 16
  for (int v = 0; v < kTileVectors; ++v) right[v] = load(b + v * kLanes<T>);
#pragma GCC unroll 16
  for (int r = 0; r < kTileRows; ++r) {
    const Vec<T> left = splat(a[r]);
#pragma GCC unroll 16
    for (int v = 0; v < kTileVectors; ++v) acc.at[r][v] += left * right[v];
  }
}

template <typename T>
GLAI_INLINE void multiplyTile(Tile<T>& acc, const T* a, const T* b, int64_t depth) {
#pragma GCC unroll 4
  for (int64_t k = 0; k < depth; ++k) rankOne(acc, a + k * kTileRows, b + k * kTileColumns<T>);
}

/// Copies `count` consecutive i's from `first` into strips [ceil(count / width)][depth][width]; lanes
/// past the end are 0, so that a tile never has to ask.
template <typename T, typename S>
inline void packFrom(T* to, int width, const S* values, int64_t strideI, int64_t strideK,
                     int64_t count, int64_t depth) {
  for (int64_t base = 0; base < count; base += width, to += width * depth) {
    const int64_t lanes = smaller(width, count - base);
    const S* from = values + base * strideI;
    if (lanes < width) {
      for (int64_t k = 0; k < depth; ++k)
        for (int64_t i = 0; i < width; ++i)
          to[k * width + i] = i < lanes ? static_cast<T>(from[i * strideI + k * strideK]) : T(0);
    } else if (strideI == 1) {
      for (int64_t k = 0; k < depth; ++k)
        for (int i = 0; i < width; ++i) to[k * width + i] = static_cast<T>(from[k * strideK + i]);
    } else {  // Transpose eight k's at a time: reads stay in their cache lines, writes in L1.
      for (int64_t k0 = 0; k0 < depth; k0 += 8) {
        const int64_t k1 = smaller(k0 + 8, depth);
        for (int i = 0; i < width; ++i)
          for (int64_t k = k0; k < k1; ++k)
            to[k * width + i] = static_cast<T>(from[i * strideI + k * strideK]);
      }
    }
  }
}

/// `pack` of elements (first + i, firstK + k) of an operand of either precision.
template <typename T>
inline void pack(T* to, int width, const Operand& operand, int64_t first, int64_t count,
                 int64_t firstK, int64_t depth) {
  const int64_t offset = first * operand.strideI + firstK * operand.strideK;
  if (operand.isDouble)
    packFrom(to, width, static_cast<const double*>(operand.values) + offset, operand.strideI,
             operand.strideK, count, depth);
  else
    packFrom(to, width, static_cast<const float*>(operand.values) + offset, operand.strideI,
             operand.strideK, count, depth);
}

}  // namespace GLAI_ISA
}  // namespace glai
