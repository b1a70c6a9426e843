// Backward pass over runs: dw[k][o] = Σ over open rows x[row][origin k] dy[row][o], and the optimiser's step.
// A run's gradients are collected in L1, a few rows of the batch at a time, and used up at once.
#pragma once
#include "train_run_forward.h"
#include "train_update.h"

namespace glai {
namespace GLAI_ISA {

/// Some rows and some columns of a run's gradients.
struct GradientTile {
  const uint32_t* origins;
  int64_t nOrigins;
  int64_t pitch;  // between origins of the gradients
  float scale;
  const float* input;  // panels
  const float* dRows;  // [nRows, pitch], from the tile's first column
  float* gradients;           // [nOrigins][pitch], from the tile's first column
};

/// gradients[k][outputs] (+)= scale · Σ_rows x[row][origin k] dy[row][outputs]. The gradients of the rows
/// stay in registers; even and odd rows are summed apart, which halves the chain of additions.
template <int kRows, int kVectors, bool kFirst>
inline void gradientTileOf(const GradientTile& tile, const uint32_t* inputs, const uint32_t* outputs) {
  const Vec<float> scale = splat(tile.scale);
  Vec<float> d[kRows][kVectors];
  const float* x[kRows];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    x[r] = tile.input + inputs[r];
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) d[r][v] = load(tile.dRows + outputs[r] + v * kWide) * scale;
  }
  const int64_t pitch = tile.pitch;
  float* to = tile.gradients;
  const uint32_t* const end = tile.origins + tile.nOrigins;
  for (const uint32_t* k = tile.origins; k < end; ++k, to += pitch) {
    const uint32_t origin = *k;
    Vec<float> even[kVectors], odd[kVectors];
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      even[v] = splat(x[0][origin]) * d[0][v];
      if (!kFirst) even[v] += load(to + v * kWide);
      if (kRows > 1) odd[v] = splat(x[kRows - 1][origin]) * d[kRows - 1][v];
    }
#pragma GCC unroll 16
    for (int r = 1; r < kRows - 1; ++r) {
      const Vec<float> value = splat(x[r][origin]);
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) {
        if (r % 2 == 1 && kVectors == 1) odd[v] += value * d[r][v];
        else even[v] += value * d[r][v];
      }
    }
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v)
      store(to + v * kWide, kRows > 1 ? even[v] + odd[v] : even[v]);
  }
}

using GradientTileFunction = void (*)(const GradientTile&, const uint32_t*, const uint32_t*);
template <int kRows, int kVectors>
constexpr GradientTileFunction firstGradientTileFor() {
  if constexpr (kRows <= tileRows(kVectors)) return gradientTileOf<kRows, kVectors, true>;
  else return nullptr;
}
template <int kRows, int kVectors>
constexpr GradientTileFunction nextGradientTileFor() {
  if constexpr (kRows <= tileRows(kVectors)) return gradientTileOf<kRows, kVectors, false>;
  else return nullptr;
}
constexpr GradientTileFunction kGradientTiles[2][kMostVectors][kMostRows] = {
    {GLAI_TILES(nextGradientTileFor, 1), GLAI_TILES(nextGradientTileFor, 2),
     GLAI_TILES(nextGradientTileFor, 3)},
    {GLAI_TILES(firstGradientTileFor, 1), GLAI_TILES(firstGradientTileFor, 2),
     GLAI_TILES(firstGradientTileFor, 3)}};

/// Rows of less than a vector, `kWide` apart, to rows without gaps, in place and in ascending order.
inline void closeGaps(float* rows, int64_t nRows, int64_t width) {
  for (int64_t k = 1; k < nRows; ++k) store(rows + k * width, load(rows + k * kWide));
}

/// Whether all open rows of a gate fit one tile.
inline bool isOneTile(const EstimatorBackward& job, uint32_t gate, int64_t most) {
  return rowBlocksOf(job.nRows) == 1 && rowsOf(job.open, job.selection->nGates, 0, gate).count <= most;
}

/// Gradients of a run, [nOrigins][width] without gaps. The last, partly filled columns come first: what
/// their lanes write past the end of a row is overwritten by the next row's own numbers. Rows of less than a
/// vector are kept apart until the last of several tiles, or every load would wait for the store just before it.
inline void gradientsOf(const EstimatorBackward& job, const Run& run, const float* dRows,
                        float* gradients) {
  const Selection& s = *job.selection;
  const int64_t vectors = (run.width + kWide - 1) / kWide;
  const int64_t size = static_cast<int64_t>(run.nOrigins) * run.width;
  const int most = tileRows(static_cast<int>(smaller(vectors, kMostVectors)));
  GradientTile tile;
  tile.origins = s.originOffsets + run.firstOrigin;
  tile.nOrigins = run.nOrigins;
  const bool hasGaps = run.width < kWide && !isOneTile(job, run.gate, most);
  tile.pitch = hasGaps ? kWide : run.width;
  tile.scale = job.open.scales[run.gate];
  tile.input = job.input;
  bool isFirst = true;
  for (int64_t block = 0; block < rowBlocksOf(job.nRows); ++block) {
    const RowList list = rowsOf(job.open, s.nGates, block, run.gate);
    evenly(static_cast<uint32_t>(list.count), most, [&](uint32_t first, uint32_t count) {
      for (int64_t end = vectors; end > 0;) {
        const int64_t next = nextVectors(end);
        end -= next;
        tile.dRows = dRows + run.firstOutput + end * kWide;
        tile.gradients = gradients + end * kWide;
        kGradientTiles[isFirst][next - 1][count - 1](tile, list.inputs + first,
                                                           list.outputs + first);
      }
      isFirst = false;
    });
  }
  if (isFirst) __builtin_memset(gradients, 0, size * sizeof(float));
  else if (hasGaps) closeGaps(gradients, run.nOrigins, run.width);
  for (int v = 0; v < 16; v += kWide) store(gradients + size + v, Vec<float>{});
}

inline int64_t gradientSize(const Selection& s) {
  const int64_t widened = s.nOutputs < kWide ? kWide : 1;  // rows of less than a vector
  return roundUp(s.largestRun, 16) * widened + 80;
}

inline int64_t runBackwardScratch(const Selection& s, int64_t nRows, int nWorkers) {
  return panelsOf(nRows) * kPanelRows * rowPitch(s.nOutputs) + nWorkers * gradientSize(s);
}

/// dLogits panels → rows [panels × 16, pitch], 0 past the last output and the last row.
inline void toRows(const EstimatorBackward& job, int64_t pitch, float* rows) {
  const int64_t nOutputs = job.selection->nOutputs, nWhole = nOutputs / kSquare * kSquare;
  for (int64_t p = 0; p < panelsOf(job.nRows); ++p) {
    const float* const panel = job.dOutput + p * panelSize(nOutputs);
    float* const to = rows + p * kPanelRows * pitch;
    for (int64_t o = 0; o < nWhole; o += kSquare) {
      const float* from[kSquare];
      for (int i = 0; i < kSquare; ++i) from[i] = panel + (o + i) * kPanelRows;
      for (int r = 0; r < kPanelRows; r += kSquare)
        transposeSquare(from, r, to + r * pitch + o, pitch);
    }
    for (int64_t r = 0; r < kPanelRows; ++r)
      for (int64_t o = nWhole; o < pitch; ++o)
        to[r * pitch + o] = o < nOutputs ? panel[o * kPanelRows + r] : 0.0f;
  }
}

/// Every run's gradients and update by `ofRun`.
template <typename OfRun>
inline void backwardByRuns(const EstimatorBackward& job, const Parallel& parallel, const OfRun& ofRun) {
  const Selection& s = *job.selection;
  const int64_t pitch = rowPitch(s.nOutputs);
  float* const dRows = job.scratch;
  toRows(job, pitch, dRows);
  withUpdate(job.step, [&](const auto& update) {
    const int64_t nTasks = updateTasks(s);
    fork(parallel, nTasks, [&](int64_t task, int worker) {
      float* const gradients =
          job.scratch + panelsOf(job.nRows) * kPanelRows * pitch + worker * gradientSize(s);
      const int64_t end = runAt(s, task + 1, nTasks);
      for (int64_t index = runAt(s, task, nTasks); index < end; ++index) {
        ofRun(job, s.runs[index], dRows, gradients, update);
      }
    });
  });
}

inline void runBackward(const EstimatorBackward& job, const Parallel& parallel) {
  backwardByRuns(job, parallel, [](const EstimatorBackward& whole, const Run& run, const float* dRows,
                                   float* gradients, const auto& update) {
    gradientsOf(whole, run, dRows, gradients);
    updateRange(whole.parameters, run.firstWeight, static_cast<int64_t>(run.nOrigins) * run.width, gradients,
                update);
  });
}

}  // namespace GLAI_ISA
}  // namespace glai
