// Gradients of runs with at most 4 outputs, on x86 with AVX2: a vector holds two rows of the batch with four
// outputs each. The rows of a panel are two vectors; one permutation fetches a pair of open rows from
// either, so that an origin costs one load and one multiply-add per pair of open rows:
//   dw_k[outputs] = both halves of Σ over pairs x[pair][each 4 times] · dy[pair][2 × outputs]
#pragma once
#if defined(__AVX2__)
#include "train_gates.h"
#include "train_run_backward.h"

namespace glai {
namespace GLAI_ISA {

constexpr int kMostPairs = 8;  // of a tile
constexpr int64_t kMostPairOutputs = 4;
constexpr int64_t kMostBatchPairs = kSmallBatch / 2 + 3;  // with what pairsOf writes past the end

/// Two open rows in the same half of a panel.
struct RowPair {
  uint32_t input;          // where the half begins in the panels of the inputs
  uint32_t row;            // first row of the half
  uint32_t first, second;  // within the half
  uint32_t hasSecond;      // all bits, or 0 when there is no partner
};

/// The open rows of a gate as pairs; returns their number. Four are written at a time, whatever is set: a branch per
/// row could not be predicted.
inline int pairsOf(const OpenRows& open, const Selection& s, uint32_t gate, int64_t nRows, RowPair* pairs) {
  int n = 0;
  for (int64_t p = 0; p < panelsOf(nRows); ++p) {
    const uint32_t mask = open.masks[p * s.nGates + gate];
    for (uint32_t half = 0; half < kPanelRows; half += 8) {
      const uint32_t byte = mask >> half & 0xff, count = kBitLists.count[byte];
      const uint8_t* const bits = kBitLists.bits[byte];
      for (uint32_t i = 0; i < 4; ++i)
        pairs[n + i] = {static_cast<uint32_t>(p * panelSize(s.nInputs)) + half,
                        static_cast<uint32_t>(p * kPanelRows) + half, bits[2 * i], bits[2 * i + 1],
                        0u - static_cast<uint32_t>(2 * i + 1 < count)};
      n += static_cast<int>((count + 1) / 2);
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
  const __m128 there = _mm_castsi128_ps(_mm_set1_epi32(static_cast<int>(pair.hasSecond)));
  return _mm256_setr_m128(_mm_loadu_ps(rows + (pair.row + pair.first) * pitch),
                          _mm_and_ps(_mm_loadu_ps(rows + (pair.row + pair.second) * pitch), there));
}

/// What the tiles of one run share.
struct PairRun {
  const Run* run;
  const uint32_t* origins;
  const float* input;  // panels
  const float* dRows;  // [nRows, pitch]
  int64_t pitch;
  float scale;
  float* gradients;  // [nOrigins][width] of the tiles so far
};

/// Up to kMostPairs pairs of open rows in registers: which lanes of which half of a panel, and their dy times
/// the gate's scale.
template <int kPairs>
struct PairTile {
  __m256i index[kPairs];
  const float* x[kPairs];
  __m256 d[kPairs];

  GLAI_INLINE PairTile(const PairRun& job, const RowPair* pairs) {
#pragma GCC unroll 16
    for (int p = 0; p < kPairs; ++p) {
      index[p] = pairIndex(pairs[p]);
      x[p] = job.input + pairs[p].input;
      d[p] = pairRows(pairs[p], job.dRows, job.pitch) * _mm256_set1_ps(job.scale);
    }
  }

  /// Gradients of an origin, the first rows of the pairs below, the second above.
  GLAI_INLINE __m256 halvesOf(uint32_t origin) const {
    __m256 even = _mm256_permutevar8x32_ps(_mm256_loadu_ps(x[0] + origin), index[0]) * d[0];
    __m256 odd = _mm256_setzero_ps();
#pragma GCC unroll 16
    for (int p = 1; p < kPairs; ++p) {
      const __m256 rows = _mm256_permutevar8x32_ps(_mm256_loadu_ps(x[p] + origin), index[p]);
      if (p % 2 == 1) odd += rows * d[p];
      else even += rows * d[p];
    }
    return kPairs > 1 ? even + odd : even;
  }
};

/// gradients[k][outputs] (+)= Σ over pairs.
template <int kPairs, bool kFirst>
inline void pairGradientTile(const PairRun& job, const RowPair* pairs) {
  const PairTile<kPairs> tile(job, pairs);
  const int64_t width = job.run->width;
  float* to = job.gradients;
  for (uint32_t k = 0; k < job.run->nOrigins; ++k, to += width) {
    const __m256 halves = tile.halvesOf(job.origins[k]);
    __m128 sum = _mm256_castps256_ps128(halves) + _mm256_extractf128_ps(halves, 1);
    if (!kFirst) sum += _mm_loadu_ps(to);
    _mm_storeu_ps(to, sum);
  }
}

/// The last tile of a run with 4 outputs, and its update: two origins are a vector of weights.
template <int kPairs, bool kFirst, typename Update>
inline void pairUpdateTile(const PairRun& job, const RowPair* pairs, const RunUpdate<Update>& of) {
  const PairTile<kPairs> tile(job, pairs);
  const RunUpdate<Update> run = of;
  const uint32_t* const origins = job.origins;
  float* const gradients = job.gradients;
  const int64_t size = 4 * int64_t{job.run->nOrigins}, nWhole = size / kWide * kWide;
  const auto keep = [&](int64_t i, __m256 first, __m256 second) __attribute__((always_inline)) {
    __m256 both = _mm256_permute2f128_ps(first, second, 0x20) + _mm256_permute2f128_ps(first, second, 0x31);
    if (!kFirst) both += _mm256_loadu_ps(gradients + i);
    _mm256_storeu_ps(gradients + i, both);
  };
  const auto keepTwo = [&](int64_t i) __attribute__((always_inline)) {
    keep(i, tile.halvesOf(origins[i / 4]), tile.halvesOf(origins[i / 4 + 1]));
  };
  for (int64_t i = 0; i < nWhole; i += kWide) {
#pragma GCC unroll 2
    for (int j = 0; j < kWide; j += 8) keepTwo(i + j);
    if (i >= kLag) run.begin(i - kLag);
    if (i >= 2 * kLag) run.end(i - 2 * kLag);
  }
  int64_t i = nWhole;
  for (; i + 8 <= size; i += 8) keepTwo(i);
  if (i < size) keep(i, tile.halvesOf(origins[i / 4]), _mm256_setzero_ps());
  store(gradients + size, Vec<float>{});
  for (i = nWhole < kLag ? 0 : nWhole - kLag; i < size; i += kWide) run.begin(i);
  for (i = nWhole < 2 * kLag ? 0 : nWhole - 2 * kLag; i < size; i += kWide) run.end(i);
}

/// body(Size<count>{}) for a count of 1 … kMostPairs.
template <typename Body>
GLAI_INLINE void withPairs(uint32_t count, const Body& body) {
  switch (count) {
    case 1: return body(Size<1>{});
    case 2: return body(Size<2>{});
    case 3: return body(Size<3>{});
    case 4: return body(Size<4>{});
    case 5: return body(Size<5>{});
    case 6: return body(Size<6>{});
    case 7: return body(Size<7>{});
    default: return body(Size<8>{});
  }
}

/// Gradients of a run and its update.
template <typename Update>
inline void pairRunBackward(const EstimatorBackward& job, const Run& run, const float* dRows, float* gradients,
                            const Update& update) {
  const Selection& s = *job.selection;
  const int64_t size = static_cast<int64_t>(run.nOrigins) * run.width;
  const PairRun pairRun = {&run,  s.originOffsets + run.firstOrigin, job.input, dRows, rowPitch(s.nOutputs),
                           job.open.scales[run.gate], gradients};
  RowPair pairs[kMostBatchPairs];
  const uint32_t n = static_cast<uint32_t>(pairsOf(job.open, s, run.gate, job.nRows, pairs));
  const bool isFused = run.width == kMostPairOutputs && n > 0;
  evenly(n, kMostPairs, [&](uint32_t first, uint32_t count) __attribute__((always_inline)) {
    withPairs(count, [&](auto pairsOfTile) __attribute__((always_inline)) {
      constexpr int kPairs = decltype(pairsOfTile)::value;
      const bool isFirst = first == 0, isLast = isFused && first + count == n;
      if (isLast) {
        const RunUpdate<Update> updates(update, job.parameters, run.firstWeight, gradients);
        if (isFirst) pairUpdateTile<kPairs, true>(pairRun, pairs + first, updates);
        else pairUpdateTile<kPairs, false>(pairRun, pairs + first, updates);
      } else if (isFirst) {
        pairGradientTile<kPairs, true>(pairRun, pairs + first);
      } else {
        pairGradientTile<kPairs, false>(pairRun, pairs + first);
      }
    });
  });
  if (isFused) return;
  if (n == 0) __builtin_memset(gradients, 0, size * sizeof(float));
  for (int v = 0; v < 16; v += kWide) store(gradients + size + v, Vec<float>{});
  updateRange(job.parameters, run.firstWeight, size, gradients, update);
}

inline void pairBackward(const EstimatorBackward& job, const Parallel& parallel) {
  backwardByRuns(job, parallel, [&job](const Run& run, const float* dRows, const float*, float* gradients,
                                       const auto& update) {
    pairRunBackward(job, run, dRows, gradients, update);
  });
}

}  // namespace GLAI_ISA
}  // namespace glai
#endif
