// Dense linear algebra for the closed-form solvers: the table of entry points that each instruction set
// fills. Kernels allocate nothing: beside every function stands one that says how many bytes of scratch
// (64-byte aligned) to bring.
#pragma once
#include "parallel.h"

namespace glai {

/// A matrix to read, in either precision: element (i, k) is values[i * strideI + k * strideK].
struct Operand {
  const void* values;
  bool isDouble;
  int64_t strideI;
  int64_t strideK;
};

enum class KernelKind : int32_t { linear = 0, rbf = 1, path = 2, infinitePath = 3 };

/// KernelSpec of core's linear-algebra.ts.
struct KernelFunction {
  KernelKind kind;
  double scale, shift, gamma, power, bias, overlapShift;
  const double* overlapScale;  // [nLayers]
  int32_t nLayers;
};

/// KernelSamples of core: features [nSamples, nFeatures] and one bit matrix per layer.
struct KernelSamples {
  const void* features;
  bool isDouble;
  int64_t nSamples, nFeatures;
  const uint32_t* const* gates;  // [nLayers] of [nSamples, nWords[l]]
  const int64_t* nWords;         // [nLayers], 32-bit words per row
};

enum class Solve : int32_t { forward = 0, backward = 1, both = 2 };

/// The kernels of one precision. All matrices are row-major and dense.
template <typename T>
struct LinalgTable {
  size_t (*gramScratch)(const KernelFunction&, const KernelSamples& a, const KernelSamples& b);
  /// out[i, j] = k(a_i, b_j). `symmetric`: b is a; the lower triangle is computed and mirrored.
  void (*gram)(const KernelFunction&, const KernelSamples& a, const KernelSamples& b, bool symmetric,
               T* out, void* scratch, const Parallel&);

  size_t (*productScratch)(int64_t m, int64_t n, int64_t depth);
  /// out[i, j] = Σ_k a(i, k) b(j, k): [m, n]. `symmetric`: b is a.
  void (*product)(const Operand& a, const Operand& b, int64_t m, int64_t n, int64_t depth,
                  bool symmetric, T* out, void* scratch, const Parallel&);

  size_t (*fewColumnsScratch)(int64_t depth, int64_t n);
  /// out = A·B + diagonal·B for few columns: A [m, depth], B [depth, n]; m = depth when diagonal ≠ 0.
  void (*fewColumns)(const T* a, const T* b, int64_t m, int64_t depth, int64_t n, T diagonal, T* out,
                     void* scratch, const Parallel&);

  size_t (*choleskyScratch)(int64_t n);
  /// Lower factor of a + diagonal·I over the lower triangle of a [n, n], whose rows are `ld` numbers apart; the
  /// strict upper triangle is left alone. Returns −1, or the row whose pivot is not positive (the matrix is
  /// then half done).
  int64_t (*cholesky)(T* a, int64_t n, int64_t ld, T diagonal, void* scratch, const Parallel&);

  size_t (*solveScratch)(int64_t n, int64_t m);
  /// L X = B, Lᵀ X = B or L Lᵀ X = B in place of b [n, m].
  void (*solve)(const T* factor, int64_t n, int64_t ld, T* b, int64_t m, Solve, void* scratch, const Parallel&);

  size_t (*triangularScratch)(int64_t n, int64_t m);
  /// out = L·B, or Lᵀ·B when `transposed`: b and out [n, m].
  void (*triangular)(const T* factor, int64_t n, int64_t ld, const T* b, int64_t m, bool transposed, T* out,
                     void* scratch, const Parallel&);

  /// Independent multiply-adds in registers, `peakOperations` operations per step: for benchmarks.
  T (*multiplyAddLoop)(int64_t steps);
  int64_t peakOperations;
};

namespace baseline {
const LinalgTable<float>& linalgFloat32();
const LinalgTable<double>& linalgFloat64();
}  // namespace baseline
namespace avx2 {
const LinalgTable<float>& linalgFloat32();
const LinalgTable<double>& linalgFloat64();
}  // namespace avx2
namespace avx512 {
const LinalgTable<float>& linalgFloat32();
const LinalgTable<double>& linalgFloat64();
}  // namespace avx512

/// The table of this machine's instruction set, for the precision of the argument.
const LinalgTable<float>& linalg(float);
const LinalgTable<double>& linalg(double);

}  // namespace glai
