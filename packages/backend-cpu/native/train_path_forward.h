// Forward pass over single paths: y_o = Σ w_p x_origin(p) where the gate is open. Lanes are the 16 rows of a
// panel, so that a path is one broadcast; rows with a closed gate are masked. Paths of a gate are segments
// of one output each. For exact top-K selections of one hidden layer the kept set of a gate is a Young
// diagram: sorted, every segment is a prefix of one list of origins, and four segments share their loads.
#pragma once
#include "train_lanes.h"

namespace glai {
namespace GLAI_ISA {

// ---- forward -----------------------------------------------------------------------------------

inline int64_t pathForwardScratch(const Selection& s, int64_t nRows) {
  return forwardParts(s, nRows) * panelsOf(nRows) * panelSize(s.nOutputs);
}

/// sum[rows] += Σ_k w[k] x[origin k][rows] for origins first … last − 1; long tails in four chains of additions.
GLAI_INLINE void addTail(const float* panel, const uint32_t* origins, const float* w, uint32_t first,
                         uint32_t last, Vec<float>* sum) {
  uint32_t k = first;
  if (first + 8 <= last) {
    Vec<float> acc[3][kPanelVectors] = {};
    for (; k + 4 <= last; k += 4) {
#pragma GCC unroll 16
      for (int v = 0; v < kPanelVectors; ++v) {
        sum[v] += splat(w[k]) * load(panel + origins[k] + v * kWide);
#pragma GCC unroll 4
        for (int c = 0; c < 3; ++c)
          acc[c][v] += splat(w[k + 1 + c]) * load(panel + origins[k + 1 + c] + v * kWide);
      }
    }
#pragma GCC unroll 16
    for (int v = 0; v < kPanelVectors; ++v) sum[v] += acc[0][v] + (acc[1][v] + acc[2][v]);
  }
  for (; k < last; ++k)
#pragma GCC unroll 16
    for (int v = 0; v < kPanelVectors; ++v)
      sum[v] += splat(w[k]) * load(panel + origins[k] + v * kWide);
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
    addTail(panel, own, w[j], quad.shared, segments[j].nOrigins, acc[j]);
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
  sumPanels(job, nParts, parallel);
}

}  // namespace GLAI_ISA
}  // namespace glai
