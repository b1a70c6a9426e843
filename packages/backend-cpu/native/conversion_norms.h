// Path norms straight from the bits: N[s, i] = mean over Ω of open_s(x) |x_i|, by adding the rows of |x|
// for which unit s is open. Float64 and in ascending order, so that every norm, and with it every tie,
// is core's bit for bit.
#pragma once
#include "conversion_forward.h"

namespace glai {
namespace GLAI_ISA {

constexpr int kNormVectors = GLAI_VECTOR_BYTES == 64 ? 4 : GLAI_VECTOR_BYTES == 32 ? 12 : 8;  // 12 of 16 registers
constexpr int kNormTile = kNormVectors * kLanes<double>;  // origins per task, summed in registers
constexpr int64_t kNormRows = 64;                         // rows of |x| that stay in L1, one word of bits

template <typename T>
size_t normsScratch(const ConversionSamples&, int64_t nUnits, int nWorkers) {
  return nWorkers * (arenaBytes(kNormRows * kNormTile, sizeof(double)) +
                     arenaBytes(nUnits * kNormTile, sizeof(double))) +
         64;
}

/// sums[s] += the rows of `tile` whose bit is set, in their order.
GLAI_INLINE void addRows(double* sums, const double* tile, uint64_t open) {
  Vec<double> acc[kNormVectors];
#pragma GCC unroll 16
  for (int v = 0; v < kNormVectors; ++v) acc[v] = load(sums + v * kLanes<double>);
  for (; open != 0; open &= open - 1) {
    const double* row = tile + __builtin_ctzll(open) * kNormTile;
#pragma GCC unroll 16
    for (int v = 0; v < kNormVectors; ++v) acc[v] += load(row + v * kLanes<double>);
  }
#pragma GCC unroll 16
  for (int v = 0; v < kNormVectors; ++v) store(sums + v * kLanes<double>, acc[v]);
}

template <typename T>
void normSums(const ConversionSamples& samples, const UnitBits& bits, int64_t nUnits, double* sums,
              void* scratch, const Parallel& parallel) {
  const int64_t nFeatures = samples.nFeatures, nOrigins = nFeatures + 1;
  Arena arena{static_cast<char*>(scratch)};
  double* tiles = arena.take<double>(parallel.nWorkers * kNormRows * kNormTile);
  double* partial = arena.take<double>(parallel.nWorkers * nUnits * kNormTile);
  const T* values = static_cast<const T*>(samples.values);
  fork(parallel, (nOrigins + kNormTile - 1) / kNormTile, [&](int64_t task, int worker) {
    double* tile = tiles + worker * kNormRows * kNormTile;
    double* own = partial + worker * nUnits * kNormTile;
    const int64_t first = task * kNormTile, width = smaller(kNormTile, nOrigins - first);
    const int64_t nValues = smaller(width, nFeatures - first);
    for (int64_t at = 0; at < nUnits * kNormTile; ++at) own[at] = 0;
    for (int64_t at = 0; at < kNormRows * kNormTile; ++at) tile[at] = 0;
    for (int64_t word = 0; word < bits.nWords; ++word) {
      const int64_t row0 = word * kNormRows, rows = smaller(kNormRows, samples.nSamples - row0);
      for (int64_t r = 0; r < rows; ++r) {
        const T* x = values + (row0 + r) * nFeatures + first;
        double* to = tile + r * kNormTile;
        for (int64_t i = 0; i < nValues; ++i) to[i] = __builtin_fabs(static_cast<double>(x[i]));
        if (nValues < width) to[width - 1] = 1;  // the origin of a bias
      }
      for (int64_t s = 0; s < nUnits; ++s)
        addRows(own + s * kNormTile, tile, bits.words[s * bits.nWords + word]);
    }
    for (int64_t s = 0; s < nUnits; ++s)
      for (int64_t i = 0; i < width; ++i) sums[s * nOrigins + first + i] = own[s * kNormTile + i];
  });
}

}  // namespace GLAI_ISA
}  // namespace glai
