// Panels: gathering rows of the samples into them, and getting logits out again.
#pragma once
#include "train_dropout.h"

namespace glai {
namespace GLAI_ISA {

#if GLAI_VECTOR_BYTES == 16
constexpr int kSquare = 4;  // side of the blocks that are transposed in registers
#else
constexpr int kSquare = 8;
#endif
typedef float Line __attribute__((vector_size(4 * kSquare), may_alias));
typedef float LooseLine __attribute__((vector_size(4 * kSquare), may_alias, aligned(4)));

/// to[c][0 … kSquare − 1] = from[0 … kSquare − 1][i + c]; `to` has `pitch` floats per row.
GLAI_INLINE void transposeSquare(const float* const* from, int64_t i, float* to, int64_t pitch) {
  Line a[kSquare], b[kSquare];
#pragma GCC unroll 8
  for (int r = 0; r < kSquare; ++r) a[r] = *reinterpret_cast<const LooseLine*>(from[r] + i);
#if GLAI_VECTOR_BYTES == 16
  b[0] = __builtin_shufflevector(a[0], a[1], 0, 4, 1, 5);
  b[1] = __builtin_shufflevector(a[0], a[1], 2, 6, 3, 7);
  b[2] = __builtin_shufflevector(a[2], a[3], 0, 4, 1, 5);
  b[3] = __builtin_shufflevector(a[2], a[3], 2, 6, 3, 7);
  a[0] = __builtin_shufflevector(b[0], b[2], 0, 1, 4, 5);
  a[1] = __builtin_shufflevector(b[0], b[2], 2, 3, 6, 7);
  a[2] = __builtin_shufflevector(b[1], b[3], 0, 1, 4, 5);
  a[3] = __builtin_shufflevector(b[1], b[3], 2, 3, 6, 7);
#else
#pragma GCC unroll 4
  for (int r = 0; r < 8; r += 2) {  // pairs of rows, within 128-bit halves
    b[r] = __builtin_shufflevector(a[r], a[r + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    b[r + 1] = __builtin_shufflevector(a[r], a[r + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
#pragma GCC unroll 2
  for (int r = 0; r < 8; r += 4) {  // fours of rows
    a[r] = __builtin_shufflevector(b[r], b[r + 2], 0, 1, 8, 9, 4, 5, 12, 13);
    a[r + 1] = __builtin_shufflevector(b[r], b[r + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    a[r + 2] = __builtin_shufflevector(b[r + 1], b[r + 3], 0, 1, 8, 9, 4, 5, 12, 13);
    a[r + 3] = __builtin_shufflevector(b[r + 1], b[r + 3], 2, 3, 10, 11, 6, 7, 14, 15);
  }
#pragma GCC unroll 4
  for (int r = 0; r < 4; ++r) {  // halves
    b[r] = __builtin_shufflevector(a[r], a[r + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    b[r + 4] = __builtin_shufflevector(a[r], a[r + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
#pragma GCC unroll 8
  for (int r = 0; r < 8; ++r) a[r] = b[r];
#endif
#pragma GCC unroll 8
  for (int c = 0; c < kSquare; ++c) *reinterpret_cast<LooseLine*>(to + c * pitch) = a[c];
}

/// Rows `rows[0 … nRows − 1]` of features [*, nFeatures] as panels, with the row of ones.
inline void packPanels(const float* features, int64_t nFeatures, const uint32_t* rows, int64_t nRows,
                       float* panels, const Parallel& parallel) {
  const int64_t size = panelSize(nFeatures), nWhole = nFeatures / kSquare * kSquare;
  fork(parallel, panelsOf(nRows), [&](int64_t p, int) {
    float* const panel = panels + p * size;
    const int64_t count = smaller(kPanelRows, nRows - p * kPanelRows);
    const float* from[kPanelRows];
    for (int64_t r = 0; r < kPanelRows; ++r) {
      from[r] = features + static_cast<int64_t>(rows[p * kPanelRows + (r < count ? r : 0)]) * nFeatures;
    }
    for (int64_t i = 0; i < nWhole; i += kSquare)
      for (int r = 0; r < kPanelRows; r += kSquare)
        transposeSquare(from + r, i, panel + i * kPanelRows + r, kPanelRows);
    for (int64_t i = nWhole; i < nFeatures; ++i)
      for (int r = 0; r < kPanelRows; ++r) panel[i * kPanelRows + r] = from[r][i];
    float* const ones = panel + nFeatures * kPanelRows;
    for (int64_t r = 0; r < kPanelRows; ++r) ones[r] = r < count ? 1.0f : 0.0f;
    if (count == kPanelRows) return;
    for (int64_t i = 0; i < nFeatures; ++i) {
      for (int64_t r = count; r < kPanelRows; ++r) panel[i * kPanelRows + r] = 0.0f;
    }
  });
}

/// Dropout on the inputs of a linear head.
inline void dropInputs(float* panels, int64_t nFeatures, int64_t nRows, const Dropout& dropout) {
  const Vec<float> scale = splat(dropout.scale);
  for (int64_t p = 0; p < panelsOf(nRows); ++p) {
    const RowKeys keys = rowKeys(dropout, p);
    for (int64_t i = 0; i < nFeatures; ++i) {
      float* const values = panels + p * panelSize(nFeatures) + i * kPanelRows;
      const uint32_t unit = unitKey(static_cast<uint32_t>(i));
      for (int r = 0; r < kPanelRows; r += kLanes<float>) {
        const Mask<float> kept = keptLanes(keys.at + r, unit, dropout.threshold);
        store(values + r, select<float>(kept, load(values + r) * scale, Vec<float>{}));
      }
    }
  }
}

/// out[row, o] = panel[o][row]; out is [nRows, nOutputs].
inline void unpackLogits(const float* panels, int64_t nRows, int64_t nOutputs, float* out) {
  for (int64_t row = 0; row < nRows; ++row) {
    const float* const from = panels + row / kPanelRows * panelSize(nOutputs) + row % kPanelRows;
    for (int64_t o = 0; o < nOutputs; ++o) out[row * nOutputs + o] = from[o * kPanelRows];
  }
}

}  // namespace GLAI_ISA
}  // namespace glai
