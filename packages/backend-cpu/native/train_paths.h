// The estimator over single paths: y_o = Σ w_p x_origin(p) where the gate is open. Lanes are the 16
// rows of a panel, so that a path is one broadcast (forward) or one sum across lanes (backward, 4, 8 or 16
// paths at a time); rows with a closed gate are masked. Paths of a gate are segments of one output
// each. For exact top-K selections of one hidden layer the kept set of a gate is a Young diagram:
// sorted, every segment is a prefix of one list of origins, and four segments share their loads.
#pragma once
#include "train_panels.h"
#include "train_run_backward.h"

namespace glai {
namespace GLAI_ISA {

constexpr int kPanelVectors = kPanelRows / kWide;

/// Lanes of a vector of rows where the panel's mask is set; `r` is the vector's first row.
GLAI_INLINE Mask<float> lanesOf(uint32_t mask, int r) {
  Mask<float> bits;
  for (int lane = 0; lane < kWide; ++lane) bits[lane] = 1 << lane;
  const Mask<float> set = (static_cast<int32_t>(mask >> r) - Mask<float>{}) & bits;
  return set == bits;
}

GLAI_INLINE Vec<float> where(Mask<float> mask, Vec<float> value) {
  return (Vec<float>)((Mask<float>)value & mask);
}

// ---- forward -----------------------------------------------------------------------------------

inline int64_t pathForwardScratch(const Selection& s, int64_t nRows) {
  return forwardParts(s, nRows) * panelsOf(nRows) * panelSize(s.nOutputs);
}

/// One quad and one panel: y[output][rows] += gate · scale · Σ_k w[k] x[origin k][rows].
template <int kSegments>
inline void quadForward(const Selection& s, const Quad& quad, const float* weights, const float* panel,
                        const Mask<float>* open, float scale, float* y) {
  const Segment* const segments = s.segments + quad.firstSegment;
  const uint32_t* const origins = s.originOffsets + segments[0].firstOrigin;
  const float* w[kSegments];
#pragma GCC unroll 16
  for (int j = 0; j < kSegments; ++j) w[j] = weights + segments[j].firstWeight;
  Vec<float> acc[kSegments][kPanelVectors] = {};
  for (uint32_t k = 0; k < quad.shared; ++k) {
    const float* const x = panel + origins[k];
    Vec<float> rows[kPanelVectors];
#pragma GCC unroll 16
    for (int v = 0; v < kPanelVectors; ++v) rows[v] = load(x + v * kWide);
#pragma GCC unroll 16
    for (int j = 0; j < kSegments; ++j) {
      const Vec<float> weight = splat(w[j][k]);
#pragma GCC unroll 16
      for (int v = 0; v < kPanelVectors; ++v) acc[j][v] += weight * rows[v];
    }
  }
#pragma GCC unroll 16
  for (int j = 0; j < kSegments; ++j) {
    const uint32_t* const own = s.originOffsets + segments[j].firstOrigin;
    for (uint32_t k = quad.shared; k < segments[j].nOrigins; ++k) {
      const Vec<float> weight = splat(w[j][k]);
#pragma GCC unroll 16
      for (int v = 0; v < kPanelVectors; ++v) acc[j][v] += weight * load(panel + own[k] + v * kWide);
    }
    float* const to = y + static_cast<int64_t>(segments[j].output) * kPanelRows;
#pragma GCC unroll 16
    for (int v = 0; v < kPanelVectors; ++v)
      store(to + v * kWide, load(to + v * kWide) + where(open[v], acc[j][v] * splat(scale)));
  }
}

inline void gateForward(const EstimatorForward& job, const PathGate& gate, int64_t panel, float* y) {
  const Selection& s = *job.selection;
  const uint32_t mask = job.open.masks[panel * s.nGates + gate.gate];
  if (mask == 0) return;
  Mask<float> open[kPanelVectors];
  for (int v = 0; v < kPanelVectors; ++v) open[v] = lanesOf(mask, v * kWide);
  const float* const weights = job.weights + gate.firstWeight;
  const float* const x = job.input + panel * panelSize(s.nInputs);
  const float scale = job.open.scales[gate.gate];
  for (uint32_t q = gate.firstQuad; q < gate.firstQuad + gate.nQuads; ++q) {
    const Quad& quad = s.quads[q];
    if (quad.nSegments == 4) quadForward<4>(s, quad, weights, x, open, scale, y);
    else if (quad.nSegments == 3) quadForward<3>(s, quad, weights, x, open, scale, y);
    else if (quad.nSegments == 2) quadForward<2>(s, quad, weights, x, open, scale, y);
    else quadForward<1>(s, quad, weights, x, open, scale, y);
  }
}

inline int64_t pathGateAt(const Selection& s, int64_t part, int64_t nParts) {
  const int64_t weight = s.nWeights * part / nParts;
  int64_t low = 0, high = s.nPathGates;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (s.pathGates[middle].firstWeight < weight) low = middle + 1;
    else high = middle;
  }
  return low;
}

inline void pathForward(const EstimatorForward& job, const Parallel& parallel) {
  const Selection& s = *job.selection;
  const int64_t nPanels = panelsOf(job.nRows), size = panelSize(s.nOutputs);
  const int64_t nParts = forwardParts(s, job.nRows);
  const int64_t perTask = kRowBlock / kPanelRows, nChunks = (nPanels + perTask - 1) / perTask;
  fork(parallel, nParts * nChunks, [&](int64_t task, int) {
    const int64_t part = task % nParts, p0 = task / nParts * perTask;
    const int64_t p1 = smaller(p0 + perTask, nPanels);
    float* const y = job.scratch + part * nPanels * size;
    __builtin_memset(y + p0 * size, 0, (p1 - p0) * size * sizeof(float));
    const int64_t end = pathGateAt(s, part + 1, nParts);
    for (int64_t g = pathGateAt(s, part, nParts); g < end; ++g)
      for (int64_t p = p0; p < p1; ++p) gateForward(job, s.pathGates[g], p, y + p * size);
  });
  fork(parallel, nPanels, [&](int64_t p, int) {
    for (int64_t i = p * size; i < p * size + s.nOutputs * kPanelRows; i += kWide) {
      Vec<float> sum = load(job.scratch + i);
      for (int64_t part = 1; part < nParts; ++part) sum += load(job.scratch + part * nPanels * size + i);
      store(job.output + i, sum);
    }
  });
}

// ---- backward ----------------------------------------------------------------------------------

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

/// Gradients of up to kWide consecutive paths of a segment: Σ over open rows x[origin][row] dy[row].
GLAI_INLINE Vec<float> pathGradients(const EstimatorBackward& job, const uint32_t* origins, int64_t count,
                                     const float* dOutput, uint32_t gate) {
  const Selection& s = *job.selection;
  Vec<float> acc[kWide] = {};
  uint32_t at[kWide];
#pragma GCC unroll 16
  for (int j = 0; j < kWide; ++j) at[j] = origins[j < count ? j : 0];
  const int64_t nPanels = panelsOf(job.nRows);
  for (int64_t p = 0; p < nPanels; ++p) {
    const uint32_t mask = job.open.masks[p * s.nGates + gate];
    const float* const x = job.input + p * panelSize(s.nInputs);
    const float* const dy = dOutput + p * panelSize(s.nOutputs);
#pragma GCC unroll 16
    for (int v = 0; v < kPanelVectors; ++v) {
      const Vec<float> d = where(lanesOf(mask, v * kWide), load(dy + v * kWide));
#pragma GCC unroll 16
      for (int j = 0; j < kWide; ++j) acc[j] += load(x + at[j] + v * kWide) * d;
    }
  }
  return sumsOf(acc);
}

inline int64_t pathGradientSize(const Selection& s) { return roundUp(s.largestGate, 16) + 64; }

inline int64_t pathBackwardScratch(const Selection& s, int64_t, int nWorkers) {
  return nWorkers * pathGradientSize(s);
}

inline void pathBackward(const EstimatorBackward& job, const Parallel& parallel) {
  const Selection& s = *job.selection;
  withUpdate(job.step, [&](const auto& update) {
    fork(parallel, s.nPathGates, [&](int64_t index, int worker) {
      const PathGate& gate = s.pathGates[index];
      float* const gradients = job.scratch + worker * pathGradientSize(s);
      const Vec<float> scale = splat(job.open.scales[gate.gate]);
      const uint32_t first = s.quads[gate.firstQuad].firstSegment;
      const Quad& last = s.quads[gate.firstQuad + gate.nQuads - 1];
      for (uint32_t i = first; i < last.firstSegment + last.nSegments; ++i) {
        const Segment& segment = s.segments[i];
        const uint32_t* const origins = s.originOffsets + segment.firstOrigin;
        const float* const dy = job.dOutput + static_cast<int64_t>(segment.output) * kPanelRows;
        for (int64_t k = 0; k < segment.nOrigins; k += kWide) {
          const Vec<float> sums =
              pathGradients(job, origins + k, segment.nOrigins - k, dy, gate.gate);
          store(gradients + segment.firstWeight + k, sums * scale);  // lanes past the end: the next segment's
        }
      }
      for (int v = 0; v < 16; v += kWide) store(gradients + gate.nWeights + v, Vec<float>{});
      updateRange(job.parameters, gate.firstWeight, gate.nWeights, gradients, update);
    });
  });
}

}  // namespace GLAI_ISA
}  // namespace glai
