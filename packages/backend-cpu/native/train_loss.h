// Losses over panels of logits, 16 rows at a time in the lanes: no sum across lanes is needed.
// Definitions: LossSpec of core. Sums of row losses are kept in double precision.
#pragma once
#include "gram_math.h"
#include "train_info_nce.h"
#include "train_panels.h"

namespace glai {
namespace GLAI_ISA {

/// logits → row losses and d loss / d logits, both times the row's weight. Lanes are rows.
struct RowLanes {
  float loss[kPanelRows];
  float weight[kPanelRows];  // class weight, 0 past the end of the batch
};

/// −log softmax(y)_label; d = (softmax(y) − onehot) · weight · scale.
inline void crossEntropyPanel(const LossJob& job, int64_t panel, float scale, RowLanes& rows) {
  const float* const y = job.logits + panel * panelSize(job.nOutputs);
  float* const d = job.dLogits == nullptr ? nullptr : job.dLogits + panel * panelSize(job.nOutputs);
  for (int r = 0; r < kPanelRows; r += kFloats) {
    Vec<float> most = load(y + r);
    for (int64_t o = 1; o < job.nOutputs; ++o) {
      const Vec<float> value = load(y + o * kPanelRows + r);
      most = select<float>(value > most, value, most);
    }
    Vec<float> sum{};
    for (int64_t o = 0; o < job.nOutputs; ++o) {
      const Vec<float> e = exponential<float>(load(y + o * kPanelRows + r) - most);
      sum += e;
      if (d != nullptr) store(d + o * kPanelRows + r, e);
    }
    store(rows.loss + r, logarithm<float>(sum) + most);
    if (d == nullptr) continue;
    const Vec<float> factor = load(rows.weight + r) * splat(scale) / sum;
    for (int64_t o = 0; o < job.nOutputs; ++o) {
      float* const at = d + o * kPanelRows + r;
      store(at, load(at) * factor);
    }
  }
  const int64_t row0 = panel * kPanelRows, count = smaller(kPanelRows, job.nRows - row0);
  for (int64_t r = 0; r < count; ++r) {
    const int64_t label = job.labels[row0 + r];
    rows.loss[r] -= y[label * kPanelRows + r];
    if (d != nullptr) d[label * kPanelRows + r] -= rows.weight[r] * scale;
  }
}

/// Mean over outputs of (y − t)².
inline void meanSquaredErrorPanel(const LossJob& job, int64_t panel, float scale, RowLanes& rows) {
  const float* const y = job.logits + panel * panelSize(job.nOutputs);
  float* const d = job.dLogits == nullptr ? nullptr : job.dLogits + panel * panelSize(job.nOutputs);
  const int64_t row0 = panel * kPanelRows, count = smaller(kPanelRows, job.nRows - row0);
  for (int64_t r = 0; r < kPanelRows; ++r) {
    double squares = 0;
    for (int64_t o = 0; o < job.nOutputs; ++o) {
      const float difference =
          r < count ? y[o * kPanelRows + r] - job.targets[(row0 + r) * job.nOutputs + o] : 0.0f;
      squares += static_cast<double>(difference) * difference;
      if (d != nullptr) d[o * kPanelRows + r] = difference * scale;
    }
    rows.loss[r] = static_cast<float>(squares / static_cast<double>(job.nOutputs));
  }
}

inline float classWeight(const LossJob& job, int64_t row) {
  return job.classWeights == nullptr ? 1.0f : job.classWeights[job.labels[row]];
}

inline int64_t lossScratch(LossKind kind, int64_t nRows, int64_t nOutputs, bool withGradient) {
  return kind == LossKind::infoNCE ? infoNceScratch(nRows, nOutputs, withGradient) : 0;
}

/// The loss of a batch; d logits is of the mean over the batch.
inline LossSum loss(const LossJob& job, const Parallel& parallel) {
  if (job.kind == LossKind::infoNCE) return infoNce(job, parallel);
  const bool isEntropy = job.kind == LossKind::crossEntropy;
  double weightSum = 0;
  for (int64_t row = 0; row < job.nRows; ++row) weightSum += isEntropy ? classWeight(job, row) : 1.0;
  const double scale =
      isEntropy ? 1 / weightSum : 2 / (weightSum * static_cast<double>(job.nOutputs));
  double lossSum = 0;
  for (int64_t panel = 0; panel < panelsOf(job.nRows); ++panel) {
    const int64_t row0 = panel * kPanelRows, count = smaller(kPanelRows, job.nRows - row0);
    RowLanes rows{};
    for (int64_t r = 0; r < count; ++r) rows.weight[r] = isEntropy ? classWeight(job, row0 + r) : 1.0f;
    if (isEntropy) crossEntropyPanel(job, panel, static_cast<float>(scale), rows);
    else meanSquaredErrorPanel(job, panel, static_cast<float>(scale), rows);
    for (int64_t r = 0; r < count; ++r)
      lossSum += static_cast<double>(rows.weight[r]) * rows.loss[r];
  }
  return {lossSum, weightSum};
}

}  // namespace GLAI_ISA
}  // namespace glai
