// The dense layer: forward, both gradients and the optimiser's step.
//
// Weights of a layer are groups of kGroup outputs, each [nIn + 1][width], the bias as the last row (the
// last group is as wide as it must be, in whole vectors). One layout serves all three products without
// a sum across lanes:
//   forward    out[o][16 rows] += W[i][o] (broadcast) · in[i][16 rows]
//   to inputs  dIn[i][16 rows] += W[i][o] (broadcast) · dOut[o][16 rows]
//   to weights dW[i][outputs]  += in[i][row] (broadcast) · dOut[row][outputs], updated in registers
#pragma once
#include "train_dropout.h"
#include "train_update.h"

namespace glai {
namespace GLAI_ISA {

constexpr int kFloats = kLanes<float>;
constexpr int kGroup = 3 * kFloats;
constexpr int kRowVectors = kPanelRows / kFloats < 2 ? 1 : 2;  // vectors of rows per tile
constexpr int kRowsPerTile = kRowVectors * kFloats;
// Sums of a tile: 12 fill 16 registers; WASM engines keep some registers for themselves and spill 12.
#if defined(__wasm__)
constexpr int kTileSums = 8;
#else
constexpr int kTileSums = 12;
#endif
constexpr int64_t kDepthBlock = 160;  // inputs per pass: a group's weights and a panel fit L1
constexpr int64_t kPanelsPerTask = 16;

constexpr int64_t groupsOf(int64_t nOut) { return (nOut + kGroup - 1) / kGroup; }
constexpr int groupWidth(int64_t nOut, int64_t group) {
  const int64_t left = nOut - group * kGroup;
  return left >= kGroup ? kGroup : static_cast<int>(roundUp(left, kFloats));
}

inline int64_t denseSize(int64_t nIn, int64_t nOut) {
  const int64_t last = groupsOf(nOut) - 1;
  return (nIn + 1) * (last * kGroup + groupWidth(nOut, last));
}

/// Calls body(place in the kernels' order, place in core's order) for every weight and bias.
template <typename Body>
inline void eachWeight(int64_t nIn, int64_t nOut, const Body& body) {
  for (int64_t g = 0; g < groupsOf(nOut); ++g) {
    const int width = groupWidth(nOut, g);
    const int64_t start = g * kGroup * (nIn + 1);
    for (int64_t i = 0; i <= nIn; ++i) {
      for (int64_t c = 0; c < smaller(width, nOut - g * kGroup); ++c) {
        const int64_t o = g * kGroup + c;
        body(start + i * width + c, i < nIn ? o * nIn + i : nIn * nOut + o);
      }
    }
  }
}

inline void densePack(int64_t nIn, int64_t nOut, const float* from, float* to) {
  eachWeight(nIn, nOut, [&](int64_t inner, int64_t outer) { to[inner] = from[outer]; });
}

inline void denseUnpack(int64_t nIn, int64_t nOut, const float* from, float* to) {
  eachWeight(nIn, nOut, [&](int64_t inner, int64_t outer) { to[outer] = from[inner]; });
}

inline int64_t denseScratch(int64_t nOut, int64_t nRows) {
  return panelsOf(nRows) * kPanelRows * roundUp(nOut, kFloats);
}

// ---- forward -----------------------------------------------------------------------------------

/// out[o][rows] (+)= Σ_k w[k][o] x[k][rows] for kOut outputs and one tile of rows.
template <int kOut>
GLAI_INLINE void forwardTile(const float* w, int width, const float* x, int64_t depth, float* out,
                             bool isFirst) {
  Vec<float> acc[kOut][kRowVectors];
#pragma GCC unroll 16
  for (int o = 0; o < kOut; ++o)
#pragma GCC unroll 16
    for (int v = 0; v < kRowVectors; ++v)
      acc[o][v] = isFirst ? Vec<float>{} : load(out + o * kPanelRows + v * kFloats);
  for (int64_t k = 0; k < depth; ++k) {
    Vec<float> rows[kRowVectors];
#pragma GCC unroll 16
    for (int v = 0; v < kRowVectors; ++v) rows[v] = load(x + k * kPanelRows + v * kFloats);
#pragma GCC unroll 16
    for (int o = 0; o < kOut; ++o) {
      const Vec<float> weight = splat(w[k * width + o]);
#pragma GCC unroll 16
      for (int v = 0; v < kRowVectors; ++v) acc[o][v] += weight * rows[v];
    }
  }
#pragma GCC unroll 16
  for (int o = 0; o < kOut; ++o)
#pragma GCC unroll 16
    for (int v = 0; v < kRowVectors; ++v) store(out + o * kPanelRows + v * kFloats, acc[o][v]);
}

template <int kOut>
inline void forwardGroup(const float* w, int width, const float* x, int64_t depth, float* out,
                         bool isFirst) {
  for (int r = 0; r < kPanelRows; r += kRowsPerTile)
    for (int c = 0; c < width; c += kOut)
      forwardTile<kOut>(w + c, width, x + r, depth, out + c * kPanelRows + r, isFirst);
}

/// One group of outputs of one panel. Tiles of kTileSums sums where the width allows, of 8 or 16 else.
inline void forwardPanel(const float* w, int width, const float* x, int64_t depth, float* out,
                         bool isFirst) {
  constexpr int kBest = kTileSums / kRowVectors;  // divides kGroup
  if (width == kGroup) return forwardGroup<kBest>(w, width, x, depth, out, isFirst);
  forwardGroup<kRowVectors == 1 ? 16 : 4>(w, width, x, depth, out, isFirst);
}

/// h = max(z, 0) · dropout; NaN stays NaN.
inline void activate(float* values, const DenseForward& job, const RowKeys& keys, uint32_t unit) {
  const Vec<float> zero{};
  for (int r = 0; r < kPanelRows; r += kFloats) {
    Vec<float> z = load(values + r);
    z = select<float>(z <= zero, zero, z);
    if (job.dropout.threshold != 0) {
      const Mask<float> kept = keptLanes(keys.at + r, unitKey(unit), job.dropout.threshold);
      z = select<float>(kept, z * splat(job.dropout.scale), zero);
    }
    store(values + r, z);
  }
}

inline void denseForward(const DenseForward& job, const Parallel& parallel) {
  const int64_t nIn = job.layer.nIn, nOut = job.layer.nOut;
  const int64_t nPanels = panelsOf(job.nRows), depth = nIn + 1;
  const int64_t inSize = panelSize(nIn), outSize = panelSize(nOut);
  const int64_t nChunks = (nPanels + kPanelsPerTask - 1) / kPanelsPerTask;
  fork(parallel, groupsOf(nOut) * nChunks, [&](int64_t task, int) {
    const int64_t group = task / nChunks, chunk = task % nChunks;
    const int64_t p0 = chunk * kPanelsPerTask, p1 = smaller(p0 + kPanelsPerTask, nPanels);
    const int width = groupWidth(nOut, group);
    const float* const w = job.layer.parameters.weights + group * kGroup * depth;
    float* const out = job.output + group * kGroup * kPanelRows;
    for (int64_t k = 0; k < depth; k += kDepthBlock) {
      const int64_t deep = smaller(kDepthBlock, depth - k);
      for (int64_t p = p0; p < p1; ++p)
        forwardPanel(w + k * width, width, job.input + p * inSize + k * kPanelRows, deep,
                     out + p * outSize, k == 0);
    }
    if (!job.isHidden) return;
    for (int64_t p = p0; p < p1; ++p) {
      const RowKeys keys = job.dropout.threshold != 0 ? rowKeys(job.dropout, p) : RowKeys{};
      for (int64_t c = 0; c < smaller(width, nOut - group * kGroup); ++c)
        activate(out + p * outSize + c * kPanelRows, job, keys,
                 job.firstUnit + static_cast<uint32_t>(group * kGroup + c));
    }
  });
  if (!job.isHidden) return;
  for (int64_t p = 0; p < nPanels; ++p)
    for (int64_t r = 0; r < kPanelRows; ++r)
      job.output[p * outSize + nOut * kPanelRows + r] = p * kPanelRows + r < job.nRows ? 1.0f : 0.0f;
}

// ---- backward ----------------------------------------------------------------------------------

/// dOut panels → [group][row][width], what the weight gradient reads.
inline void byGroup(const DenseBackward& job) {
  const int64_t nOut = job.layer.nOut, nRows = panelsOf(job.nRows) * kPanelRows;
  for (int64_t g = 0; g < groupsOf(nOut); ++g) {
    const int width = groupWidth(nOut, g);
    float* const to = job.dOutputByGroup + g * kGroup * nRows;
    for (int64_t p = 0; p < nRows / kPanelRows; ++p) {
      const float* const from = job.dOutput + p * panelSize(nOut) + g * kGroup * kPanelRows;
      float* const rows = to + p * kPanelRows * width;
      for (int64_t c = 0; c < width; ++c) {
        const bool isReal = g * kGroup + c < nOut;
        for (int r = 0; r < kPanelRows; ++r)
          rows[r * width + c] = isReal ? from[c * kPanelRows + r] : 0.0f;
      }
    }
  }
}

/// dW[i][outputs] for kIn inputs × kVectors vectors over the whole batch, then the optimiser's step.
template <int kIn, int kVectors, typename Update>
GLAI_INLINE void gradientTile(const DenseBackward& job, const float* x, const float* dOut,
                              int64_t place, const Update& update) {
  constexpr int kWidth = kVectors * kFloats;
  Vec<float> acc[kIn][kVectors] = {};
  for (int64_t row = 0; row < job.nRows; row += kPanelRows) {
    const int64_t count = smaller(kPanelRows, job.nRows - row);
    for (int64_t r = 0; r < count; ++r) {
      Vec<float> d[kVectors];
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) d[v] = load(dOut + r * kWidth + v * kFloats);
#pragma GCC unroll 16
      for (int i = 0; i < kIn; ++i) {
        const Vec<float> input = splat(x[i * kPanelRows + r]);
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) acc[i][v] += input * d[v];
      }
    }
    x += panelSize(job.layer.nIn);
    dOut += kPanelRows * kWidth;
  }
  // Through L1: the optimiser's constants need the registers of the sums.
  float gradients[kIn * kWidth];
#pragma GCC unroll 16
  for (int i = 0; i < kIn; ++i)
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) store(gradients + i * kWidth + v * kFloats, acc[i][v]);
  updateRange(job.layer.parameters, place, kIn * kWidth, gradients, update);
}

template <int kVectors, typename Update>
inline void gradientGroup(const DenseBackward& job, const float* dOut, int64_t start, int64_t i0,
                          int64_t i1, const Update& update) {
  constexpr int kMost = kFloats == 16 || kVectors == 1 ? 8 : kTileSums / kVectors;
  constexpr int kWidth = kVectors * kFloats;
  int64_t i = i0;
  for (; i + kMost <= i1; i += kMost)
    gradientTile<kMost, kVectors>(job, job.input + i * kPanelRows, dOut, start + i * kWidth, update);
  for (; i < i1; ++i)
    gradientTile<1, kVectors>(job, job.input + i * kPanelRows, dOut, start + i * kWidth, update);
}

template <typename Update>
inline void weightGradients(const DenseBackward& job, const Update& update, const Parallel& parallel) {
  constexpr int64_t kInputsPerTask = 192;
  const int64_t nIn = job.layer.nIn, nOut = job.layer.nOut, depth = nIn + 1;
  const int64_t nRows = panelsOf(job.nRows) * kPanelRows;
  const int64_t nChunks = (depth + kInputsPerTask - 1) / kInputsPerTask;
  fork(parallel, groupsOf(nOut) * nChunks, [&](int64_t task, int) {
    const int64_t group = task / nChunks, i0 = task % nChunks * kInputsPerTask;
    const int64_t i1 = smaller(i0 + kInputsPerTask, depth), start = group * kGroup * depth;
    const float* const dOut = job.dOutputByGroup + group * kGroup * nRows;
    switch (groupWidth(nOut, group) / kFloats) {
      case 3:
        return gradientGroup<3>(job, dOut, start, i0, i1, update);
      case 2:
        return gradientGroup<2>(job, dOut, start, i0, i1, update);
      default:
        return gradientGroup<1>(job, dOut, start, i0, i1, update);
    }
  });
}

/// dIn[i][rows] = Σ_o W[i][o] dOut[o][rows] for kIn inputs and one tile of rows, through the ReLU.
template <int kIn>
GLAI_INLINE void inputTile(const DenseBackward& job, int64_t i, const float* dOut, const float* in,
                           float* dIn) {
  const int64_t nOut = job.layer.nOut, depth = job.layer.nIn + 1;
  Vec<float> acc[kIn][kRowVectors] = {};
  for (int64_t g = 0; g < groupsOf(nOut); ++g) {
    const int width = groupWidth(nOut, g);
    const int64_t count = smaller(width, nOut - g * kGroup);
    const float* const w = job.layer.parameters.weights + g * kGroup * depth + i * width;
    for (int64_t c = 0; c < count; ++c, dOut += kPanelRows) {
      Vec<float> d[kRowVectors];
#pragma GCC unroll 16
      for (int v = 0; v < kRowVectors; ++v) d[v] = load(dOut + v * kFloats);
#pragma GCC unroll 16
      for (int k = 0; k < kIn; ++k) {
        const Vec<float> weight = splat(w[k * width + c]);
#pragma GCC unroll 16
        for (int v = 0; v < kRowVectors; ++v) acc[k][v] += weight * d[v];
      }
    }
  }
  const Vec<float> scale = splat(job.hiddenScale), zero{};
#pragma GCC unroll 16
  for (int k = 0; k < kIn; ++k)
#pragma GCC unroll 16
    for (int v = 0; v < kRowVectors; ++v) {
      const int at = k * kPanelRows + v * kFloats;
      store(dIn + at, select<float>(load(in + at) == zero, zero, acc[k][v] * scale));
    }
}

inline void inputGradients(const DenseBackward& job, const Parallel& parallel) {
  constexpr int kMost = kTileSums / kRowVectors;
  constexpr int64_t kInputsPerTask = 8 * kMost;
  const int64_t nIn = job.layer.nIn, nChunks = (nIn + kInputsPerTask - 1) / kInputsPerTask;
  fork(parallel, panelsOf(job.nRows) * nChunks, [&](int64_t task, int) {
    const int64_t p = task / nChunks, i0 = task % nChunks * kInputsPerTask;
    const int64_t i1 = smaller(i0 + kInputsPerTask, nIn);
    const float* const dOut = job.dOutput + p * panelSize(job.layer.nOut);
    for (int r = 0; r < kPanelRows; r += kRowsPerTile) {
      const float* const in = job.input + p * panelSize(nIn) + r;
      float* const dIn = job.dInput + p * panelSize(nIn) + r;
      int64_t i = i0;
      for (; i + kMost <= i1; i += kMost)
        inputTile<kMost>(job, i, dOut + r, in + i * kPanelRows, dIn + i * kPanelRows);
      for (; i < i1; ++i)
        inputTile<1>(job, i, dOut + r, in + i * kPanelRows, dIn + i * kPanelRows);
    }
  });
}

/// Gradients with the weights of the forward pass first, then the step.
inline void denseBackward(const DenseBackward& job, const Parallel& parallel) {
  byGroup(job);
  if (job.dInput != nullptr) inputGradients(job, parallel);
  withUpdate(job.step, [&](const auto& update) { weightGradients(job, update, parallel); });
}

}  // namespace GLAI_ISA
}  // namespace glai
