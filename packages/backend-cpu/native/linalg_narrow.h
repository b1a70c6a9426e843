// Products and triangular solves with few columns: the inner product of conjugate gradients and the
// solves after a factorisation. The right-hand sides are packed once into groups of one tile's width,
// [group][n][kNarrow]; the large matrix is read as it lies, kTileRows rows at a time.
#pragma once
#include "linalg_tile.h"

namespace glai {
namespace GLAI_ISA {

// 16 float32 columns per group with AVX2, AVX-512 and NEON, 8 with SSE2 and WASM.
constexpr int kNarrowVectors = GLAI_VECTOR_BYTES == 64 ? 1 : kTileVectors;
template <typename T>
constexpr int kNarrow = kNarrowVectors * kLanes<T>;
constexpr int64_t kRowChunk = 48;     // rows per task
constexpr int64_t kSolveBlock = 96;  // rows solved before the rest is updated

template <typename T>
struct NarrowTile {
  Vec<T> at[kTileRows][kNarrowVectors];
};

/// acc[r] = Σ_k a[r * strideR + k * strideK] x[k], over k in [k0, k1). Rows ≥ `rows` repeat the last.
template <typename T>
GLAI_INLINE void narrowProduct(T* to, const T* a, int64_t strideR, int64_t strideK, int64_t rows,
                               const T* x, int64_t k0, int64_t k1) {
  NarrowTile<T> acc;
  const T* row[kTileRows];
#pragma GCC unroll 16
  for (int r = 0; r < kTileRows; ++r) {
    row[r] = a + smaller(r, rows - 1) * strideR;
#pragma GCC unroll 16
    for (int v = 0; v < kNarrowVectors; ++v) acc.at[r][v] = Vec<T>{};
  }
#pragma GCC unroll 2
  for (int64_t k = k0; k < k1; ++k) {
    Vec<T> right[kNarrowVectors];
#pragma GCC unroll 16
    for (int v = 0; v < kNarrowVectors; ++v) right[v] = load(x + k * kNarrow<T> + v * kLanes<T>);
#pragma GCC unroll 16
    for (int r = 0; r < kTileRows; ++r) {
      const Vec<T> left = splat(row[r][k * strideK]);
#pragma GCC unroll 16
      for (int v = 0; v < kNarrowVectors; ++v) acc.at[r][v] += left * right[v];
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kTileRows; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < kNarrowVectors; ++v)
      store(to + r * kNarrow<T> + v * kLanes<T>, acc.at[r][v]);
}

template <typename T>
inline int64_t narrowGroups(int64_t n) {
  return (n + kNarrow<T> - 1) / kNarrow<T>;
}

constexpr int64_t kPackGroups = 8;  // groups that are packed side by side: whole runs of cache lines are read

/// Calls copy(packed, row of the matrix, columns) for every row of every group of x and an n × m matrix.
template <typename T, typename Copy>
inline void forNarrowRows(T* x, int64_t n, int64_t m, const Parallel& parallel, const Copy& copy) {
  constexpr int64_t kWidth = kNarrow<T>;
  const int64_t groups = narrowGroups<T>(m);
  fork(parallel, (groups + kPackGroups - 1) / kPackGroups, [&](int64_t task, int) {
    const int64_t g0 = task * kPackGroups, g1 = smaller(g0 + kPackGroups, groups);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t g = g0; g < g1; ++g)
        copy(x + (g * n + i) * kWidth, i * m + g * kWidth, smaller(kWidth, m - g * kWidth));
  });
}

/// B [n, m] into groups [group][n][kNarrow]; columns past the end are 0.
template <typename T>
inline void packNarrow(T* x, const T* b, int64_t n, int64_t m, const Parallel& parallel) {
  forNarrowRows(x, n, m, parallel, [b](T* to, int64_t at, int64_t columns) {
    const T* from = b + at;
    if (columns == kNarrow<T>) {
#pragma GCC unroll 16
      for (int v = 0; v < kNarrowVectors; ++v) store(to + v * kLanes<T>, load(from + v * kLanes<T>));
      return;
    }
    for (int64_t j = 0; j < columns; ++j) to[j] = from[j];
    for (int64_t j = columns; j < kNarrow<T>; ++j) to[j] = T(0);
  });
}

/// And back.
template <typename T>
inline void unpackNarrow(T* b, T* x, int64_t n, int64_t m, const Parallel& parallel) {
  forNarrowRows(x, n, m, parallel, [b](const T* from, int64_t at, int64_t columns) {
    T* to = b + at;
    if (columns == kNarrow<T>) {
#pragma GCC unroll 16
      for (int v = 0; v < kNarrowVectors; ++v) store(to + v * kLanes<T>, load(from + v * kLanes<T>));
      return;
    }
    for (int64_t j = 0; j < columns; ++j) to[j] = from[j];
  });
}

template <typename T>
inline size_t fewColumnsScratch(int64_t depth, int64_t n) {
  return arenaBytes(narrowGroups<T>(n) * kNarrow<T> * depth, sizeof(T)) + 64;
}

/// Y = A·B + diagonal·B.
template <typename T>
void fewColumns(const T* a, const T* b, int64_t m, int64_t depth, int64_t n, T diagonal, T* out,
                void* scratch, const Parallel& parallel) {
  constexpr int64_t kWidth = kNarrow<T>;
  T* x = static_cast<T*>(scratch);  // [group][depth][kNarrow]
  packNarrow(x, b, depth, n, parallel);
  const int64_t groups = narrowGroups<T>(n);
  fork(parallel, (m + kRowChunk - 1) / kRowChunk, [&](int64_t task, int) {
    T sums[kTileRows * kNarrow<T>];
    const int64_t end = smaller((task + 1) * kRowChunk, m);
    for (int64_t i = task * kRowChunk; i < end; i += kTileRows) {
      const int64_t rows = smaller(kTileRows, end - i);
      for (int64_t g = 0; g < groups; ++g) {
        narrowProduct(sums, a + i * depth, depth, 1, rows, x + g * depth * kWidth, 0, depth);
        for (int64_t r = 0; r < rows; ++r)
          for (int64_t j = g * kWidth; j < smaller((g + 1) * kWidth, n); ++j) {
            T value = sums[r * kWidth + j - g * kWidth];
            if (diagonal != T(0)) value += diagonal * b[(i + r) * n + j];
            out[(i + r) * n + j] = value;
          }
      }
    }
  });
}

template <typename T>
inline size_t solveScratch(int64_t n, int64_t m) {
  return fewColumnsScratch<T>(n, m) + arenaBytes(narrowGroups<T>(m), sizeof(int64_t)) + 64;
}

/// The first row of a group that is not 0, rounded down to a block: what stands before it stays 0 in a forward
/// solve, which makes the inverse of a factor cost a third.
template <typename T>
inline int64_t firstNonzero(const T* x, int64_t n) {
  for (int64_t at = 0; at < n * kNarrow<T>; ++at)
    if (x[at] != T(0)) return at / kNarrow<T> / kSolveBlock * kSolveBlock;
  return n;
}

/// x[r] −= sums[r] for `rows` rows of a group.
template <typename T>
GLAI_INLINE void subtractRows(T* x, const T* sums, int64_t rows) {
  for (int64_t q = 0; q < rows * kNarrow<T>; q += kLanes<T>) store(x + q, load(x + q) - load(sums + q));
}

/// One block of L X = B, rows [r0, r1) of one group; columns before r0 have been subtracted.
template <typename T>
inline void solveForwardBlock(const T* l, int64_t ld, T* x, int64_t r0, int64_t r1) {
  constexpr int64_t kWidth = kNarrow<T>;
  T sums[kTileRows * kNarrow<T>];
  for (int64_t c = r0; c < r1; c += kTileRows) {
    const int64_t rows = smaller(kTileRows, r1 - c);
    narrowProduct(sums, l + c * ld, ld, 1, rows, x, r0, c);
    subtractRows(x + c * kWidth, sums, rows);
    for (int64_t r = 0; r < rows; ++r) {
      const T* row = l + (c + r) * ld + c;
      const Vec<T> scale = splat(T(1) / row[r]);
      for (int64_t j = 0; j < kWidth; j += kLanes<T>) {
        Vec<T> value = load(x + (c + r) * kWidth + j);
        for (int64_t q = 0; q < r; ++q) value -= splat(row[q]) * load(x + (c + q) * kWidth + j);
        store(x + (c + r) * kWidth + j, value * scale);
      }
    }
  }
}

/// One block of Lᵀ X = B, rows [r0, r1) of one group; columns from r1 on have been subtracted.
template <typename T>
inline void solveBackwardBlock(const T* l, int64_t ld, T* x, int64_t r0, int64_t r1) {
  constexpr int64_t kWidth = kNarrow<T>;
  T sums[kTileRows * kNarrow<T>];
  for (int64_t c = r0 + (r1 - r0 - 1) / kTileRows * kTileRows; c >= r0; c -= kTileRows) {
    const int64_t rows = smaller(kTileRows, r1 - c);
    narrowProduct(sums, l + c, 1, ld, rows, x, c + rows, r1);
    subtractRows(x + c * kWidth, sums, rows);
    for (int64_t r = rows - 1; r >= 0; --r) {
      const T* column = l + c * ld + c + r;
      const Vec<T> scale = splat(T(1) / column[r * ld]);
      for (int64_t j = 0; j < kWidth; j += kLanes<T>) {
        Vec<T> value = load(x + (c + r) * kWidth + j);
        for (int64_t q = r + 1; q < rows; ++q)
          value -= splat(column[q * ld]) * load(x + (c + q) * kWidth + j);
        store(x + (c + r) * kWidth + j, value * scale);
      }
    }
  }
}

template <typename T>
void solve(const T* l, int64_t n, int64_t ld, T* b, int64_t m, Solve what, void* scratch,
           const Parallel& parallel) {
  constexpr int64_t kWidth = kNarrow<T>;
  Arena arena{static_cast<char*>(scratch)};
  const int64_t groups = narrowGroups<T>(m);
  T* x = arena.take<T>(groups * n * kWidth);        // [group][n][kNarrow]
  int64_t* first = arena.take<int64_t>(groups);     // [group] rows before it are 0
  packNarrow(x, b, n, m, parallel);
  fork(parallel, groups, [&](int64_t g, int) {
    first[g] = what == Solve::backward ? 0 : firstNonzero(x + g * n * kWidth, n);
  });
  const int64_t blocks = (n + kSolveBlock - 1) / kSolveBlock;
  // Subtracts Σ_{k0 ≤ k < k1} of L (or Lᵀ) from rows [i0, i1), shared out by group and row chunk.
  const auto update = [&](int64_t i0, int64_t i1, int64_t k0, int64_t k1, bool transposed) {
    const int64_t chunks = (i1 - i0 + kRowChunk - 1) / kRowChunk;
    fork(parallel, groups * chunks, [&](int64_t task, int) {
      T sums[kTileRows * kNarrow<T>];
      T* group = x + task % groups * n * kWidth;
      const int64_t begin = i0 + task / groups * kRowChunk, end = smaller(begin + kRowChunk, i1);
      const int64_t start = first[task % groups];
      if (!transposed && start >= k1) return;
      for (int64_t i = begin; i < end; i += kTileRows) {
        const int64_t rows = smaller(kTileRows, end - i);
        if (transposed)
          narrowProduct(sums, l + i, 1, ld, rows, group, k0, k1);
        else
          narrowProduct(sums, l + i * ld, ld, 1, rows, group, start, k1);
        subtractRows(group + i * kWidth, sums, rows);
      }
    });
  };
  if (what != Solve::backward)
    for (int64_t block = 0; block < blocks; ++block) {
      const int64_t r0 = block * kSolveBlock, r1 = smaller(r0 + kSolveBlock, n);
      if (r0 > 0) update(r0, r1, 0, r0, false);
      fork(parallel, groups, [&](int64_t group, int) {
        if (first[group] < r1) solveForwardBlock(l, ld, x + group * n * kWidth, r0, r1);
      });
    }
  if (what != Solve::forward)
    for (int64_t block = blocks - 1; block >= 0; --block) {
      const int64_t r0 = block * kSolveBlock, r1 = smaller(r0 + kSolveBlock, n);
      fork(parallel, groups, [&](int64_t group, int) {
        solveBackwardBlock(l, ld, x + group * n * kWidth, r0, r1);
      });
      if (r0 > 0) update(0, r0, r0, r1, true);
    }
  unpackNarrow(b, x, n, m, parallel);
}

}  // namespace GLAI_ISA
}  // namespace glai
