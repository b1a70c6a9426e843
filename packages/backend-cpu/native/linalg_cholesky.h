// Blocked right-looking Cholesky factorisation, in place of the lower triangle. One panel of kPanel
// columns at a time: factor its diagonal block, solve the rows below it, subtract their product from
// what is left. Solve and subtraction run at the speed of the product's tile: the strips in which the
// panel is solved are the packed right operand of the subtraction.
#pragma once
#include "linalg_product.h"

namespace glai {
namespace GLAI_ISA {

constexpr int64_t kPanel = 240;  // columns per panel; a multiple of kTileRows
// The diagonal block is one thread's work: of a small matrix it must be small.
constexpr int64_t kSmallPanel = 96, kSmallMatrix = 2048;
constexpr int64_t kLeaf = 48;    // the same inside the diagonal block
constexpr int64_t kSolveRows = 96;

template <typename T>
inline size_t choleskyScratch(int64_t n) {
  const size_t leaf = arenaBytes(kLeaf * kLeaf + 2 * kPanel * roundUp(kPanel, kTileColumns<T>) + kLeaf,
                                 sizeof(T));
  return leaf + arenaBytes(kPanel * kPanel, sizeof(T)) + arenaBytes(kPanel, sizeof(T)) +
         arenaBytes(roundUp(n, kTileRows) * kPanel, sizeof(T)) +
         arenaBytes(roundUp(n, kTileColumns<T>) * kPanel, sizeof(T)) + 1024;
}

/// The textbook loop, for a block of at most kLeaf columns. Returns the row of a pivot ≤ 0 (or NaN), or −1.
template <typename T>
inline int64_t factorLeaf(T* a, int64_t ld, int64_t n) {
  T column[kLeaf];
  for (int64_t j = 0; j < n; ++j) {
    const T pivot = a[j * ld + j];
    if (!(pivot > T(0)) || pivot - pivot != T(0)) return j;  // ≤ 0, NaN or infinite
    const T root = squareRootOf(pivot), inverse = T(1) / root;
    a[j * ld + j] = root;
    for (int64_t i = j + 1; i < n; ++i) column[i] = a[i * ld + j] *= inverse;
    for (int64_t i = j + 1; i < n; ++i) {
      const T left = column[i];
      for (int64_t k = j + 1; k <= i; ++k) a[i * ld + k] -= left * column[k];
    }
  }
  return -1;
}

/// Solves X Lᵀ = A for one strip of kTileColumns rows, packed [depth][kTileColumns], in place.
/// `lower` is L in row strips of kTileRows: [strip][depth][kTileRows]; `inverse` its diagonal's inverse.
template <typename T>
inline void solveStrip(T* x, const T* lower, const T* inverse, int64_t depth) {
  constexpr int64_t kStrip = kTileColumns<T>;
  for (int64_t c = 0; c < depth; c += kTileRows) {
    const T* rows = lower + c * depth;
    Tile<T> acc;
    clear(acc);
    multiplyTile(acc, rows, x, c);
    const T* corner = rows + c * kTileRows;  // L[c + r, c + q] at corner[q * kTileRows + r]
#pragma GCC unroll 16
    for (int r = 0; r < kTileRows; ++r) {
      const Vec<T> scale = splat(inverse[c + r]);
#pragma GCC unroll 16
      for (int v = 0; v < kTileVectors; ++v) {
        T* target = x + (c + r) * kStrip + v * kLanes<T>;
        Vec<T> value = load(target) - acc.at[r][v];
#pragma GCC unroll 16
        for (int q = 0; q < r; ++q) value -= splat(corner[q * kTileRows + r]) * acc.at[q][v];
        acc.at[r][v] = value * scale;
        store(target, acc.at[r][v]);
      }
    }
  }
}

/// C[i, j] −= Σ_k a(i, k) a(j, k) for the part of a block on or below the diagonal.
template <typename T>
inline void subtractBlock(T* c, int64_t ld, int64_t n, const T* left, const T* right, int64_t depth,
                          int64_t i0, int64_t i1, int64_t j0, int64_t j1) {
  constexpr int64_t kStrip = kTileColumns<T>;
  for (int64_t i = i0; i < i1; i += kTileRows) {
    const int64_t jEnd = smaller(j1, i + kTileRows);
    for (int64_t j = j0; j < jEnd; j += kStrip) {
      T* to = c + i * ld + j;
      Tile<T> acc;
      clear(acc);
      multiplyTile(acc, left + i * depth, right + j * depth, depth);
      if (i + kTileRows <= n && j + kStrip - 1 <= i) {
#pragma GCC unroll 16
        for (int r = 0; r < kTileRows; ++r)
#pragma GCC unroll 16
          for (int v = 0; v < kTileVectors; ++v) {
            T* at = to + r * ld + v * kLanes<T>;
            store(at, load(at) - acc.at[r][v]);
          }
      } else {  // On the diagonal or at the edge: only elements of the lower triangle are ours.
        T spill[kTileRows * kStrip];
        for (int r = 0; r < kTileRows; ++r)
          for (int v = 0; v < kTileVectors; ++v)
            store(spill + r * kStrip + v * kLanes<T>, acc.at[r][v]);
        for (int64_t r = 0; r < smaller(kTileRows, n - i); ++r)
          for (int64_t q = 0; q < smaller(kStrip, i + r - j + 1); ++q)
            to[r * ld + q] -= spill[r * kStrip + q];
      }
    }
  }
}

template <typename T>
struct PanelScratch {
  T* lower;    // [panel / kTileRows][panel][kTileRows]
  T* inverse;  // [panel]
  T* left;     // [ceil(n / kTileRows)][panel][kTileRows]
  T* right;    // [ceil(n / kTileColumns)][panel][kTileColumns]
};

/// Given the factor of the diagonal block a[0:panel, 0:panel], solves the rows panel … n − 1 and
/// subtracts their product from a[panel:n, panel:n].
template <typename T>
inline void eliminatePanel(T* a, int64_t ld, int64_t n, int64_t panel, const PanelScratch<T>& scratch,
                           const Parallel& parallel) {
  constexpr int64_t kStrip = kTileColumns<T>;
  const int64_t rest = n - panel;
  if (rest <= 0) return;
  packFrom(scratch.lower, kTileRows, a, ld, 1, panel, panel);
  for (int64_t i = 0; i < panel; ++i) scratch.inverse[i] = T(1) / a[i * ld + i];
  T* below = a + panel * ld;
  fork(parallel, (rest + kSolveRows - 1) / kSolveRows, [&](int64_t task, int) {
    const int64_t i0 = task * kSolveRows, count = smaller(kSolveRows, rest - i0);
    T* strip = scratch.right + i0 * panel;
    packFrom(strip, static_cast<int>(kStrip), below + i0 * ld, ld, 1, count, panel);
    for (int64_t i = 0; i < count; i += kStrip, strip += kStrip * panel) {
      solveStrip(strip, scratch.lower, scratch.inverse, panel);
      for (int64_t r = 0; r < smaller(kStrip, count - i); ++r)
        for (int64_t k = 0; k < panel; ++k) below[(i0 + i + r) * ld + k] = strip[k * kStrip + r];
    }
    packFrom(scratch.left + i0 * panel, kTileRows, below + i0 * ld, ld, 1, count, panel);
  });
  const int64_t blocks = (rest + kBlock - 1) / kBlock;
  fork(parallel, blocks * (blocks + 1) / 2, [&](int64_t task, int) {
    int64_t blockI = 0, blockJ = task;
    while (blockJ > blockI) blockJ -= ++blockI;
    const int64_t i0 = blockI * kBlock, j0 = blockJ * kBlock;
    subtractBlock(below + panel, ld, rest, scratch.left, scratch.right, panel, i0,
                  smaller(i0 + kBlock, rest), j0, smaller(j0 + kBlock, rest));
  });
}

template <typename T>
inline int64_t factorDiagonal(T* a, int64_t ld, int64_t n, const PanelScratch<T>& scratch) {
  const Parallel serial = alone();
  for (int64_t j = 0; j < n; j += kLeaf) {
    T* corner = a + j * ld + j;
    const int64_t width = smaller(kLeaf, n - j);
    const int64_t failed = factorLeaf(corner, ld, width);
    if (failed >= 0) return j + failed;
    eliminatePanel(corner, ld, n - j, width, scratch, serial);
  }
  return -1;
}

template <typename T>
int64_t cholesky(T* a, int64_t n, int64_t ld, T diagonal, void* memory, const Parallel& parallel) {
  Arena arena{static_cast<char*>(memory)};
  PanelScratch<T> outer, inner;
  outer.lower = arena.take<T>(kPanel * kPanel);
  outer.inverse = arena.take<T>(kPanel);
  outer.left = arena.take<T>(roundUp(n, kTileRows) * kPanel);
  outer.right = arena.take<T>(roundUp(n, kTileColumns<T>) * kPanel);
  inner.lower = arena.take<T>(kLeaf * kLeaf);
  inner.inverse = arena.take<T>(kLeaf);
  inner.left = arena.take<T>(kPanel * roundUp(kPanel, kTileColumns<T>));
  inner.right = arena.take<T>(kPanel * roundUp(kPanel, kTileColumns<T>));
  for (int64_t i = 0; i < n; ++i) a[i * ld + i] += diagonal;
  const int64_t panel = n <= kSmallMatrix ? kSmallPanel : kPanel;
  for (int64_t j = 0; j < n; j += panel) {
    T* corner = a + j * ld + j;
    const int64_t width = smaller(panel, n - j);
    const int64_t failed = factorDiagonal(corner, ld, width, inner);
    if (failed >= 0) return j + failed;
    eliminatePanel(corner, ld, n - j, width, outer, parallel);
  }
  return -1;
}

}  // namespace GLAI_ISA
}  // namespace glai
