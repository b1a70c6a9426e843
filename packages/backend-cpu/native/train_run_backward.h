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
  // Of a complemented gate: the gradients over all rows, from the tile's first column, and the gate's scale.
  const float* common;
  int64_t commonPitch;
  const uint32_t* slots;  // [nOrigins]
  float commonScale;
};

/// What a tile adds its rows to.
enum class Start { zero, common, gradients };

/// gradients[k][outputs] = start + scale · Σ_rows x[row][origin k] dy[row][outputs]. The gradients of the rows
/// stay in registers; even and odd rows are summed apart, which halves the chain of additions.
template <int kRows, int kVectors, Start kStart>
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
  // Copies: what `to` points at might be the tile itself for all the compiler knows.
  const float* const common = tile.common;
  const int64_t commonPitch = tile.commonPitch;
  const uint32_t* slot = tile.slots;
  const Vec<float> commonScale = splat(tile.commonScale);
  const uint32_t* const end = tile.origins + tile.nOrigins;
  for (const uint32_t* k = tile.origins; k < end; ++k, ++slot, to += pitch) {
    const uint32_t origin = *k;
    Vec<float> even[kVectors], odd[kVectors];
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      even[v] = splat(x[0][origin]) * d[0][v];
      if (kStart == Start::gradients) even[v] += load(to + v * kWide);
      if (kStart == Start::common) even[v] += load(common + *slot * commonPitch + v * kWide) * commonScale;
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
template <Start kStart>
struct GradientTiles {
  template <int kRows, int kVectors>
  static constexpr GradientTileFunction of() {
    if constexpr (kRows <= tileRows(kVectors)) return gradientTileOf<kRows, kVectors, kStart>;
    else return nullptr;
  }
  static constexpr GradientTileFunction tiles[kMostVectors][kMostRows] = {GLAI_TILES(of, 1), GLAI_TILES(of, 2),
                                                                          GLAI_TILES(of, 3)};
};

inline GradientTileFunction gradientTile(Start start, int64_t vectors, uint32_t rows) {
  switch (start) {
    case Start::zero: return GradientTiles<Start::zero>::tiles[vectors - 1][rows - 1];
    case Start::common: return GradientTiles<Start::common>::tiles[vectors - 1][rows - 1];
    default: return GradientTiles<Start::gradients>::tiles[vectors - 1][rows - 1];
  }
}

/// Rows `pitch` apart, whole vectors, to rows without gaps, in place and in ascending order.
inline void closeGaps(float* rows, int64_t nRows, int64_t pitch, int64_t width) {
  for (int64_t k = 1; k < nRows; ++k)
    for (int64_t v = 0; v < pitch; v += kWide) store(rows + k * width + v, load(rows + k * pitch + v));
}

/// Whether all open rows of a gate fit one tile.
inline bool isOneTile(const EstimatorBackward& job, uint32_t gate, int64_t most) {
  return rowBlocksOf(job.nRows) == 1 && rowsOf(job.open, job.selection->nGates, 0, gate).count <= most;
}

/// A run's gradients over all rows: what a complemented gate has when no row is closed.
inline void copyCommon(const GradientTile& tile, int64_t vectors, int64_t width) {
  const GradientTile of = tile;
  const Vec<float> scale = splat(of.commonScale);
  float* to = of.gradients;
  for (int64_t k = 0; k < of.nOrigins; ++k, to += width) {
    const float* const from = of.common + of.slots[k] * of.commonPitch;
    for (int64_t v = 0; v < vectors * kWide; v += kWide) store(to + v, load(from + v) * scale);
  }
}

/// Gradients of a run, [nOrigins][width] without gaps. The last, partly filled columns come first: what
/// their lanes write past the end of a row is overwritten by the next row's own numbers. Where the same tile reads
/// those next, rows are kept apart until the last of several tiles: every load would wait for the store before it.
/// `common` [origins][pitch] are the gradients over all rows, read when the gate is complemented.
inline void gradientsOf(const EstimatorBackward& job, const Run& run, const float* dRows, const float* common,
                        float* gradients) {
  const Selection& s = *job.selection;
  const int64_t vectors = (run.width + kWide - 1) / kWide;
  const int most = tileRows(static_cast<int>(smaller(vectors, kMostVectors)));
  const bool complemented = isComplemented(job.open, run.gate);
  const float scale = job.open.scales[run.gate];
  GradientTile tile;
  tile.origins = s.originOffsets + run.firstOrigin;
  tile.nOrigins = run.nOrigins;
  const bool spillsIntoNext = run.width % kWide != 0 && vectors <= kMostVectors;  // all columns in one tile
  const bool hasGaps = spillsIntoNext && !isOneTile(job, run.gate, most);
  tile.pitch = hasGaps ? vectors * kWide : run.width;
  tile.scale = complemented ? -scale : scale;
  tile.input = job.input;
  tile.commonPitch = commonPitch(s);
  tile.slots = s.slots + run.firstOrigin;
  tile.commonScale = scale;
  Start start = complemented ? Start::common : Start::zero;
  for (int64_t block = 0; block < rowBlocksOf(job.nRows); ++block) {
    const RowList list = rowsOf(job.open, s.nGates, block, run.gate);
    evenly(static_cast<uint32_t>(list.count), most, [&](uint32_t first, uint32_t count) {
      for (int64_t end = vectors; end > 0;) {
        const int64_t next = nextVectors(end);
        end -= next;
        tile.dRows = dRows + run.firstOutput + end * kWide;
        tile.gradients = gradients + end * kWide;
        tile.common = common + run.firstOutput + end * kWide;
        gradientTile(start, next, count)(tile, list.inputs + first, list.outputs + first);
      }
      start = Start::gradients;
    });
  }
  tile.common = common + run.firstOutput;
  tile.gradients = gradients;
  if (start == Start::common) copyCommon(tile, vectors, run.width);
  else if (start == Start::zero) __builtin_memset(gradients, 0, int64_t{run.nOrigins} * run.width * sizeof(float));
  else if (hasGaps) closeGaps(gradients, run.nOrigins, tile.pitch, run.width);
}

/// Gradients of the origins that runs have in common, over all rows: [nUsed][pitch].
inline void commonGradients(const EstimatorBackward& job, const float* dRows, float* common,
                            const Parallel& parallel) {
  const Selection& s = *job.selection;
  // Pieces of 200,000 multiply-adds, some 5 µs: less is not worth a thread's attention.
  const int64_t pieceSize = 1 + 200000 / (commonPitch(s) * job.nRows);
  fork(parallel, (s.nUsed + pieceSize - 1) / pieceSize, [&](int64_t piece, int) {
    const int64_t first = piece * pieceSize;
    gradientsOf(job, commonRun(s, first, smaller(pieceSize, s.nUsed - first)), dRows, common,
                common + first * commonPitch(s));
  });
}

/// Floats of a run's gradients, with room for rows of less than a vector to be a vector apart.
inline int64_t gradientSize(const Selection& s) { return roundUp(s.largestRun, 16) * kWide + 80; }

inline int64_t runBackwardScratch(const Selection& s, int64_t nRows, int nWorkers) {
  return panelsOf(nRows) * kPanelRows * rowPitch(s.nOutputs) + commonSize(s) + nWorkers * gradientSize(s);
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

/// Every run's gradients and update by ofRun(run, dRows, common, gradients, update).
template <typename OfRun>
inline void backwardByRuns(const EstimatorBackward& job, const Parallel& parallel, const OfRun& ofRun) {
  const Selection& s = *job.selection;
  const int64_t pitch = rowPitch(s.nOutputs);
  float* const dRows = job.scratch;
  float* const common = dRows + panelsOf(job.nRows) * kPanelRows * pitch;
  toRows(job, pitch, dRows);
  if (job.open.complemented != nullptr) commonGradients(job, dRows, common, parallel);
  withUpdate(job.step, [&](const auto& update) {
    const int64_t nTasks = updateTasks(s);
    fork(parallel, nTasks, [&](int64_t task, int worker) {
      float* const gradients = common + commonSize(s) + worker * gradientSize(s);
      const int64_t end = runAt(s, task + 1, nTasks);
      for (int64_t index = runAt(s, task, nTasks); index < end; ++index) {
        ofRun(s.runs[index], dRows, common, gradients, update);
      }
    });
  });
}

inline void runBackward(const EstimatorBackward& job, const Parallel& parallel) {
  backwardByRuns(job, parallel, [&job](const Run& run, const float* dRows, const float* common, float* gradients,
                                       const auto& update) {
    const int64_t size = static_cast<int64_t>(run.nOrigins) * run.width;
    gradientsOf(job, run, dRows, common, gradients);
    for (int v = 0; v < 16; v += kWide) store(gradients + size + v, Vec<float>{});
    updateRange(job.parameters, run.firstWeight, size, gradients, update);
  });
}

}  // namespace GLAI_ISA
}  // namespace glai
