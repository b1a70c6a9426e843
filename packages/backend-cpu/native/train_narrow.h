// The estimator over runs with at most 6 outputs. A vector of so few outputs would be half empty, so lanes
// are the 16 rows of a panel: forward, a weight is one broadcast; backward, a vector of consecutive
// weights is as many sums across lanes.
#pragma once
#include "train_lanes.h"
#include "train_update.h"

namespace glai {
namespace GLAI_ISA {

constexpr int kTileVectorsOfRows = kPanelVectors < 2 ? 1 : 2;

inline int64_t narrowForwardScratch(const Selection& s, int64_t nRows) {
  return forwardParts(s, nRows) * panelsOf(nRows) * panelSize(s.nOutputs);
}

/// y[output][rows] += gate · scale · Σ_k w[k][output] x[origin k][rows] for one run and panel.
template <int kOutputs>
inline void narrowForwardRun(const Selection& s, const Run& run, const float* weights, const float* panel,
                             uint32_t mask, float scale, float* y) {
  constexpr int kVectors = kTileVectorsOfRows;
  const uint32_t* const origins = s.originOffsets + run.firstOrigin;
  for (int r = 0; r < kPanelRows; r += kVectors * kWide) {
    Vec<float> acc[kOutputs][kVectors] = {};
    const float* w = weights;
    for (uint32_t k = 0; k < run.nOrigins; ++k, w += kOutputs) {
      const float* const x = panel + origins[k] + r;
      Vec<float> rows[kVectors];
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) rows[v] = load(x + v * kWide);
#pragma GCC unroll 16
      for (int o = 0; o < kOutputs; ++o) {
        const Vec<float> weight = splat(w[o]);
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) acc[o][v] += weight * rows[v];
      }
    }
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      const Mask<float> open = lanesOf(mask, r + v * kWide);
#pragma GCC unroll 16
      for (int o = 0; o < kOutputs; ++o) {
        float* const to = y + o * kPanelRows + r + v * kWide;
        store(to, load(to) + where(open, acc[o][v] * splat(scale)));
      }
    }
  }
}

template <int kOutputs>
inline void narrowForwardOf(const EstimatorForward& job, const Parallel& parallel) {
  const Selection& s = *job.selection;
  const int64_t nPanels = panelsOf(job.nRows), size = panelSize(s.nOutputs);
  const int64_t nParts = forwardParts(s, job.nRows);
  fork(parallel, nParts * nPanels, [&](int64_t task, int) {
    const int64_t part = task % nParts, p = task / nParts;
    float* const y = job.scratch + (part * nPanels + p) * size;
    __builtin_memset(y, 0, size * sizeof(float));
    const float* const panel = job.input + p * panelSize(s.nInputs);
    const int64_t end = runAt(s, part + 1, nParts);
    for (int64_t index = runAt(s, part, nParts); index < end; ++index) {
      const Run& run = s.runs[index];
      const uint32_t mask = job.open.masks[p * s.nGates + run.gate];
      if (mask == 0) continue;
      narrowForwardRun<kOutputs>(s, run, job.weights + run.firstWeight, panel, mask,
                                 job.open.scales[run.gate], y);
    }
  });
  sumPanels(job, nParts, parallel);
}

// ---- backward ----------------------------------------------------------------------------------

/// Floats of one worker: masked gradients of the logits and gradients of a run.
inline int64_t narrowPerWorker(const Selection& s, int64_t nRows) {
  return panelsOf(nRows) * s.nOutputs * kPanelRows + roundUp(s.largestRun, 16) + kWide * s.nOutputs + 32;
}

inline int64_t narrowBackwardScratch(const Selection& s, int64_t nRows, int nWorkers) {
  return nWorkers * narrowPerWorker(s, nRows);
}

/// dy of the open rows times the gate's scale: [nPanels][outputs][16], 0 elsewhere.
inline void maskGradients(const EstimatorBackward& job, uint32_t gate, float* masked) {
  const Selection& s = *job.selection;
  const Vec<float> scale = splat(job.open.scales[gate]);
  for (int64_t p = 0; p < panelsOf(job.nRows); ++p) {
    const uint32_t mask = job.open.masks[p * s.nGates + gate];
    const float* const from = job.dOutput + p * panelSize(s.nOutputs);
    float* const to = masked + p * s.nOutputs * kPanelRows;
#pragma GCC unroll 16
    for (int v = 0; v < kPanelVectors; ++v) {
      const Mask<float> open = lanesOf(mask, v * kWide);
      for (int64_t i = v * kWide; i < s.nOutputs * kPanelRows; i += kPanelRows)
        store(to + i, where(open, load(from + i)) * scale);
    }
  }
}

GLAI_INLINE void keepInRegister(Vec<float>& v) {
#if defined(__AVX2__)
  asm("" : "+x"(v));
#else
  (void)v;
#endif
}

/// Gradients of kWide consecutive weights of a block of kWide origins: weight j of vector kVector belongs to origin
/// (kVector · kWide + j) / kOutputs.
template <int kOutputs, int kVector>
GLAI_INLINE Vec<float> narrowGradientsOf(const float* const* x, int64_t nPanels, int64_t inputSize,
                                         const float* masked) {
  constexpr int kFirst = kVector * kWide / kOutputs;  // origin of the vector's first weight
  constexpr int kLast = (kVector * kWide + kWide - 1) / kOutputs;
  Vec<float> acc[kWide] = {};
  for (int64_t p = 0; p < nPanels; ++p) {
    const float* const d = masked + p * kOutputs * kPanelRows;
#pragma GCC unroll 16
    for (int v = 0; v < kPanelVectors; ++v) {
      Vec<float> rows[kLast - kFirst + 1];
#pragma GCC unroll 16
      for (int i = kFirst; i <= kLast; ++i) rows[i - kFirst] = load(x[i] + p * inputSize + v * kWide);
#pragma GCC unroll 16
      for (int o = 0; o < kOutputs; ++o) {
        Vec<float> dy = load(d + o * kPanelRows + v * kWide);
        keepInRegister(dy);  // one load for all origins, not one per multiplication
#pragma GCC unroll 16
        for (int j = 0; j < kWide; ++j)
          if ((kVector * kWide + j) % kOutputs == o)
            acc[j] += rows[(kVector * kWide + j) / kOutputs - kFirst] * dy;
      }
    }
  }
  return sumsOf(acc);
}

/// Gradients of a block of kWide origins, [origin][output].
template <int kOutputs, int kVector = 0>
GLAI_INLINE void narrowBlock(const float* const* x, int64_t nPanels, int64_t inputSize,
                             const float* masked, float* gradients) {
  if constexpr (kVector < kOutputs) {
    store(gradients + kVector * kWide,
          narrowGradientsOf<kOutputs, kVector>(x, nPanels, inputSize, masked));
    narrowBlock<kOutputs, kVector + 1>(x, nPanels, inputSize, masked, gradients);
  }
}

/// Gradients of a run, [nOrigins][outputs], 0 in the vector after the last.
template <int kOutputs>
inline void narrowGradients(const EstimatorBackward& job, const Run& run, float* masked,
                            float* gradients) {
  const Selection& s = *job.selection;
  const int64_t nPanels = panelsOf(job.nRows), inputSize = panelSize(s.nInputs);
  const uint32_t* const origins = s.originOffsets + run.firstOrigin;
  maskGradients(job, run.gate, masked);
  for (int64_t k = 0; k < run.nOrigins; k += kWide) {
    const float* x[kWide];
    for (int i = 0; i < kWide; ++i)  // past the end the last origin again
      x[i] = job.input + origins[smaller(k + i, run.nOrigins - 1)];
    narrowBlock<kOutputs>(x, nPanels, inputSize, masked, gradients + k * kOutputs);
  }
  const int64_t count = static_cast<int64_t>(run.nOrigins) * kOutputs;
  for (int v = 0; v < 16; v += kWide) store(gradients + count + v, Vec<float>{});
}

#define GLAI_NARROW(function, ...)                \
  switch (job.selection->nOutputs) {              \
    case 1: return function<1>(__VA_ARGS__);      \
    case 2: return function<2>(__VA_ARGS__);      \
    case 3: return function<3>(__VA_ARGS__);      \
    case 4: return function<4>(__VA_ARGS__);      \
    case 5: return function<5>(__VA_ARGS__);      \
    default: return function<6>(__VA_ARGS__);     \
  }

inline void narrowForward(const EstimatorForward& job, const Parallel& parallel) {
  GLAI_NARROW(narrowForwardOf, job, parallel)
}

inline void narrowRunGradients(const EstimatorBackward& job, const Run& run, float* masked,
                               float* gradients) {
  GLAI_NARROW(narrowGradients, job, run, masked, gradients)
}

inline void narrowBackward(const EstimatorBackward& job, const Parallel& parallel) {
  const Selection& s = *job.selection;
  const int64_t perWorker = narrowPerWorker(s, job.nRows);
  withUpdate(job.step, [&](const auto& update) {
    const int64_t nTasks = updateTasks(s);
    fork(parallel, nTasks, [&](int64_t task, int worker) {
      float* const masked = job.scratch + worker * perWorker;
      float* const gradients = masked + panelsOf(job.nRows) * s.nOutputs * kPanelRows;
      const int64_t end = runAt(s, task + 1, nTasks);
      for (int64_t index = runAt(s, task, nTasks); index < end; ++index) {
        const Run& run = s.runs[index];
        narrowRunGradients(job, run, masked, gradients);
        updateRange(job.parameters, run.firstWeight, static_cast<int64_t>(run.nOrigins) * run.width,
                    gradients, update);
      }
    });
  });
}

}  // namespace GLAI_ISA
}  // namespace glai
