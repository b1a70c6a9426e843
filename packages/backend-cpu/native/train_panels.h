// Panels: gathering rows of the samples into them, and getting logits out again.
#pragma once
#include "train_dropout.h"

namespace glai {
namespace GLAI_ISA {

/// Rows `rows[0 … nRows − 1]` of features [*, nFeatures] as panels, with the row of ones.
inline void packPanels(const float* features, int64_t nFeatures, const uint32_t* rows, int64_t nRows,
                       float* panels, const Parallel& parallel) {
  const int64_t size = panelSize(nFeatures);
  fork(parallel, panelsOf(nRows), [&](int64_t p, int) {
    float* const panel = panels + p * size;
    const int64_t count = smaller(kPanelRows, nRows - p * kPanelRows);
    const float* from[kPanelRows];
    for (int64_t r = 0; r < kPanelRows; ++r) {
      from[r] = features + static_cast<int64_t>(rows[p * kPanelRows + (r < count ? r : 0)]) * nFeatures;
    }
    for (int64_t i = 0; i < nFeatures; ++i) {
      float* const to = panel + i * kPanelRows;
      for (int r = 0; r < kPanelRows; ++r) to[r] = from[r][i];
    }
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
