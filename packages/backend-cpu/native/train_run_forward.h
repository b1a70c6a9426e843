// Forward pass over runs: y_o = Σ_k w[k][o] x_origin(k), for the rows where the gate is open.
#pragma once
#include "train_complement.h"

namespace glai {
namespace GLAI_ISA {

inline int64_t runForwardScratch(const Selection& s, int64_t nRows) {
  return forwardParts(s, nRows) * (nRows * rowPitch(s.nOutputs) + commonSize(s));
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

/// One run and one list of rows: added, or taken away again where they are the closed ones.
inline void forwardRun(const EstimatorForward& job, const Run& run, const float* weights, const RowList& list,
                       float* y) {
  const Selection& s = *job.selection;
  const int64_t vectors = (run.width + kWide - 1) / kWide;
  ForwardTile tile;
  tile.width = run.width;
  tile.origins = s.originOffsets + run.firstOrigin;
  tile.nOrigins = run.nOrigins;
  const float scale = job.open.scales[run.gate];
  tile.scale = isComplemented(job.open, run.gate) ? -scale : scale;
  tile.input = job.input;
  for (int64_t v = 0; v < vectors;) {
    const int64_t next = nextVectors(vectors - v), column = v * kWide;
    tile.weights = weights + column;
    tile.y = y + run.firstOutput + column;
    evenly(static_cast<uint32_t>(list.count), tileRows(static_cast<int>(next)),
           [&](uint32_t first, uint32_t count) {
             kForwardTiles[next - 1][count - 1](tile, list.inputs + first, list.outputs + first);
           });
    v += next;
  }
}

// ---- complemented gates (train_complement.h) -----------------------------------------------------

/// Where a part collects the weights that its complemented gates have in common, all 0; nullptr when there are none.
inline float* clearCommon(const EstimatorForward& job, int64_t part) {
  const Selection& s = *job.selection;
  if (job.open.complemented == nullptr) return nullptr;
  float* const common = commonOf(job, part);
  __builtin_memset(common, 0, commonSize(s) * sizeof(float));
  return common;
}

/// common[origin][outputs] += scale · w[origin][outputs] for a run.
inline void addToCommon(const EstimatorForward& job, const Run& run, float* common) {
  const Selection& s = *job.selection;
  const int64_t pitch = commonPitch(s), vectors = (run.width + kWide - 1) / kWide;
  const uint32_t* const slots = s.slots + run.firstOrigin;
  const Vec<float> scale = splat(job.open.scales[run.gate]);
  const int64_t nOrigins = run.nOrigins, width = run.width;
  const float* w = job.weights + run.firstWeight;
  common += run.firstOutput;
  for (int64_t k = 0; k < nOrigins; ++k, w += width) {
    float* const to = common + slots[k] * pitch;
    for (int64_t v = 0; v < vectors; ++v) store(to + v * kWide, load(to + v * kWide) + scale * load(w + v * kWide));
  }
}

inline void sumCommon(const EstimatorForward& job, int64_t nParts, const Parallel& parallel) {
  const int64_t size = commonSize(*job.selection);
  if (nParts == 1) return;
  constexpr int64_t kPiece = 16384;
  fork(parallel, (size + kPiece - 1) / kPiece, [&](int64_t piece, int) {
    const int64_t end = smaller((piece + 1) * kPiece, size);
    float* const sum = commonOf(job, 0);
    for (int64_t part = 1; part < nParts; ++part)
      for (int64_t i = piece * kPiece; i < end; i += kWide)
        store(sum + i, load(sum + i) + load(sum + part * size + i));
  });
}

/// y[rows of a panel] += Σ_origins common[origin] x[row][origin].
inline void forwardCommon(const EstimatorForward& job, int64_t panel, float* y) {
  const Selection& s = *job.selection;
  const int64_t perBlock = kRowBlock / kPanelRows;
  const RowList all = rowsOf(job.open, s.nGates, panel / perBlock, static_cast<uint32_t>(s.nGates));
  const int64_t first = panel % perBlock * kPanelRows;
  const RowList rows = {all.inputs + first, all.outputs + first, smaller(kPanelRows, all.count - first)};
  forwardRun(job, commonRun(s, 0, s.nUsed), commonOf(job, 0), rows, y);
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
    if (job.open.complemented != nullptr) forwardCommon(job, p, job.scratch);
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
    float* const common = block == 0 ? clearCommon(job, part) : nullptr;
    const int64_t end = runAt(s, part + 1, nParts);
    for (int64_t index = runAt(s, part, nParts); index < end; ++index) {
      const Run& run = s.runs[index];
      if (common != nullptr && isComplemented(job.open, run.gate)) addToCommon(job, run, common);
      const RowList list = rowsOf(job.open, s.nGates, block, run.gate);
      if (list.count > 0) forwardRun(job, run, job.weights + run.firstWeight, list, y);
    }
  });
  if (job.open.complemented != nullptr) sumCommon(job, nParts, parallel);
  sumParts(job, nParts, job.nRows * pitch, pitch, parallel);
}

}  // namespace GLAI_ISA
}  // namespace glai
