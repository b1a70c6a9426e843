// Products with a lower triangular matrix and few columns: Y = L·B and Y = Lᵀ·B, what stands above the diagonal unread.
#pragma once
#include "linalg_narrow.h"

namespace glai {
namespace GLAI_ISA {

/// Y of one chunk of rows [begin, end) and one group of columns into `totals`, [kRowChunk][kNarrow].
template <typename T>
inline void triangularChunk(T* totals, const T* l, int64_t n, int64_t ld, const T* x, int64_t begin,
                            int64_t end, bool transposed) {
  constexpr int64_t kWidth = kNarrow<T>;
  T sums[kTileRows * kNarrow<T>];
  for (int64_t q = 0; q < (end - begin) * kWidth; ++q) totals[q] = T(0);
  // The rectangle beside the chunk's own square, kSolveBlock deep at a time: columns of L stay in L2 meanwhile.
  const int64_t kFrom = transposed ? end : 0, kTo = transposed ? n : begin;
  for (int64_t k0 = kFrom; k0 < kTo; k0 += kSolveBlock)
    for (int64_t i = begin; i < end; i += kTileRows) {
      const int64_t rows = smaller(kTileRows, end - i), k1 = smaller(k0 + kSolveBlock, kTo);
      if (transposed)
        narrowProduct(sums, l + i, 1, ld, rows, x, k0, k1);
      else
        narrowProduct(sums, l + i * ld, ld, 1, rows, x, k0, k1);
      T* to = totals + (i - begin) * kWidth;
      for (int64_t q = 0; q < rows * kWidth; ++q) to[q] += sums[q];
    }
  for (int64_t i = begin; i < end; ++i)  // the square: row i ≥ column k of L
    for (int64_t k = begin; k <= i; ++k) {
      const Vec<T> entry = splat(l[i * ld + k]);
      T* to = totals + ((transposed ? k : i) - begin) * kWidth;
      const T* from = x + (transposed ? i : k) * kWidth;
      for (int64_t j = 0; j < kWidth; j += kLanes<T>) store(to + j, load(to + j) + entry * load(from + j));
    }
}

template <typename T>
void triangular(const T* l, int64_t n, int64_t ld, const T* b, int64_t m, bool transposed, T* out,
                void* scratch, const Parallel& parallel) {
  constexpr int64_t kWidth = kNarrow<T>;
  T* x = static_cast<T*>(scratch);  // [group][n][kNarrow]
  packFrom(x, kNarrow<T>, b, 1, m, m, n);
  const int64_t groups = narrowGroups<T>(m), chunks = (n + kRowChunk - 1) / kRowChunk;
  fork(parallel, groups * chunks, [&](int64_t task, int) {
    T totals[kRowChunk * kNarrow<T>];
    const int64_t g = task % groups, begin = task / groups * kRowChunk;
    const int64_t end = smaller(begin + kRowChunk, n);
    triangularChunk(totals, l, n, ld, x + g * n * kWidth, begin, end, transposed);
    for (int64_t i = begin; i < end; ++i)
      for (int64_t j = g * kWidth; j < smaller((g + 1) * kWidth, m); ++j)
        out[i * m + j] = totals[(i - begin) * kWidth + j - g * kWidth];
  });
}

}  // namespace GLAI_ISA
}  // namespace glai
