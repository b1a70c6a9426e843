// Dense products C = A·Bᵀ by blocks, with a function of (i, j, sum) fused into the last pass over a
// tile: the symmetric rank-k product, Gram matrices and the general product are this one loop.
#pragma once
#include "linalg_tile.h"

namespace glai {
namespace GLAI_ISA {

constexpr int64_t kBlock = 192;  // rows and columns of C per task: both packed blocks fit L2
template <typename T>
constexpr int64_t kMaxDepth = 2048 / sizeof(T);  // k per pass: one packed strip stays in L1

/// Equal passes over k, none longer than kMaxDepth.
template <typename T>
inline int64_t passDepth(int64_t depth) {
  const int64_t passes = (depth + kMaxDepth<T> - 1) / kMaxDepth<T>;
  return passes == 0 ? 0 : (depth + passes - 1) / passes;
}

template <typename T>
inline size_t productScratch(int64_t m, int64_t n, int64_t depth) {
  const size_t pass = passDepth<T>(depth);
  return arenaBytes(roundUp(m, kTileRows) * pass, sizeof(T)) +
         arenaBytes(roundUp(n, kTileColumns<T>) * pass, sizeof(T)) + 64;
}

/// Writes or adds the part of a tile that lies inside [rows, columns].
template <typename T>
GLAI_INLINE void storeTile(const Tile<T>& acc, T* c, int64_t ld, int64_t rows, int64_t columns) {
  if (rows >= kTileRows && columns >= kTileColumns<T>) {
#pragma GCC unroll 16
    for (int r = 0; r < kTileRows; ++r)
#pragma GCC unroll 16
      for (int v = 0; v < kTileVectors; ++v) store(c + r * ld + v * kLanes<T>, acc.at[r][v]);
    return;
  }
  T spill[kTileRows * kTileColumns<T>];
  for (int r = 0; r < kTileRows; ++r)
    for (int v = 0; v < kTileVectors; ++v)
      store(spill + r * kTileColumns<T> + v * kLanes<T>, acc.at[r][v]);
  for (int64_t r = 0; r < smaller(rows, kTileRows); ++r)
    for (int64_t j = 0; j < smaller(columns, kTileColumns<T>); ++j)
      c[r * ld + j] = spill[r * kTileColumns<T> + j];
}

template <typename T>
GLAI_INLINE void addTile(Tile<T>& acc, const T* c, int64_t ld, int64_t rows, int64_t columns) {
  if (rows >= kTileRows && columns >= kTileColumns<T>) {
#pragma GCC unroll 16
    for (int r = 0; r < kTileRows; ++r)
#pragma GCC unroll 16
      for (int v = 0; v < kTileVectors; ++v) acc.at[r][v] += load(c + r * ld + v * kLanes<T>);
    return;
  }
  T spill[kTileRows * kTileColumns<T>] = {};
  for (int64_t r = 0; r < smaller(rows, kTileRows); ++r)
    for (int64_t j = 0; j < smaller(columns, kTileColumns<T>); ++j)
      spill[r * kTileColumns<T> + j] = c[r * ld + j];
  for (int r = 0; r < kTileRows; ++r)
    for (int v = 0; v < kTileVectors; ++v)
      acc.at[r][v] += load(spill + r * kTileColumns<T> + v * kLanes<T>);
}

/// C[j, i] = C[i, j] for a block below the diagonal, or for the lower triangle of one on it.
template <typename T>
inline void mirrorBlock(T* c, int64_t n, int64_t i0, int64_t i1, int64_t j0, int64_t j1) {
  constexpr int64_t kSide = 16;
  for (int64_t j = j0; j < j1; j += kSide)
    for (int64_t i = i0; i < i1; i += kSide) {
      const int64_t jEnd = smaller(j + kSide, j1), iEnd = smaller(i + kSide, i1);
      if (i >= jEnd) {
        transposeStrip(c + j * n + i, n, static_cast<int>(iEnd - i), c + i * n + j, n, jEnd - j);
        continue;
      }
      for (int64_t q = j; q < jEnd; ++q)
        for (int64_t p = (i > q ? i : q + 1); p < iEnd; ++p) c[q * n + p] = c[p * n + q];
    }
}

/// What is left of a tile when nothing is fused.
template <typename T>
struct NoEpilogue {
  GLAI_INLINE void operator()(Tile<T>&, int64_t, int64_t) const {}
};

/// C[i, j] = epilogue(Σ_k a(i, k) b(j, k)), [m, n]; with `symmetric`, b is a, and the epilogue too.
/// The epilogue is called once per tile with its first row and column.
template <typename T, typename Epilogue>
inline void productWith(const Epilogue& epilogue, const Operand& a, const Operand& b, int64_t m,
                        int64_t n, int64_t depth, bool symmetric, T* c, void* scratch,
                        const Parallel& parallel) {
  constexpr int64_t kStrip = kTileColumns<T>;
  Arena arena{static_cast<char*>(scratch)};
  const int64_t pass = passDepth<T>(depth);
  T* packedA = arena.take<T>(roundUp(m, kTileRows) * pass);  // [strip][pass][kTileRows]
  T* packedB = arena.take<T>(roundUp(n, kStrip) * pass);     // [strip][pass][kTileColumns]
  const int64_t blockRows = (m + kBlock - 1) / kBlock, blockColumns = (n + kBlock - 1) / kBlock;
  int64_t k0 = 0;
  do {
    const int64_t k1 = smaller(k0 + pass, depth), deep = k1 - k0;
    const bool first = k0 == 0, last = k1 == depth;
    fork(parallel, blockRows + blockColumns, [&](int64_t task, int) {
      if (task < blockRows) {
        const int64_t i0 = task * kBlock;
        pack(packedA + i0 * deep, kTileRows, a, i0, smaller(kBlock, m - i0), k0, deep);
      } else {
        const int64_t j0 = (task - blockRows) * kBlock;
        pack(packedB + j0 * deep, kStrip, b, j0, smaller(kBlock, n - j0), k0, deep);
      }
    });
    const int64_t nTasks =
        symmetric ? blockRows * (blockRows + 1) / 2 : blockRows * blockColumns;
    fork(parallel, nTasks, [&](int64_t task, int) {
      int64_t blockI = task / blockColumns, blockJ = task % blockColumns;
      if (symmetric)  // Row by row of the lower triangle of blocks.
        for (blockI = 0, blockJ = task; blockJ > blockI; blockJ -= ++blockI) {
        }
      const int64_t i0 = blockI * kBlock, i1 = smaller(i0 + kBlock, m);
      const int64_t j0 = blockJ * kBlock, j1 = smaller(j0 + kBlock, n);
      for (int64_t i = i0; i < i1; i += kTileRows) {
        const int64_t jEnd = symmetric ? smaller(j1, i + kTileRows) : j1;
        for (int64_t j = j0; j < jEnd; j += kStrip) {
          Tile<T> acc;
          clear(acc);
          multiplyTile(acc, packedA + i * deep, packedB + j * deep, deep);
          if (!first) addTile(acc, c + i * n + j, n, m - i, n - j);
          if (last) epilogue(acc, i, j);
          storeTile(acc, c + i * n + j, n, m - i, n - j);
        }
      }
      if (symmetric && last) mirrorBlock(c, n, i0, i1, j0, j1);
    });
    k0 = k1;
  } while (k0 < depth);
}

template <typename T>
void product(const Operand& a, const Operand& b, int64_t m, int64_t n, int64_t depth,
             bool symmetric, T* out, void* scratch, const Parallel& parallel) {
  productWith(NoEpilogue<T>{}, a, b, m, n, depth, symmetric, out, scratch, parallel);
}

}  // namespace GLAI_ISA
}  // namespace glai
