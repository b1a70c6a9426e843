// Kernels whose lanes are the 16 rows of a panel: masks of open rows, sums across lanes, and the sum of
// partial logits. Shared by single paths (train_path_*.h) and narrow runs (train_narrow.h).
#pragma once
#include "train_run_forward.h"

namespace glai {
namespace GLAI_ISA {

constexpr int kPanelVectors = kPanelRows / kWide;

/// Lanes of a vector of rows where the panel's mask is set; `r` is the vector's first row.
constexpr int32_t kLaneBits[16] = {1 << 0, 1 << 1, 1 << 2,  1 << 3,  1 << 4,  1 << 5,  1 << 6,  1 << 7,
                                   1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 15};
GLAI_INLINE Mask<float> lanesOf(uint32_t mask, int r) {
  Mask<float> bits;
  __builtin_memcpy(&bits, kLaneBits + r, sizeof(bits));
  return ((static_cast<int32_t>(mask) - Mask<float>{}) & bits) == bits;
}

GLAI_INLINE Vec<float> where(Mask<float> mask, Vec<float> value) {
  return (Vec<float>)((Mask<float>)value & mask);
}

/// Sums the parts of a forward pass, panels [nParts][nPanels], into the logits.
inline void sumPanels(const EstimatorForward& job, int64_t nParts, const Parallel& parallel) {
  const int64_t nPanels = panelsOf(job.nRows), nOutputs = job.selection->nOutputs;
  const int64_t size = panelSize(nOutputs);
  fork(parallel, nPanels, [&](int64_t p, int) {
    for (int64_t i = p * size; i < p * size + nOutputs * kPanelRows; i += kWide) {
      Vec<float> sum = load(job.scratch + i);
      for (int64_t part = 1; part < nParts; ++part) sum += load(job.scratch + part * nPanels * size + i);
      store(job.output + i, sum);
    }
  });
}

#define GLAI_SHUFFLE(...) __builtin_shufflevector(__VA_ARGS__)

/// Lane j of the result is the sum over the lanes of v[j].
GLAI_INLINE Vec<float> sumsOf(const Vec<float>* v) {
#if GLAI_VECTOR_BYTES == 16
  const auto pair = [](Vec<float> a, Vec<float> b) __attribute__((always_inline)) {
    return GLAI_SHUFFLE(a, b, 0, 4, 1, 5) + GLAI_SHUFFLE(a, b, 2, 6, 3, 7);
  };
  const auto join = [](Vec<float> a, Vec<float> b) __attribute__((always_inline)) {
    return GLAI_SHUFFLE(a, b, 0, 1, 4, 5) + GLAI_SHUFFLE(a, b, 2, 3, 6, 7);
  };
  return join(pair(v[0], v[1]), pair(v[2], v[3]));
#elif GLAI_VECTOR_BYTES == 32
  const auto pair = [](Vec<float> a, Vec<float> b) __attribute__((always_inline)) {
    return GLAI_SHUFFLE(a, b, 0, 8, 1, 9, 4, 12, 5, 13) + GLAI_SHUFFLE(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
  };
  const auto join = [](Vec<float> a, Vec<float> b) __attribute__((always_inline)) {
    return GLAI_SHUFFLE(a, b, 0, 1, 8, 9, 4, 5, 12, 13) + GLAI_SHUFFLE(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
  };
  const Vec<float> low = join(pair(v[0], v[1]), pair(v[2], v[3]));
  const Vec<float> high = join(pair(v[4], v[5]), pair(v[6], v[7]));
  return GLAI_SHUFFLE(low, high, 0, 1, 2, 3, 8, 9, 10, 11) +
         GLAI_SHUFFLE(low, high, 4, 5, 6, 7, 12, 13, 14, 15);
#else
  const auto pair = [](Vec<float> a, Vec<float> b) __attribute__((always_inline)) {
    return GLAI_SHUFFLE(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29) +
           GLAI_SHUFFLE(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
  };
  const auto join = [](Vec<float> a, Vec<float> b) __attribute__((always_inline)) {
    return GLAI_SHUFFLE(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +
           GLAI_SHUFFLE(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
  };
  const auto halves = [](Vec<float> a, Vec<float> b) __attribute__((always_inline)) {
    return GLAI_SHUFFLE(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
           GLAI_SHUFFLE(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  };
  const auto quarters = [](Vec<float> a, Vec<float> b) __attribute__((always_inline)) {
    return GLAI_SHUFFLE(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
           GLAI_SHUFFLE(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
  };
  Vec<float> fours[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i)
    fours[i] = join(pair(v[4 * i], v[4 * i + 1]), pair(v[4 * i + 2], v[4 * i + 3]));
  return quarters(halves(fours[0], fours[1]), halves(fours[2], fours[3]));
#endif
}

}  // namespace GLAI_ISA
}  // namespace glai
