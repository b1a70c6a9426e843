// Gate overlaps ⟨a(x), a(x')⟩ for a tile of sample pairs: AND and popcount, with the columns of the tile
// in the 32-bit lanes, so that the counts come out where the products are.
#pragma once
#include "linalg_tile.h"

namespace glai {
namespace GLAI_ISA {

typedef uint32_t Words __attribute__((vector_size(GLAI_VECTOR_BYTES), may_alias));

/// The number of set bits of every byte.
GLAI_INLINE Words popcountBytes(Words v) {
#if defined(__x86_64__) && GLAI_VECTOR_BYTES == 64
  const __m512i table = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
  const Words low = v & 0x0f0f0f0fu, high = (v >> 4) & 0x0f0f0f0fu;
  return (Words)_mm512_add_epi8(_mm512_shuffle_epi8(table, (__m512i)low),
                                _mm512_shuffle_epi8(table, (__m512i)high));
#elif defined(__x86_64__) && GLAI_VECTOR_BYTES == 32
  const __m256i table =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
  const Words low = v & 0x0f0f0f0fu, high = (v >> 4) & 0x0f0f0f0fu;
  return (Words)_mm256_add_epi8(_mm256_shuffle_epi8(table, (__m256i)low),
                                _mm256_shuffle_epi8(table, (__m256i)high));
#elif defined(__ARM_NEON)
  return (Words)vcntq_u8((uint8x16_t)v);
#elif defined(__wasm_simd128__)
  return (Words)wasm_i8x16_popcnt((v128_t)v);
#else
  v -= (v >> 1) & 0x55555555u;
  v = (v & 0x33333333u) + ((v >> 2) & 0x33333333u);
  return (v + (v >> 4)) & 0x0f0f0f0fu;
#endif
}

template <typename T>
constexpr int kWordVectors = kTileColumns<T> * 4 / kVectorBytes;

/// counts[r][j] = popcount(rows[r] & column j). rows[r]: [nWords]; columns: [nWords][kTileColumns].
template <typename T>
GLAI_INLINE void overlapTile(int32_t* counts, const uint32_t* const* rows, const uint32_t* columns,
                             int64_t nWords) {
  constexpr int kGroup = 2;  // rows at a time, so that everything stays in registers
  constexpr int64_t kRun = 31;  // 31 · 8 bits still fit a byte
#pragma GCC unroll 16
  for (int r0 = 0; r0 < kTileRows; r0 += kGroup) {
    Words total[kGroup][kWordVectors<T>] = {};
    for (int64_t w0 = 0; w0 < nWords; w0 += kRun) {
      Words bytes[kGroup][kWordVectors<T>] = {};
      for (int64_t w = w0; w < smaller(w0 + kRun, nWords); ++w)
#pragma GCC unroll 16
        for (int v = 0; v < kWordVectors<T>; ++v) {
          const Words column =
              *reinterpret_cast<const Words*>(columns + w * kTileColumns<T> + v * kVectorBytes / 4);
#pragma GCC unroll 16
          for (int r = 0; r < kGroup; ++r) bytes[r][v] += popcountBytes(column & rows[r0 + r][w]);
        }
#pragma GCC unroll 16
      for (int v = 0; v < kWordVectors<T>; ++v)
#pragma GCC unroll 16
        for (int r = 0; r < kGroup; ++r) {
          const Words pairs = (bytes[r][v] & 0x00ff00ffu) + ((bytes[r][v] >> 8) & 0x00ff00ffu);
          total[r][v] += (pairs & 0xffffu) + (pairs >> 16);
        }
    }
#pragma GCC unroll 16
    for (int r = 0; r < kGroup; ++r)
#pragma GCC unroll 16
      for (int v = 0; v < kWordVectors<T>; ++v)
        *reinterpret_cast<Words*>(counts + (r0 + r) * kTileColumns<T> + v * kVectorBytes / 4) =
            total[r][v];
  }
}

/// Gate bits of `n` samples as tile columns: [ceil(n / kTileColumns)][nWords][kTileColumns].
template <typename T>
inline void packGates(uint32_t* to, const uint32_t* words, int64_t n, int64_t nWords) {
  constexpr int64_t kStrip = kTileColumns<T>;
  for (int64_t base = 0; base < n; base += kStrip, to += kStrip * nWords)
    for (int64_t j = 0; j < kStrip; ++j)
      for (int64_t w = 0; w < nWords; ++w)
        to[w * kStrip + j] = base + j < n ? words[(base + j) * nWords + w] : 0u;
}

}  // namespace GLAI_ISA
}  // namespace glai
