// Symmetric InfoNCE over two views (core's infoNCE): with unit rows a_i, b_j and
// s_ij = <a_i, b_j> / temperature, the mean over i of ½ (CE(s_i·, i) + CE(s_·i, i)).
// Rows are padded to whole vectors; the B × B matrices are filled row by row.
#pragma once
#include "gram_math.h"
#include "train_panels.h"

namespace glai {
namespace GLAI_ISA {

constexpr int kFloatLanes = kLanes<float>;
constexpr float kShortestRow = 1e-12f;  // shorter rows count as the zero vector

struct InfoNce {
  int64_t nPairs, nOutputs, width;  // width: nOutputs in whole vectors
  int64_t pitch;                    // of the B × B matrix: nPairs in whole vectors
  float* units;        // [2B, width] unit rows, first view first
  float* lengths;      // [2B] 1 / ‖row‖, 0 for a short row
  float* similarity;   // [B, pitch]; becomes d loss / d s
  float* columnMost;   // [pitch]
  float* columnSum;    // [pitch]
  float* rowMost;      // [B]
  float* rowSum;       // [B]
  float* transposed;   // [width, pitch] of the second view
  float* dUnits;       // [2B, width], only with a gradient
};

inline int64_t infoNceScratch(int64_t nRows, int64_t nOutputs, bool withGradient) {
  const int64_t nPairs = nRows / 2, width = roundUp(nOutputs, 16), pitch = roundUp(nPairs, 16);
  return nRows * width * (withGradient ? 2 : 1) + roundUp(nRows, 16) + nPairs * pitch + 2 * pitch +
         2 * roundUp(nPairs, 16) + width * pitch + 256;
}

inline InfoNce infoNceArrays(const LossJob& job) {
  InfoNce x{};
  x.nPairs = job.nRows / 2;
  x.nOutputs = job.nOutputs;
  x.width = roundUp(job.nOutputs, 16);
  x.pitch = roundUp(x.nPairs, 16);
  Arena arena{reinterpret_cast<char*>(job.scratch)};
  x.units = arena.take<float>(job.nRows * x.width);
  x.lengths = arena.take<float>(job.nRows);
  x.similarity = arena.take<float>(x.nPairs * x.pitch);
  x.columnMost = arena.take<float>(x.pitch);
  x.columnSum = arena.take<float>(x.pitch);
  x.rowMost = arena.take<float>(x.nPairs);
  x.rowSum = arena.take<float>(x.nPairs);
  x.transposed = arena.take<float>(x.width * x.pitch);
  if (job.dLogits != nullptr) x.dUnits = arena.take<float>(job.nRows * x.width);
  return x;
}

inline float across(Vec<float> v) {
  float sum = 0;
  for (int lane = 0; lane < kFloatLanes; ++lane) sum += v[lane];
  return sum;
}

inline void normalize(const LossJob& job, const InfoNce& x) {
  for (int64_t row = 0; row < job.nRows; ++row) {
    float* const unit = x.units + row * x.width;
    const float* const from = job.logits + row / kPanelRows * panelSize(x.nOutputs) + row % kPanelRows;
    double squares = 0;
    for (int64_t o = 0; o < x.width; ++o) {
      unit[o] = o < x.nOutputs ? from[o * kPanelRows] : 0.0f;
      squares += static_cast<double>(unit[o]) * unit[o];
    }
    const float length = static_cast<float>(squareRootOf(squares));
    x.lengths[row] = length < kShortestRow ? 0.0f : 1.0f / length;
    for (int64_t o = 0; o < x.width; ++o) unit[o] *= x.lengths[row];
  }
}

/// out[row][0 … n) (+)= Σ_k a[k · stride] rows[k][0 … n): one row of a product, lanes over n.
GLAI_INLINE void addRows(const float* a, int64_t stride, int64_t depth, const float* rows,
                         int64_t rowSize, int64_t n, float* out) {
  constexpr int kVectors = 4;
  for (int64_t c = 0; c < n; c += kVectors * kFloatLanes) {
    const int64_t left = smaller(kVectors, (n - c) / kFloatLanes);
    Vec<float> acc[kVectors] = {};
    if (left == kVectors) {
      for (int64_t k = 0; k < depth; ++k) {
        const Vec<float> factor = splat(a[k * stride]);
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v)
          acc[v] += factor * load(rows + k * rowSize + c + v * kFloatLanes);
      }
    } else {
      for (int64_t k = 0; k < depth; ++k) {
        const Vec<float> factor = splat(a[k * stride]);
        for (int64_t v = 0; v < left; ++v)
          acc[v] += factor * load(rows + k * rowSize + c + v * kFloatLanes);
      }
    }
    for (int64_t v = 0; v < left; ++v) store(out + c + v * kFloatLanes, acc[v]);
  }
}

/// s, and the largest entry and Σ exp(s − largest) of every row and column.
inline void similarities(const LossJob& job, const InfoNce& x, const Parallel& parallel) {
  const float inverse = static_cast<float>(1 / job.temperature);
  for (int64_t o = 0; o < x.width; ++o)
    for (int64_t j = 0; j < x.pitch; ++j)
      x.transposed[o * x.pitch + j] =
          j < x.nPairs ? x.units[(x.nPairs + j) * x.width + o] * inverse : 0.0f;
  fork(parallel, x.nPairs, [&](int64_t i, int) {
    float* const row = x.similarity + i * x.pitch;
    addRows(x.units + i * x.width, 1, x.nOutputs, x.transposed, x.pitch, x.pitch, row);
    float most = row[0];
    for (int64_t j = 1; j < x.nPairs; ++j) most = row[j] > most ? row[j] : most;
    // Lanes past the last pair vanish from every sum.
    for (int64_t j = x.nPairs; j < x.pitch; ++j) row[j] = -3e38f;
    Vec<float> sum{};
    for (int64_t j = 0; j < x.pitch; j += kFloatLanes)
      sum += exponential<float>(load(row + j) - splat(most));
    x.rowMost[i] = most;
    x.rowSum[i] = across(sum);
  });
  for (int64_t j = 0; j < x.pitch; j += kFloatLanes) {
    Vec<float> most = load(x.similarity + j), sum{};
    for (int64_t i = 1; i < x.nPairs; ++i) {
      const Vec<float> s = load(x.similarity + i * x.pitch + j);
      most = select<float>(s > most, s, most);
    }
    for (int64_t i = 0; i < x.nPairs; ++i)
      sum += exponential<float>(load(x.similarity + i * x.pitch + j) - most);
    store(x.columnMost + j, most);
    store(x.columnSum + j, sum);
  }
}

/// ∂loss/∂s_ij = (p_ij + q_ij − 2δ_ij) / 2B, then ∂/∂a, ∂/∂b, and back through the normalisation.
inline void infoNceGradient(const LossJob& job, const InfoNce& x, const Parallel& parallel) {
  const float scale = static_cast<float>(1 / (2 * static_cast<double>(x.nPairs) * job.temperature));
  fork(parallel, x.nPairs, [&](int64_t i, int) {
    float* const row = x.similarity + i * x.pitch;
    const Vec<float> most = splat(x.rowMost[i]), inverse = splat(scale / x.rowSum[i]);
    for (int64_t j = 0; j < x.pitch; j += kFloatLanes) {
      const Vec<float> s = load(row + j);
      const Vec<float> p = exponential<float>(s - most) * inverse;
      const Vec<float> q =
          exponential<float>(s - load(x.columnMost + j)) * splat(scale) / load(x.columnSum + j);
      store(row + j, p + q);
    }
    row[i] -= 2 * scale;
    addRows(row, 1, x.nPairs, x.units + x.nPairs * x.width, x.width, x.width, x.dUnits + i * x.width);
  });
  fork(parallel, x.nPairs, [&](int64_t j, int) {
    addRows(x.similarity + j, x.pitch, x.nPairs, x.units, x.width, x.width,
            x.dUnits + (x.nPairs + j) * x.width);
  });
  for (int64_t row = 0; row < panelsOf(job.nRows) * kPanelRows; ++row) {
    float* const to = job.dLogits + row / kPanelRows * panelSize(x.nOutputs) + row % kPanelRows;
    const float* const unit = x.units + row * x.width;
    const float* const d = x.dUnits + row * x.width;
    Vec<float> along{};
    if (row < job.nRows)
      for (int64_t o = 0; o < x.width; o += kFloatLanes) along += load(unit + o) * load(d + o);
    const float size = across(along);
    for (int64_t o = 0; o < x.nOutputs; ++o)
      to[o * kPanelRows] = row < job.nRows ? (d[o] - unit[o] * size) * x.lengths[row] : 0.0f;
  }
}

inline LossSum infoNce(const LossJob& job, const Parallel& parallel) {
  const InfoNce x = infoNceArrays(job);
  normalize(job, x);
  similarities(job, x, parallel);
  double loss = 0;
  for (int64_t i = 0; i < x.nPairs; ++i) {
    const double own = x.similarity[i * x.pitch + i];
    const Vec<float> sums = splat(x.rowSum[i]), columns = splat(x.columnSum[i]);
    const double row = x.rowMost[i] + static_cast<double>(logarithm<float>(sums)[0]);
    const double column = x.columnMost[i] + static_cast<double>(logarithm<float>(columns)[0]);
    loss += (row + column) / 2 - own;
  }
  if (job.dLogits != nullptr) infoNceGradient(job, x, parallel);
  return {loss, static_cast<double>(x.nPairs)};
}

}  // namespace GLAI_ISA
}  // namespace glai
