// Backward pass over single paths: dw_p = Σ over open rows x_origin(p)[row] dy_o[row], and the optimiser's step.
//
// Nested quads (train_path_forward.h): the gate's origins are fetched from the panel once, transposed to
// [row][origin], so that lanes are origins; a row is then one broadcast of dy for up to two vectors of
// weights of each of four outputs. Other segments: lanes are rows, and a weight is a sum across lanes.
#pragma once
#include "train_path_forward.h"
#include "train_update.h"

namespace glai {
namespace GLAI_ISA {

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

/// Buffers of one worker, in floats.
struct PathScratch {
  int64_t gathered;   // [16][pitch] inputs of a gate's origins
  int64_t pitch;
  int64_t nested;     // [quads][4][longest segment in whole 32s] gradients
  int64_t gradients;  // [weights of a gate]
  int64_t size;
};

inline PathScratch pathScratch(const Selection& s) {
  PathScratch scratch{};
  scratch.pitch = roundUp(s.longestNested, 32) + 16;
  scratch.nested = scratch.gathered + kPanelRows * scratch.pitch;
  scratch.gradients = scratch.nested + s.largestNest;
  scratch.size = scratch.gradients + roundUp(s.largestGate, 16) + 64;
  return scratch;
}

inline int64_t pathBackwardScratch(const Selection& s, int64_t, int nWorkers) {
  return nWorkers * pathScratch(s).size;
}

/// Inputs of a gate's origins as rows: gathered[row][k] = panel[origin k][row].
inline void gatherOrigins(const float* panel, const uint32_t* origins, int64_t count, int64_t pitch,
                          float* gathered) {
  for (int64_t k = 0; k < count; k += kSquare) {
    const float* from[kSquare];
    for (int i = 0; i < kSquare; ++i) from[i] = panel + origins[k + i < count ? k + i : count - 1];
    for (int r = 0; r < kPanelRows; r += kSquare)
      transposeSquare(from, r, gathered + r * pitch + k, pitch);
  }
}

constexpr int kNestVectors = 2;  // of origins per tile: with four outputs 8 sums

/// One panel of the batch and where a quad's gradients go.
struct NestTile {
  const float* dOutput;   // panel of the outputs
  const float* gathered;  // [16][pitch]
  int64_t pitch;
  const uint8_t* rows;  // open rows of the panel
  int64_t nOpen;
  int64_t length;  // between segments of `gradients`
  bool isFirst;
  float* gradients;  // [segments][length]
};

/// gradients[j][k …] (+)= Σ over open rows of dy_j[row] gathered[row][k …], one tile of origins.
template <int kSegments>
inline void nestedTile(const Segment* segments, const NestTile& tile, int64_t k) {
  const float* dy[kSegments];
  Vec<float> acc[kSegments][kNestVectors];
#pragma GCC unroll 16
  for (int j = 0; j < kSegments; ++j) {
    dy[j] = tile.dOutput + static_cast<int64_t>(segments[j].output) * kPanelRows;
#pragma GCC unroll 16
    for (int v = 0; v < kNestVectors; ++v)
      acc[j][v] =
          tile.isFirst ? Vec<float>{} : load(tile.gradients + j * tile.length + k + v * kWide);
  }
  for (int64_t i = 0; i < tile.nOpen; ++i) {
    const int64_t row = tile.rows[i];
    const float* const x = tile.gathered + row * tile.pitch + k;
    Vec<float> inputs[kNestVectors];
#pragma GCC unroll 16
    for (int v = 0; v < kNestVectors; ++v) inputs[v] = load(x + v * kWide);
#pragma GCC unroll 16
    for (int j = 0; j < kSegments; ++j) {
      const Vec<float> d = splat(dy[j][row]);
#pragma GCC unroll 16
      for (int v = 0; v < kNestVectors; ++v) acc[j][v] += d * inputs[v];
    }
  }
#pragma GCC unroll 16
  for (int j = 0; j < kSegments; ++j)
#pragma GCC unroll 16
    for (int v = 0; v < kNestVectors; ++v)
      store(tile.gradients + j * tile.length + k + v * kWide, acc[j][v]);
}

/// A quad and a panel. Segments are longest first: the further, the fewer.
inline void nestedQuad(const Selection& s, const Quad& quad, const NestTile& tile) {
  const Segment* const segments = s.segments + quad.firstSegment;
  uint32_t active = quad.nSegments;
  for (int64_t k = 0; k < tile.length; k += kNestVectors * kWide) {
    while (active > 1 && segments[active - 1].nOrigins <= k) --active;
    switch (active) {
      case 1: nestedTile<1>(segments, tile, k); break;
      case 2: nestedTile<2>(segments, tile, k); break;
      case 3: nestedTile<3>(segments, tile, k); break;
      default: nestedTile<4>(segments, tile, k);
    }
  }
}

/// The longest segment of a quad in whole tiles.
GLAI_INLINE int64_t nestLength(const Selection& s, const Quad& quad) {
  return roundUp(s.segments[quad.firstSegment].nOrigins, kNestVectors * kWide);
}

/// All nested quads of a gate, panel by panel, into the buffer [quads][4][length].
inline void nestedGate(const EstimatorBackward& job, const PathGate& gate, const PathScratch& places,
                       float* scratch) {
  const Selection& s = *job.selection;
  bool isFirst = true;
  for (int64_t p = 0; p < panelsOf(job.nRows); ++p) {
    const uint32_t mask = job.open.masks[p * s.nGates + gate.gate];
    if (mask == 0 && !(isFirst && p + 1 == panelsOf(job.nRows))) continue;
    uint8_t rows[kPanelRows];
    int64_t nOpen = 0;
    for (uint32_t left = mask; left != 0; left &= left - 1)
      rows[nOpen++] = static_cast<uint8_t>(__builtin_ctz(left));
    float* const gathered = scratch + places.gathered;
    gatherOrigins(job.input + p * panelSize(s.nInputs), s.originOffsets + gate.firstOrigin, gate.nOrigins,
                  places.pitch, gathered);
    const float* const dOutput = job.dOutput + p * panelSize(s.nOutputs);
    float* to = scratch + places.nested;
    for (uint32_t q = gate.firstQuad; q < gate.firstQuad + gate.nQuads; ++q) {
      const Quad& quad = s.quads[q];
      if (quad.isNested == 0) continue;
      const int64_t length = nestLength(s, quad);
      nestedQuad(s, quad, {dOutput, gathered, places.pitch, rows, nOpen, length, isFirst, to});
      to += 4 * length;
    }
    isFirst = false;
  }
}

/// Gradients of a gate's paths without gaps, times the gate's scale; what is stored past the end of a segment
/// is overwritten by the next one.
inline void pathGateGradients(const EstimatorBackward& job, const PathGate& gate, const PathScratch& places,
                              float* scratch) {
  const Selection& s = *job.selection;
  const Vec<float> scale = splat(job.open.scales[gate.gate]);
  float* const gradients = scratch + places.gradients;
  if (gate.nOrigins > 0) nestedGate(job, gate, places, scratch);
  const float* nested = scratch + places.nested;
  for (uint32_t q = gate.firstQuad; q < gate.firstQuad + gate.nQuads; ++q) {
    const Quad& quad = s.quads[q];
    const int64_t length = nestLength(s, quad);
    for (uint32_t j = 0; j < quad.nSegments; ++j) {
      const Segment& segment = s.segments[quad.firstSegment + j];
      float* const to = gradients + segment.firstWeight;
      if (quad.isNested != 0) {
        for (int64_t k = 0; k < segment.nOrigins; k += kWide)
          store(to + k, load(nested + j * length + k) * scale);
        continue;
      }
      const uint32_t* const origins = s.originOffsets + segment.firstOrigin;
      const float* const dy = job.dOutput + static_cast<int64_t>(segment.output) * kPanelRows;
      for (int64_t k = 0; k < segment.nOrigins; k += kWide)
        store(to + k, pathGradients(job, origins + k, segment.nOrigins - k, dy, gate.gate) * scale);
    }
    if (quad.isNested != 0) nested += 4 * length;
  }
  for (int v = 0; v < 16; v += kWide) store(gradients + gate.nWeights + v, Vec<float>{});
}

inline void pathBackward(const EstimatorBackward& job, const Parallel& parallel) {
  const Selection& s = *job.selection;
  const PathScratch places = pathScratch(s);
  withUpdate(job.step, [&](const auto& update) {
    const int64_t nTasks = updateTasks(s);
    fork(parallel, nTasks, [&](int64_t task, int worker) {
      float* const scratch = job.scratch + worker * places.size;
      const int64_t end = pathGateAt(s, task + 1, nTasks);
      for (int64_t index = pathGateAt(s, task, nTasks); index < end; ++index) {
        const PathGate& gate = s.pathGates[index];
        pathGateGradients(job, gate, places, scratch);
        updateRange(job.parameters, gate.firstWeight, gate.nWeights, scratch + places.gradients,
                    update);
      }
    });
  });
}

}  // namespace GLAI_ISA
}  // namespace glai
