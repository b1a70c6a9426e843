// Forward pass over runs: y_o = Σ_k w[k][o] x_origin(k), for the rows where the gate is open.
#pragma once
#include "train_runs.h"

namespace glai {
namespace GLAI_ISA {

/// Parts whose logits are summed separately; fixed by the problem, not by the threads.
inline int64_t forwardParts(const Selection& s, int64_t nRows) {
  const int64_t work = s.nWeights * smaller(nRows, kRowBlock);
  return work < (1 << 17) ? 1 : work < (1 << 21) ? 2 : 4;
}

inline int64_t runForwardScratch(const Selection& s, int64_t nRows) {
  return forwardParts(s, nRows) * nRows * rowPitch(s.nOutputs);
}

/// Some rows of a run and some of its columns.
struct ForwardTile {
  const float* weights;  // [nOrigins][width], from the tile's first column
  int64_t width;
  const uint32_t* origins;
  int64_t nOrigins;
  float scale;
  const float* input;  // panels
  float* y;            // [nRows, pitch], from the tile's first column
};

/// y[rows][outputs] += scale · Σ_k w[k][outputs] x[row][origin k].
template <int kRows, int kVectors>
inline void forwardTileOf(const ForwardTile& tile, const uint32_t* inputs, const uint32_t* outputs) {
  const float* x[kRows];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) x[r] = tile.input + inputs[r];
  Vec<float> acc[kRows][kVectors] = {};
  const float* w = tile.weights;
  const uint32_t* const end = tile.origins + tile.nOrigins;
  const int64_t width = tile.width;
  for (const uint32_t* k = tile.origins; k < end; ++k, w += width) {
    Vec<float> weights[kVectors];
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) weights[v] = load(w + v * kWide);
    const uint32_t origin = *k;
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const Vec<float> value = splat(x[r][origin]);
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) acc[r][v] += value * weights[v];
    }
  }
  const Vec<float> scale = splat(tile.scale);
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      float* const to = tile.y + outputs[r] + v * kWide;
      store(to, load(to) + scale * acc[r][v]);
    }
}

using ForwardTileFunction = void (*)(const ForwardTile&, const uint32_t*, const uint32_t*);
template <int kRows, int kVectors>
constexpr ForwardTileFunction forwardTileFor() {
  if constexpr (kRows <= tileRows(kVectors)) return forwardTileOf<kRows, kVectors>;
  else return nullptr;
}
constexpr ForwardTileFunction kForwardTiles[kMostVectors][kMostRows] = {
    GLAI_TILES(forwardTileFor, 1), GLAI_TILES(forwardTileFor, 2), GLAI_TILES(forwardTileFor, 3)};

/// One run and one list of rows.
inline void forwardRun(const EstimatorForward& job, const Run& run, const RowList& list, float* y) {
  const Selection& s = *job.selection;
  const int64_t vectors = (run.width + kWide - 1) / kWide;
  ForwardTile tile;
  tile.width = run.width;
  tile.origins = s.originOffsets + run.firstOrigin;
  tile.nOrigins = run.nOrigins;
  tile.scale = job.open.scales[run.gate];
  tile.input = job.input;
  for (int64_t v = 0; v < vectors;) {
    const int64_t next = nextVectors(vectors - v), column = v * kWide;
    tile.weights = job.weights + run.firstWeight + column;
    tile.y = y + run.firstOutput + column;
    evenly(static_cast<uint32_t>(list.count), tileRows(static_cast<int>(next)),
           [&](uint32_t first, uint32_t count) {
             kForwardTiles[next - 1][count - 1](tile, list.inputs + first, list.outputs + first);
           });
    v += next;
  }
}

/// Sums the parts, `size` floats apart, and turns rows of `pitch` floats into panels.
inline void sumParts(const EstimatorForward& job, int64_t nParts, int64_t size, int64_t pitch,
                     const Parallel& parallel) {
  const int64_t nOutputs = job.selection->nOutputs;
  fork(parallel, panelsOf(job.nRows), [&](int64_t p, int) {
    float* const panel = job.output + p * panelSize(nOutputs);
    const int64_t count = smaller(kPanelRows, job.nRows - p * kPanelRows);
    float* const rows = job.scratch + p * kPanelRows * pitch;
    for (int64_t part = 1; part < nParts; ++part)
      for (int64_t i = 0; i < count * pitch; i += kWide)
        store(rows + i, load(rows + i) + load(rows + part * size + i));
    // Rows past the end repeat the last one and are cleared after; outputs past the end go to spare units.
    const float* from[kPanelRows];
    for (int64_t r = 0; r < kPanelRows; ++r) from[r] = rows + (r < count ? r : count - 1) * pitch;
    for (int64_t o = 0; o < nOutputs; o += kSquare)
      for (int r = 0; r < kPanelRows; r += kSquare)
        transposeSquare(from + r, o, panel + o * kPanelRows + r, kPanelRows);
    if (count == kPanelRows) return;
    for (int64_t o = 0; o < nOutputs; ++o)
      for (int64_t r = count; r < kPanelRows; ++r) panel[o * kPanelRows + r] = 0.0f;
  });
}

inline void runForward(const EstimatorForward& job, const Parallel& parallel) {
  const Selection& s = *job.selection;
  const int64_t pitch = rowPitch(s.nOutputs), nParts = forwardParts(s, job.nRows);
  const int64_t nBlocks = rowBlocksOf(job.nRows);
  fork(parallel, nParts * nBlocks, [&](int64_t task, int) {
    const int64_t part = task % nParts, block = task / nParts;
    float* const y = job.scratch + part * job.nRows * pitch;
    const int64_t row0 = block * kRowBlock, row1 = smaller(row0 + kRowBlock, job.nRows);
    __builtin_memset(y + row0 * pitch, 0, (row1 - row0) * pitch * sizeof(float));
    const int64_t end = runAt(s, part + 1, nParts);
    for (int64_t index = runAt(s, part, nParts); index < end; ++index) {
      const Run& run = s.runs[index];
      const RowList list = rowsOf(job.open, s.nGates, block, run.gate);
      if (list.count > 0) forwardRun(job, run, list, y);
    }
  });
  sumParts(job, nParts, job.nRows * pitch, pitch, parallel);
}

}  // namespace GLAI_ISA
}  // namespace glai
