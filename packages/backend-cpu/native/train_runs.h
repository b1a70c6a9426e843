// The estimator over runs (slab and block16 selections): y_o = Σ_k w[k][o] x_origin(k), for the rows
// where the gate is open. Lanes are outputs; a row or an origin is one broadcast. Closed gates are
// skipped because only open rows are ever listed.
#pragma once
#include "train_panels.h"
#include "train_update.h"

namespace glai {
namespace GLAI_ISA {

constexpr int kWide = kLanes<float>;
constexpr int kMostVectors = 3;
/// Rows (or origins) of a tile of `vectors` vectors: 8 to 12 sums, with 32 registers up to 24.
constexpr int tileRows(int vectors) {
  if (kWide == 16) return 8;
  return vectors == 3 ? 4 : vectors == 2 ? 6 : 8;
}

/// Vectors of the next column tile: three at a time, but 4 = 2 + 2, so that no tile is thin.
constexpr int64_t nextVectors(int64_t left) { return left >= 5 || left == 3 ? 3 : left >= 2 ? 2 : 1; }

/// Floats between rows of the row-major logits.
constexpr int64_t pitchOf(int64_t nOutputs) { return roundUp(nOutputs, 16); }

/// Parts whose logits are summed separately; fixed by the problem, not by the threads.
inline int64_t forwardParts(const Selection& s, int64_t nRows) {
  const int64_t work = s.nWeights * smaller(nRows, kRowBlock);
  return work < (1 << 17) ? 1 : 4;
}

inline int64_t runForwardScratch(const Selection& s, int64_t nRows) {
  return forwardParts(s, nRows) * nRows * pitchOf(s.nOutputs);
}

/// Some open rows of a gate.
struct RowList {
  const uint32_t* rows;
  const uint32_t* offsets;
  int64_t count;
};

inline RowList rowsOf(const OpenRows& open, int64_t nGates, int64_t block, uint32_t gate) {
  const uint32_t* const starts = open.starts + block * (nGates + 1) + gate;
  return {open.rows + starts[0], open.offsets + starts[0],
          static_cast<int64_t>(starts[1]) - starts[0]};
}

/// Calls body(first, count) for even shares of n, none larger than `most`.
template <typename Body>
GLAI_INLINE void evenly(int64_t n, int64_t most, const Body& body) {
  int64_t shares = (n + most - 1) / most;
  for (int64_t first = 0; shares > 0; --shares) {
    const int64_t count = (n - first + shares - 1) / shares;
    body(first, count);
    first += count;
  }
}

/// Calls body(Count<n>) with n = count as a type, 1 … 8.
template <int n>
struct Count {
  static constexpr int value = n;
};
template <typename Body>
GLAI_INLINE void withCount(int64_t count, const Body& body) {
  switch (count) {
    case 1: return body(Count<1>{});
    case 2: return body(Count<2>{});
    case 3: return body(Count<3>{});
    case 4: return body(Count<4>{});
    case 5: return body(Count<5>{});
    case 6: return body(Count<6>{});
    case 7: return body(Count<7>{});
    default: return body(Count<8>{});
  }
}

// ---- forward -----------------------------------------------------------------------------------

/// y[rows][outputs] += scale · Σ_k w[k][outputs] x[row][origin k].
template <int kRows, int kVectors>
inline void runForwardTile(const Run& run, const float* w, const uint32_t* origins, const float* input,
                           const RowList& list, int64_t first, float scale, float* y, int64_t pitch) {
  const float* x[kRows];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) x[r] = input + list.offsets[first + r];
  Vec<float> acc[kRows][kVectors] = {};
  const int64_t width = run.width;
  for (uint32_t k = 0; k < run.nOrigins; ++k, w += width) {
    Vec<float> weights[kVectors];
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) weights[v] = load(w + v * kWide);
    const uint32_t origin = origins[k];
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const Vec<float> value = splat(x[r][origin]);
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) acc[r][v] += value * weights[v];
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    float* const to = y + list.rows[first + r] * pitch;
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v)
      store(to + v * kWide, load(to + v * kWide) + splat(scale) * acc[r][v]);
  }
}

template <int kVectors>
inline void runForwardColumns(const EstimatorForward& job, const Run& run, const RowList& list,
                              int64_t column, float* y, int64_t pitch) {
  const Selection& s = *job.selection;
  const float* const w = job.weights + run.firstWeight + column;
  const uint32_t* const origins = s.originOffsets + run.firstOrigin;
  const float scale = job.open.scales[run.gate];
  float* const to = y + run.firstOutput + column;
  evenly(list.count, tileRows(kVectors), [&](int64_t first, int64_t count) {
    withCount(count, [&](auto rows) {
      constexpr int kRows = decltype(rows)::value;
      if constexpr (kRows <= tileRows(kVectors))
        runForwardTile<kRows, kVectors>(run, w, origins, job.input, list, first, scale, to, pitch);
    });
  });
}

/// The runs of part `part` of `nParts`, by weight.
inline int64_t runAt(const Selection& s, int64_t part, int64_t nParts) {
  const int64_t weight = s.nWeights * part / nParts;
  int64_t low = 0, high = s.nRuns;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (s.runs[middle].firstWeight < weight) low = middle + 1;
    else high = middle;
  }
  return low;
}

/// Sums the parts and turns rows [nRows, pitch] into panels.
inline void sumParts(const EstimatorForward& job, int64_t nParts, int64_t pitch,
                     const Parallel& parallel) {
  const int64_t nOutputs = job.selection->nOutputs, size = job.nRows * pitch;
  fork(parallel, panelsOf(job.nRows), [&](int64_t p, int) {
    float* const panel = job.output + p * panelSize(nOutputs);
    const int64_t count = smaller(kPanelRows, job.nRows - p * kPanelRows);
    for (int64_t r = 0; r < kPanelRows; ++r) {
      float* const row = job.scratch + (p * kPanelRows + r) * pitch;
      if (r < count)
        for (int64_t part = 1; part < nParts; ++part)
          for (int64_t o = 0; o < pitch; o += kWide)
            store(row + o, load(row + o) + load(row + part * size + o));
      for (int64_t o = 0; o < nOutputs; ++o) panel[o * kPanelRows + r] = r < count ? row[o] : 0.0f;
    }
  });
}

inline void runForward(const EstimatorForward& job, const Parallel& parallel) {
  const Selection& s = *job.selection;
  const int64_t pitch = pitchOf(s.nOutputs), nParts = forwardParts(s, job.nRows);
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
      if (list.count == 0) continue;
      const int64_t vectors = (run.width + kWide - 1) / kWide;
      for (int64_t v = 0; v < vectors;) {
        const int64_t next = nextVectors(vectors - v);
        if (next == 3) runForwardColumns<3>(job, run, list, v * kWide, y, pitch);
        else if (next == 2) runForwardColumns<2>(job, run, list, v * kWide, y, pitch);
        else runForwardColumns<1>(job, run, list, v * kWide, y, pitch);
        v += next;
      }
    }
  });
  sumParts(job, nParts, pitch, parallel);
}

// ---- backward ----------------------------------------------------------------------------------

/// dw[k][outputs] = scale · Σ over open rows x[row][origin k] dy[row][outputs], into `to`.
template <int kOrigins, int kVectors>
inline void runBackwardTile(const EstimatorBackward& job, const Run& run, const uint32_t* origins,
                            const float* dRows, int64_t pitch, float* to) {
  const Selection& s = *job.selection;
  const float* x[kOrigins];
#pragma GCC unroll 16
  for (int i = 0; i < kOrigins; ++i) x[i] = job.input + origins[i];
  Vec<float> acc[kOrigins][kVectors] = {};
  const int64_t nBlocks = rowBlocksOf(job.nRows);
  for (int64_t block = 0; block < nBlocks; ++block) {
    const RowList list = rowsOf(job.open, s.nGates, block, run.gate);
    for (int64_t r = 0; r < list.count; ++r) {
      const float* const d = dRows + list.rows[r] * pitch;
      const uint32_t offset = list.offsets[r];
      Vec<float> dy[kVectors];
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) dy[v] = load(d + v * kWide);
#pragma GCC unroll 16
      for (int i = 0; i < kOrigins; ++i) {
        const Vec<float> value = splat(x[i][offset]);
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) acc[i][v] += value * dy[v];
      }
    }
  }
  const Vec<float> scale = splat(job.open.scales[run.gate]);
#pragma GCC unroll 16
  for (int i = 0; i < kOrigins; ++i)
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) store(to + i * run.width + v * kWide, acc[i][v] * scale);
}

/// Gradients of a run, [nOrigins][width] without gaps. The last, partly filled columns come first: what
/// their lanes write past the end of a row is overwritten by that row's own numbers.
inline void runGradients(const EstimatorBackward& job, const Run& run, const float* dRows,
                         int64_t pitch, float* gradients) {
  const uint32_t* const origins = job.selection->originOffsets + run.firstOrigin;
  const int64_t vectors = (run.width + kWide - 1) / kWide;
  const int64_t most = vectors == 1 ? tileRows(1) : vectors == 2 ? tileRows(2) : tileRows(3);
  evenly(run.nOrigins, most, [&](int64_t first, int64_t count) {
    withCount(count, [&](auto rows) {
      constexpr int kOrigins = decltype(rows)::value;
      for (int64_t end = vectors; end > 0;) {
        const int64_t next = nextVectors(end);
        end -= next;
        const float* const d = dRows + run.firstOutput + end * kWide;
        float* const to = gradients + first * run.width + end * kWide;
        if (next == 3) {
          if constexpr (kOrigins <= tileRows(3))
            runBackwardTile<kOrigins, 3>(job, run, origins + first, d, pitch, to);
        } else if (next == 2) {
          if constexpr (kOrigins <= tileRows(2))
            runBackwardTile<kOrigins, 2>(job, run, origins + first, d, pitch, to);
        } else {
          runBackwardTile<kOrigins, 1>(job, run, origins + first, d, pitch, to);
        }
      }
    });
  });
}

inline int64_t gradientSize(const Selection& s) { return roundUp(s.largestRun, 16) + 64; }

inline int64_t runBackwardScratch(const Selection& s, int64_t nRows, int nWorkers) {
  return nRows * pitchOf(s.nOutputs) + nWorkers * gradientSize(s);
}

/// dLogits panels → rows [nRows, pitch], 0 past the last output.
inline void toRows(const EstimatorBackward& job, int64_t pitch, float* rows) {
  const int64_t nOutputs = job.selection->nOutputs;
  for (int64_t row = 0; row < job.nRows; ++row) {
    const float* const from = job.dOutput + row / kPanelRows * panelSize(nOutputs) + row % kPanelRows;
    for (int64_t o = 0; o < pitch; ++o)
      rows[row * pitch + o] = o < nOutputs ? from[o * kPanelRows] : 0.0f;
  }
}

/// The optimiser's step over `count` consecutive weights from `first`; gradients are padded with 0.
template <typename Update>
GLAI_INLINE void updateRange(const Parameters& to, int64_t first, int64_t count, const float* gradients,
                             const Update& update) {
  for (int64_t i = 0; i < count; i += kWide) {
    const Vec<float> gradient = load(gradients + i);
    const int64_t at = first + i;
    if (to.gradients != nullptr) store(to.gradients + at, gradient);
    update.apply(gradient, to.weights + at, to.first + at, to.second + at);
  }
}

inline void runBackward(const EstimatorBackward& job, const Parallel& parallel) {
  const Selection& s = *job.selection;
  const int64_t pitch = pitchOf(s.nOutputs);
  float* const dRows = job.scratch;
  toRows(job, pitch, dRows);
  withUpdate(job.step, [&](const auto& update) {
    fork(parallel, s.nRuns, [&](int64_t index, int worker) {
      const Run& run = s.runs[index];
      float* const gradients = job.scratch + job.nRows * pitch + worker * gradientSize(s);
      runGradients(job, run, dRows, pitch, gradients);
      const int64_t count = static_cast<int64_t>(run.nOrigins) * run.width;
      for (int v = 0; v < 16; v += kWide) store(gradients + count + v, Vec<float>{});
      updateRange(job.parameters, run.firstWeight, count, gradients, update);
    });
  });
}

}  // namespace GLAI_ISA
}  // namespace glai
