// Gradients of runs with at most 4 outputs, on x86 with AVX2: a vector holds two rows of the batch with four
// outputs each. The rows of a panel are two vectors; one permutation fetches a pair of open rows from
// either, so that an origin costs one load and one multiply-add per pair of open rows:
//   dw_k[outputs] = both halves of Σ over pairs x[pair][each 4 times] · dy[pair][2 × outputs]
#pragma once
#if defined(__AVX2__)
#include "train_run_backward.h"

namespace glai {
namespace GLAI_ISA {

constexpr int kMostPairs = 6;  // of a tile: as many sums or gradients, and as many permutations
constexpr int64_t kMostPairOutputs = 4;

/// Two open rows in the same half of a panel; `second` is `first` again when there is no partner.
struct RowPair {
  uint32_t half;           // 0 or 8: where the half begins
  uint32_t first, second;  // within the half
  bool isSingle;
};

/// The open rows of a panel as pairs; returns their number, at most 8.
inline int pairsOf(uint32_t mask, RowPair* pairs) {
  int n = 0;
  for (uint32_t half = 0; half < kPanelRows; half += 8) {
    for (uint32_t left = mask >> half & 0xff; left != 0;) {
      const uint32_t first = static_cast<uint32_t>(__builtin_ctz(left));
      left &= left - 1;
      const bool isSingle = left == 0;
      const uint32_t second = isSingle ? first : static_cast<uint32_t>(__builtin_ctz(left));
      left &= left - 1;
      pairs[n++] = {half, first, second, isSingle};
    }
  }
  return n;
}

GLAI_INLINE __m256i pairIndex(const RowPair& pair) {
  return _mm256_setr_m128i(_mm_set1_epi32(static_cast<int>(pair.first)),
                           _mm_set1_epi32(static_cast<int>(pair.second)));
}

/// The first four numbers of both rows of a pair; zeros for a missing partner.
GLAI_INLINE __m256 pairRows(const RowPair& pair, const float* rows, int64_t pitch) {
  const __m128 first = _mm_loadu_ps(rows + (pair.half + pair.first) * pitch);
  const __m128 second =
      pair.isSingle ? _mm_setzero_ps() : _mm_loadu_ps(rows + (pair.half + pair.second) * pitch);
  return _mm256_setr_m128(first, second);
}

/// gradients[k][outputs] (+)= Σ over pairs; `d` holds dy of the pairs times the gate's scale.
template <int kPairs, bool kFirst>
inline void pairGradientTile(const Run& run, const uint32_t* origins, const float* panel,
                             const RowPair* pairs, const float* dRows, int64_t pitch, float scale,
                             float* gradients) {
  __m256i index[kPairs];
  const float* x[kPairs];
  __m256 d[kPairs];
#pragma GCC unroll 16
  for (int p = 0; p < kPairs; ++p) {
    index[p] = pairIndex(pairs[p]);
    x[p] = panel + pairs[p].half;
    d[p] = pairRows(pairs[p], dRows, pitch) * _mm256_set1_ps(scale);
  }
  const int64_t width = run.width;
  float* to = gradients;
  for (uint32_t k = 0; k < run.nOrigins; ++k, to += width) {
    const uint32_t origin = origins[k];
    __m256 even = _mm256_permutevar8x32_ps(_mm256_loadu_ps(x[0] + origin), index[0]) * d[0];
    __m256 odd = _mm256_setzero_ps();
#pragma GCC unroll 16
    for (int p = 1; p < kPairs; ++p) {
      const __m256 rows = _mm256_permutevar8x32_ps(_mm256_loadu_ps(x[p] + origin), index[p]);
      if (p % 2 == 1) odd += rows * d[p];
      else even += rows * d[p];
    }
    if (kPairs > 1) even += odd;
    __m128 sum = _mm256_castps256_ps128(even) + _mm256_extractf128_ps(even, 1);
    if (!kFirst) sum += _mm_loadu_ps(to);
    _mm_storeu_ps(to, sum);
  }
}

template <int kPairs>
GLAI_INLINE void pairGradients(bool isFirst, const Run& run, const uint32_t* origins, const float* panel,
                               const RowPair* pairs, const float* dRows, int64_t pitch, float scale,
                               float* gradients) {
  if (isFirst)
    pairGradientTile<kPairs, true>(run, origins, panel, pairs, dRows, pitch, scale, gradients);
  else
    pairGradientTile<kPairs, false>(run, origins, panel, pairs, dRows, pitch, scale, gradients);
}

/// Gradients of a run, [nOrigins][width] without gaps.
inline void pairGradientsOf(const EstimatorBackward& job, const Run& run, const float* dRows,
                            float* gradients) {
  const Selection& s = *job.selection;
  const int64_t pitch = rowPitch(s.nOutputs), size = static_cast<int64_t>(run.nOrigins) * run.width;
  const uint32_t* const origins = s.originOffsets + run.firstOrigin;
  bool isFirst = true;
  RowPair pairs[8];
  for (int64_t p = 0; p < panelsOf(job.nRows); ++p) {
    const int n = pairsOf(job.open.masks[p * s.nGates + run.gate], pairs);
    evenly(static_cast<uint32_t>(n), kMostPairs, [&](uint32_t first, uint32_t count) {
      const auto tile = [&](auto pairsOfTile) {
        constexpr int kPairs = decltype(pairsOfTile)::value;
        pairGradients<kPairs>(isFirst, run, origins, job.input + p * panelSize(s.nInputs), pairs + first,
                              dRows + p * kPanelRows * pitch, pitch, job.open.scales[run.gate], gradients);
      };
      switch (count) {
        case 1: tile(Size<1>{}); break;
        case 2: tile(Size<2>{}); break;
        case 3: tile(Size<3>{}); break;
        case 4: tile(Size<4>{}); break;
        case 5: tile(Size<5>{}); break;
        default: tile(Size<6>{});
      }
      isFirst = false;
    });
  }
  if (isFirst) __builtin_memset(gradients, 0, size * sizeof(float));
  for (int v = 0; v < 16; v += kWide) store(gradients + size + v, Vec<float>{});
}

inline void pairBackward(const EstimatorBackward& job, const Parallel& parallel) {
  backwardByRuns(job, parallel, [](const EstimatorBackward& whole, const Run& run, const float* dRows,
                                   float* gradients) { pairGradientsOf(whole, run, dRows, gradients); });
}

}  // namespace GLAI_ISA
}  // namespace glai
#endif
