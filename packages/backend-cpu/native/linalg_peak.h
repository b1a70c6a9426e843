// The machine's multiply-add peak on one thread: what the benchmarks divide by. Only registers are touched.
#pragma once
#include "linalg_tile.h"

namespace glai {
namespace GLAI_ISA {

/// Operations of one step of `multiplyAddLoop`.
template <typename T>
constexpr int64_t kPeakOperations = int64_t{2} * kTileRows * kTileVectors * kLanes<T>;

/// Runs `steps` times a tile's worth of independent multiply-adds; returns what keeps them alive.
template <typename T>
T multiplyAddLoop(int64_t steps) {
  Tile<T> acc;
  for (int r = 0; r < kTileRows; ++r)
    for (int v = 0; v < kTileVectors; ++v)
      for (int lane = 0; lane < kLanes<T>; ++lane)
        acc.at[r][v][lane] = static_cast<T>(1 + r + 64 * v + lane);  // all different: nothing folds
  const Vec<T> factor = splat(T(0.999)), term = splat(T(0.001));
  for (int64_t step = 0; step < steps; ++step)
#pragma GCC unroll 16
    for (int r = 0; r < kTileRows; ++r)
#pragma GCC unroll 16
      for (int v = 0; v < kTileVectors; ++v) acc.at[r][v] = acc.at[r][v] * factor + term;
  Vec<T> sum = Vec<T>{};
  for (int r = 0; r < kTileRows; ++r)
    for (int v = 0; v < kTileVectors; ++v) sum += acc.at[r][v];
  T total = 0;
  for (int lane = 0; lane < kLanes<T>; ++lane) total += sum[lane];
  return total;
}

}  // namespace GLAI_ISA
}  // namespace glai
