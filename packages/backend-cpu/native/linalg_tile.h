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

/// to[k * strideK + i] = from[i * strideI + k] for `width` rows: a few k's at a time, so that reads stay in
/// their cache lines and writes in L1.
template <typename T, typename S>
inline void transposeStrip(T* to, int64_t strideK, int width, const S* from, int64_t strideI, int64_t depth) {
  constexpr int64_t kRun = 8;
  for (int64_t k0 = 0; k0 < depth; k0 += kRun) {
    const int64_t k1 = smaller(k0 + kRun, depth);
    for (int i = 0; i < width; ++i)
      for (int64_t k = k0; k < k1; ++k) to[k * strideK + i] = static_cast<T>(from[i * strideI + k]);
  }
}

#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
/// The same in blocks of 4 × 4.
inline void transposeStrip(float* to, int64_t strideK, int width, const float* from, int64_t strideI,
                           int64_t depth) {
  typedef float Quad __attribute__((vector_size(16), may_alias, aligned(4)));
  const int64_t fours = depth / 4 * 4, wide = width / 4 * 4;
  for (int64_t k = 0; k < fours; k += 4) {
    for (int i = 0; i < wide; i += 4) {
      const float* at = from + i * strideI + k;
      const Quad a = *reinterpret_cast<const Quad*>(at);
      const Quad b = *reinterpret_cast<const Quad*>(at + strideI);
      const Quad c = *reinterpret_cast<const Quad*>(at + 2 * strideI);
      const Quad d = *reinterpret_cast<const Quad*>(at + 3 * strideI);
      const Quad ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
      const Quad ef = __builtin_shufflevector(a, b, 2, 6, 3, 7), gh = __builtin_shufflevector(c, d, 2, 6, 3, 7);
      float* out = to + k * strideK + i;
      *reinterpret_cast<Quad*>(out) = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
      *reinterpret_cast<Quad*>(out + strideK) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
      *reinterpret_cast<Quad*>(out + 2 * strideK) = __builtin_shufflevector(ef, gh, 0, 1, 4, 5);
      *reinterpret_cast<Quad*>(out + 3 * strideK) = __builtin_shufflevector(ef, gh, 2, 3, 6, 7);
    }
    for (int64_t i = wide; i < width; ++i)
      for (int64_t q = k; q < k + 4; ++q) to[q * strideK + i] = from[i * strideI + q];
  }
  for (int64_t k = fours; k < depth; ++k)
    for (int i = 0; i < width; ++i) to[k * strideK + i] = from[i * strideI + k];
}
#endif
#endif

/// Copies `count` consecutive i's from `values` into strips [ceil(count / width)][depth][width]; lanes past
/// the end are 0, so that a tile never has to ask.
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
    } else {
      transposeStrip(to, width, width, from, strideI, depth);
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
