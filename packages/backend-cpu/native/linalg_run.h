// Whole calls of the linear algebra: pick the instruction set's kernel, bring its scratch, run it. What the
// addon's binding and the WASM exports share.
#pragma once
#include "linalg.h"

namespace glai {

// Any other status is the row of a pivot that was not positive.
constexpr int64_t kDone = -1;
constexpr int64_t kNoMemory = -2;

/// A kernel as core's KernelSpec, flattened: kind, scale, shift, gamma, power, bias, overlapShift, then one
/// overlapScale per layer.
constexpr int kKernelHeader = 7;
KernelFunction kernelFrom(const double* flat, int32_t nLayers);

/// out = k(a, b), [nA, nB]; `b` nullptr: the symmetric Gram matrix of a.
int64_t runGram(const KernelFunction&, const KernelSamples& a, const KernelSamples* b, bool isDouble,
                void* out, const Parallel&);

/// out = AᵀA, [nColumns, nColumns], of a [nRows, nColumns] in either precision.
int64_t runCrossProduct(const void* a, bool aIsDouble, int64_t nRows, int64_t nColumns, bool isDouble,
                        void* out, const Parallel&);

/// out = A·B + diagonal·B: A [m, depth], B [depth, n].
int64_t runMultiply(const void* a, const void* b, int64_t m, int64_t depth, int64_t n, double diagonal,
                    bool isDouble, void* out, const Parallel&);

/// Rows of the square matrices below are `ld` ≥ n numbers apart.
int64_t runCholesky(void* a, int64_t n, int64_t ld, double diagonal, bool isDouble, const Parallel&);

int64_t runSolve(const void* factor, int64_t n, int64_t ld, void* b, int64_t m, Solve, bool isDouble,
                 const Parallel&);

/// out = L·B or Lᵀ·B, [n, m].
int64_t runTriangular(const void* factor, int64_t n, int64_t ld, const void* b, int64_t m, bool transposed,
                      bool isDouble, void* out, const Parallel&);

}  // namespace glai
