// Gram matrices of core's KernelSpec: one pass of the blocked product, with the kernel function applied
// to each tile while it is in registers.
#pragma once
#include "gram_math.h"
#include "gram_overlap.h"
#include "linalg_product.h"

namespace glai {
namespace GLAI_ISA {

// Pairs of samples nearer than this are computed again from their differences in float64: subtracting
// inner products would leave only rounding error. (Relative squared distance.)
template <typename T>
constexpr T kCoincident = sizeof(T) == 4 ? T(1e-3) : T(1e-7);

/// What the tile functions need to know of the samples.
template <typename T>
struct GramData {
  const KernelFunction* kernel;
  const void *rowFeatures, *columnFeatures;
  bool rowsAreDouble, columnsAreDouble;
  int64_t nRows, nColumns, nFeatures;
  const T *rowNorm, *columnNorm;  // rbf: ‖x‖²; infinitePath: 1 / ‖[x√scale, bias]‖; padded to tiles
  const KernelSamples* rows;
  const uint32_t* const* columnGates;  // [nLayers] packed as tile columns
};

/// Σ_k (s x_k − t y_k)² in float64.
template <typename X, typename Y>
inline double squaredDistance(const X* x, const Y* y, int64_t n, double s, double t) {
  double part[8] = {};
  int64_t k = 0;
  for (; k + 8 <= n; k += 8)
    for (int q = 0; q < 8; ++q) {
      const double d = s * x[k + q] - t * y[k + q];
      part[q] += d * d;
    }
  for (; k < n; ++k) {
    const double d = s * x[k] - t * y[k];
    part[0] += d * d;
  }
  return ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
}

template <typename T>
__attribute__((noinline)) double exactDistance(const GramData<T>& data, int64_t i, int64_t j, double s,
                                               double t) {
  const int64_t n = data.nFeatures;
  const float* x = static_cast<const float*>(data.rowFeatures) + i * n;
  const float* y = static_cast<const float*>(data.columnFeatures) + j * n;
  const double* xDouble = static_cast<const double*>(data.rowFeatures) + i * n;
  const double* yDouble = static_cast<const double*>(data.columnFeatures) + j * n;
  if (data.rowsAreDouble)
    return data.columnsAreDouble ? squaredDistance(xDouble, yDouble, n, s, t)
                                 : squaredDistance(xDouble, y, n, s, t);
  return data.columnsAreDouble ? squaredDistance(x, yDouble, n, s, t)
                               : squaredDistance(x, y, n, s, t);
}

constexpr int64_t kSampleRows = 256;  // samples per task of the passes before the product

/// Hands ‖x_i‖² of every sample in float64 to `take(i, squared)`.
template <typename Take>
inline void squaredNorms(const KernelSamples& samples, const Parallel& parallel, const Take& take) {
  const int64_t n = samples.nFeatures;
  fork(parallel, (samples.nSamples + kSampleRows - 1) / kSampleRows, [&](int64_t task, int) {
    const int64_t end = smaller((task + 1) * kSampleRows, samples.nSamples);
    for (int64_t i = task * kSampleRows; i < end; ++i) {
      if (samples.isDouble) {
        const double* x = static_cast<const double*>(samples.features) + i * n;
        take(i, squaredDistance(x, x, n, 1.0, 0.0));
      } else {
        const float* x = static_cast<const float*>(samples.features) + i * n;
        take(i, squaredDistance(x, x, n, 1.0, 0.0));
      }
    }
  });
}

/// Replaces the lanes of `values` set in `where` by exact(column); rare.
template <typename T, typename Exact>
GLAI_INLINE Vec<T> replaced(Vec<T> values, Mask<T> where, const Exact& exact) {
  for (int lane = 0; lane < kLanes<T>; ++lane)
    if (where[lane]) values[lane] = static_cast<T>(exact(lane));
  return values;
}

template <typename T>
struct LinearEpilogue {
  T scale, shift;
  GLAI_INLINE void operator()(Tile<T>& tile, int64_t, int64_t) const {
#pragma GCC unroll 16
    for (int r = 0; r < kTileRows; ++r)
#pragma GCC unroll 16
      for (int v = 0; v < kTileVectors; ++v) tile.at[r][v] = tile.at[r][v] * splat(scale) + splat(shift);
  }
};

/// exp(−γ (‖x‖² + ‖y‖² − 2⟨x, y⟩))
template <typename T>
struct RbfEpilogue {
  const GramData<T>* data;
  GLAI_INLINE void operator()(Tile<T>& tile, int64_t i, int64_t j) const {
    const Vec<T> gamma = splat(static_cast<T>(-data->kernel->gamma));
    for (int r = 0; r < kTileRows; ++r)
#pragma GCC unroll 16
      for (int v = 0; v < kTileVectors; ++v) {
        const int64_t column = j + v * kLanes<T>;
        const Vec<T> sum = splat(data->rowNorm[i + r]) + load(data->columnNorm + column);
        Vec<T> distance = sum - (tile.at[r][v] + tile.at[r][v]);
        const Mask<T> near = distance < sum * splat(kCoincident<T>);
        if (__builtin_expect(anyLane<T>(near), 0))
          distance = replaced<T>(distance, near, [&](int lane) {
            return i + r < data->nRows && column + lane < data->nColumns
                       ? exactDistance(*data, i + r, column + lane, 1.0, 1.0)
                       : 0.0;
          });
        tile.at[r][v] = exponential<T>(distance * gamma);
      }
  }
};

/// (⟨x, y⟩ scale + shift) (2 (1 − acos(t)/π))^power, MATH.md closed form 8.
template <typename T>
struct InfinitePathEpilogue {
  const GramData<T>* data;
  const double *rowScale, *columnScale;  // 1 / ‖[x√scale, bias]‖ in float64
  GLAI_INLINE void operator()(Tile<T>& tile, int64_t i, int64_t j) const {
    const KernelFunction& kernel = *data->kernel;
    const Vec<T> scale = splat(static_cast<T>(kernel.scale)), shift = splat(static_cast<T>(kernel.shift));
    const Vec<T> biasSquared = splat(static_cast<T>(kernel.bias * kernel.bias));
    const Vec<T> half = splat(T(0.5)), nearly = splat(T(1) - kCoincident<T> / 2);
    for (int r = 0; r < kTileRows; ++r)
#pragma GCC unroll 16
      for (int v = 0; v < kTileVectors; ++v) {
        const int64_t column = j + v * kLanes<T>;
        const Vec<T> scaled = tile.at[r][v] * scale;
        const Vec<T> cosine =
            (scaled + biasSquared) * (splat(data->rowNorm[i + r]) * load(data->columnNorm + column));
        Vec<T> overlap = smallCosineOverlap<T>(cosine);
        const Mask<T> large = absolute<T>(cosine) > half;
        if (__builtin_expect(anyLane<T>(large), 0)) {  // of standardised samples hardly any pair
          overlap = select<T>(large, largeCosineOverlap<T>(cosine), overlap);
          const Mask<T> near = cosine > nearly;
          if (anyLane<T>(near))
            overlap = replaced<T>(overlap, near, [&](int lane) { return exactOverlap(i + r, column + lane); });
        }
        tile.at[r][v] = (scaled + shift) * raised<T>(overlap, kernel.power);
      }
  }
  /// 2 (1 − angle/π), the angle 2 asin(d/2) of unit vectors at a small distance d by its series.
  double exactOverlap(int64_t i, int64_t j) const {
    if (i >= data->nRows || j >= data->nColumns) return 0;
    const KernelFunction& kernel = *data->kernel;
    const double left = rowScale[i], right = columnScale[j], bias = kernel.bias * (left - right);
    const double squared =
        kernel.scale * exactDistance(*data, i, j, left, right) + bias * bias;
    const double h = squared / 4;
    const double angle = squareRootOf(squared) * (1 + h * (1.0 / 6 + h * (3.0 / 40 + h * (15.0 / 336))));
    return 2 - angle * 0.6366197723675814;
  }
};

/// (⟨x, y⟩ scale + shift) Π_l (overlapScale_l ⟨a_l(x), a_l(y)⟩ + overlapShift), MATH.md closed form 7.
template <typename T>
struct PathEpilogue {
  const GramData<T>* data;
  GLAI_INLINE void operator()(Tile<T>& tile, int64_t i, int64_t j) const {
    alignas(64) T values[kTileRows * kTileColumns<T>];
#pragma GCC unroll 16
    for (int r = 0; r < kTileRows; ++r)
#pragma GCC unroll 16
      for (int v = 0; v < kTileVectors; ++v)
        store(values + r * kTileColumns<T> + v * kLanes<T>, tile.at[r][v]);
    apply(values, i, j);
#pragma GCC unroll 16
    for (int r = 0; r < kTileRows; ++r)
#pragma GCC unroll 16
      for (int v = 0; v < kTileVectors; ++v)
        tile.at[r][v] = load(values + r * kTileColumns<T> + v * kLanes<T>);
  }
  /// Out of line: inlined, it would cost the product its registers.
  __attribute__((noinline)) void apply(T* values, int64_t i, int64_t j) const {
    const KernelFunction& kernel = *data->kernel;
    alignas(64) int32_t counts[kTileRows * kTileColumns<T>];
    const T scale = static_cast<T>(kernel.scale), shift = static_cast<T>(kernel.shift);
    for (int q = 0; q < kTileRows * kTileColumns<T>; ++q) values[q] = values[q] * scale + shift;
    for (int32_t layer = 0; layer < kernel.nLayers; ++layer) {
      const int64_t nWords = data->rows->nWords[layer];
      const uint32_t* rows[kTileRows];
      for (int r = 0; r < kTileRows; ++r)
        rows[r] = data->rows->gates[layer] + smaller(i + r, data->nRows - 1) * nWords;
      overlapTile<T>(counts, rows, data->columnGates[layer] + j * nWords, nWords);
      const T factor = static_cast<T>(kernel.overlapScale[layer]);
      const T offset = static_cast<T>(kernel.overlapShift);
      for (int q = 0; q < kTileRows * kTileColumns<T>; ++q)
        values[q] *= static_cast<T>(counts[q]) * factor + offset;
    }
  }
};

template <typename S>
inline void addColumns(double* sums, const S* values, int64_t nRows, int64_t ld, int64_t k0, int64_t k1) {
  for (int64_t k = k0; k < k1; ++k) sums[k] = 0;
  for (int64_t i = 0; i < nRows; ++i)
    for (int64_t k = k0; k < k1; ++k) sums[k] += static_cast<double>(values[i * ld + k]);
}

/// The mean of every feature.
inline void columnMeans(double* mean, const KernelSamples& samples, const Parallel& parallel) {
  constexpr int64_t kColumns = 64;
  const int64_t n = samples.nFeatures;
  fork(parallel, (n + kColumns - 1) / kColumns, [&](int64_t task, int) {
    const int64_t k0 = task * kColumns, k1 = smaller(k0 + kColumns, n);
    if (samples.isDouble)
      addColumns(mean, static_cast<const double*>(samples.features), samples.nSamples, n, k0, k1);
    else
      addColumns(mean, static_cast<const float*>(samples.features), samples.nSamples, n, k0, k1);
    for (int64_t k = k0; k < k1; ++k) mean[k] /= static_cast<double>(samples.nSamples);
  });
}

template <typename T, typename S>
inline void subtractMean(T* to, const S* from, const double* mean, int64_t n) {
  for (int64_t k = 0; k < n; ++k) to[k] = static_cast<T>(static_cast<double>(from[k]) - mean[k]);
}

/// `samples` minus `mean`, as T: an RBF kernel does not see a common shift, rounding does.
template <typename T>
inline void centre(T* to, const KernelSamples& samples, const double* mean, const Parallel& parallel) {
  const int64_t n = samples.nFeatures;
  fork(parallel, (samples.nSamples + kSampleRows - 1) / kSampleRows, [&](int64_t task, int) {
    const int64_t end = smaller((task + 1) * kSampleRows, samples.nSamples);
    for (int64_t i = task * kSampleRows; i < end; ++i) {
      if (samples.isDouble)
        subtractMean(to + i * n, static_cast<const double*>(samples.features) + i * n, mean, n);
      else
        subtractMean(to + i * n, static_cast<const float*>(samples.features) + i * n, mean, n);
    }
  });
}

template <typename T>
inline size_t gramScratch(const KernelFunction& kernel, const KernelSamples& a, const KernelSamples& b) {
  const int64_t rows = roundUp(a.nSamples, kTileRows), columns = roundUp(b.nSamples, kTileColumns<T>);
  size_t bytes = productScratch<T>(a.nSamples, b.nSamples, a.nFeatures) + 1024;
  if (kernel.kind == KernelKind::rbf)
    bytes += arenaBytes((a.nSamples + b.nSamples) * a.nFeatures, sizeof(T)) + 64 +
             arenaBytes(a.nFeatures, sizeof(double));
  if (kernel.kind == KernelKind::rbf || kernel.kind == KernelKind::infinitePath)
    bytes += arenaBytes(rows + columns, sizeof(T)) + arenaBytes(rows + columns, sizeof(double)) + 256;
  if (kernel.kind == KernelKind::path) {
    bytes += arenaBytes(kernel.nLayers, sizeof(void*));
    for (int32_t layer = 0; layer < kernel.nLayers; ++layer)
      bytes += arenaBytes(columns * b.nWords[layer], 4);
  }
  return bytes;
}

template <typename T>
void gram(const KernelFunction& kernel, const KernelSamples& a, const KernelSamples& b, bool symmetric,
          T* out, void* scratch, const Parallel& parallel) {
  const int64_t m = a.nSamples, n = b.nSamples, depth = a.nFeatures;
  const int64_t rows = roundUp(m, kTileRows), columns = roundUp(n, kTileColumns<T>);
  Arena arena{static_cast<char*>(scratch)};
  Operand left{a.features, a.isDouble, depth, 1}, right{b.features, b.isDouble, depth, 1};
  GramData<T> data{&kernel,  a.features, b.features, a.isDouble, b.isDouble, m, n,
                   depth,    nullptr,    nullptr,    &a,         nullptr};
  switch (kernel.kind) {
    case KernelKind::linear: {
      const LinearEpilogue<T> epilogue{static_cast<T>(kernel.scale), static_cast<T>(kernel.shift)};
      productWith(epilogue, left, right, m, n, depth, symmetric, out, arena.next, parallel);
      return;
    }
    case KernelKind::rbf: {
      double* mean = arena.take<double>(depth);
      columnMeans(mean, a, parallel);
      T* centredA = arena.take<T>(m * depth);
      centre(centredA, a, mean, parallel);
      T* centredB = centredA;
      if (!symmetric) centre(centredB = arena.take<T>(n * depth), b, mean, parallel);
      T* rowNorm = arena.take<T>(rows);
      T* columnNorm = arena.take<T>(columns);
      for (int64_t i = m; i < rows; ++i) rowNorm[i] = T(0);
      for (int64_t j = n; j < columns; ++j) columnNorm[j] = T(1);
      const KernelSamples x{centredA, sizeof(T) == 8, m, depth, nullptr, nullptr};
      const KernelSamples y{centredB, sizeof(T) == 8, n, depth, nullptr, nullptr};
      squaredNorms(x, parallel, [&](int64_t i, double squared) { rowNorm[i] = static_cast<T>(squared); });
      squaredNorms(y, parallel, [&](int64_t j, double squared) { columnNorm[j] = static_cast<T>(squared); });
      left = {centredA, sizeof(T) == 8, depth, 1};
      right = {centredB, sizeof(T) == 8, depth, 1};
      data.rowNorm = rowNorm;
      data.columnNorm = columnNorm;
      productWith(RbfEpilogue<T>{&data}, left, right, m, n, depth, symmetric, out, arena.next, parallel);
      return;
    }
    case KernelKind::infinitePath: {
      double* rowScale = arena.take<double>(rows);
      double* columnScale = arena.take<double>(columns);
      T* rowNorm = arena.take<T>(rows);
      T* columnNorm = arena.take<T>(columns);
      for (int64_t i = 0; i < rows; ++i) rowNorm[i] = T(0);
      for (int64_t j = 0; j < columns; ++j) columnNorm[j] = T(0);
      const auto inverse = [&](double squared) {  // A zero vector has no angle: cosine 0.
        const double size = kernel.scale * squared + kernel.bias * kernel.bias;
        return size > 0 ? 1 / squareRootOf(size) : 0.0;
      };
      squaredNorms(a, parallel, [&](int64_t i, double squared) {
        rowNorm[i] = static_cast<T>(rowScale[i] = inverse(squared));
      });
      squaredNorms(b, parallel, [&](int64_t j, double squared) {
        columnNorm[j] = static_cast<T>(columnScale[j] = inverse(squared));
      });
      data.rowNorm = rowNorm;
      data.columnNorm = columnNorm;
      const InfinitePathEpilogue<T> epilogue{&data, rowScale, columnScale};
      productWith(epilogue, left, right, m, n, depth, symmetric, out, arena.next, parallel);
      return;
    }
    case KernelKind::path: {
      const uint32_t** packed = arena.take<const uint32_t*>(kernel.nLayers);
      for (int32_t layer = 0; layer < kernel.nLayers; ++layer) {
        uint32_t* to = arena.take<uint32_t>(columns * b.nWords[layer]);
        packGates<T>(to, b.gates[layer], n, b.nWords[layer]);
        packed[layer] = to;
      }
      data.columnGates = packed;
      productWith(PathEpilogue<T>{&data}, left, right, m, n, depth, symmetric, out, arena.next, parallel);
      return;
    }
  }
}

}  // namespace GLAI_ISA
}  // namespace glai
