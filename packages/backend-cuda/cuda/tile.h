// C[m, n] = Σ_k a(m, k) b(k, n) for one tile of C per block: operands pass through shared memory, sums stay in
// registers, k ascends, so that the result does not depend on the grid.
#pragma once
#include "launch.h"

namespace glai::cuda {

template <int blockM, int blockN, int blockK, int threadM, int threadN>
struct TileShape {
  static constexpr int M = blockM, N = blockN, K = blockK;
  static constexpr int TM = threadM, TN = threadN;
  static constexpr int kThreads = (M / TM) * (N / TN);
};

using WideTile = TileShape<64, 64, 16, 4, 4>;   // 256 threads, 8.1 KiB shared
using SmallTile = TileShape<16, 32, 32, 2, 2>;  // 128 threads, 6.3 KiB shared

/// Fills tile[k][m] with operand(first + m, firstK + k), 0 outside. Consecutive threads go where the operand is
/// consecutive in memory.
template <int width, int depth, int nThreads, typename Operand>
__device__ __forceinline__ void loadTile(float (&tile)[depth][width + 1], int first, int end, int firstK,
                                         int endK, const Operand& operand) {
  for (int i = threadIdx.x; i < width * depth; i += nThreads) {
    const int m = Operand::kAlongK ? i / depth : i % width;
    const int k = Operand::kAlongK ? i % depth : i / width;
    const bool inside = first + m < end && firstK + k < endK;
    tile[k][m] = inside ? operand(first + m, firstK + k) : 0.0f;
  }
}

/// `store(m, n, sum)` sees every entry with m < nM and n < nN once.
template <typename Shape, typename A, typename B, typename Store>
__device__ __forceinline__ void tileProduct(int firstM, int firstN, int nM, int nN, int nK, const A& a,
                                            const B& b, const Store& store) {
  GLAI_SHARED(float, tileA, [Shape::K][Shape::M + 1]);
  GLAI_SHARED(float, tileB, [Shape::K][Shape::N + 1]);
  constexpr int columns = Shape::N / Shape::TN;
  constexpr int rows = Shape::M / Shape::TM;
  const int tx = threadIdx.x % columns;
  const int ty = threadIdx.x / columns;
  float sums[Shape::TM][Shape::TN] = {};
  for (int firstK = 0; firstK < nK; firstK += Shape::K) {
    loadTile<Shape::M, Shape::K, Shape::kThreads>(tileA, firstM, nM, firstK, nK, a);
    loadTile<Shape::N, Shape::K, Shape::kThreads>(tileB, firstN, nN, firstK, nK, b);
    GLAI_TILE_BARRIER();
#pragma unroll
    for (int k = 0; k < Shape::K; k++) {
      float left[Shape::TM], right[Shape::TN];
#pragma unroll
      for (int i = 0; i < Shape::TM; i++) left[i] = tileA[k][ty + rows * i];
#pragma unroll
      for (int j = 0; j < Shape::TN; j++) right[j] = tileB[k][tx + columns * j];
#pragma unroll
      for (int i = 0; i < Shape::TM; i++)
#pragma unroll
        for (int j = 0; j < Shape::TN; j++) sums[i][j] += left[i] * right[j];
    }
    __syncthreads();
  }
#pragma unroll
  for (int i = 0; i < Shape::TM; i++) {
    const int m = firstM + ty + rows * i;
#pragma unroll
    for (int j = 0; j < Shape::TN; j++) {
      const int n = firstN + tx + columns * j;
      if (m < nM && n < nN) store(m, n, sums[i][j]);
    }
  }
}

}  // namespace glai::cuda
