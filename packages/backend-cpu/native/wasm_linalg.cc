// Exports of the linear algebra. Addresses are byte offsets; all floats of a call have one precision. Each
// returns −1 when it went well, −2 without memory, else the row of a pivot that was not positive.
#include "linalg_run.h"
#include "wasm_export.h"

using namespace glai;

/// kernel: see linalg_run.h; aGates, bGates: one address per layer; bFeatures 0: the Gram matrix of a.
GLAI_EXPORT(linalg_gram)
int32_t linalg_gram(int32_t isDouble, const double* kernel, int32_t nLayers, int32_t nFeatures,
                    const void* aFeatures, int32_t nA, const uint32_t* const* aGates,
                    const void* bFeatures, int32_t nB, const uint32_t* const* bGates,
                    const int64_t* nWords, void* out, int32_t threads) {
  const KernelSamples a{aFeatures, isDouble != 0, nA, nFeatures, aGates, nWords};
  const KernelSamples b{bFeatures, isDouble != 0, nB, nFeatures, bGates, nWords};
  return static_cast<int32_t>(runGram(kernelFrom(kernel, nLayers), a, bFeatures == nullptr ? nullptr : &b,
                                      isDouble != 0, out, workers(threads)));
}

GLAI_EXPORT(linalg_cross_product)
int32_t linalg_cross_product(int32_t isDouble, const void* a, int32_t nRows, int32_t nColumns, void* out,
                             int32_t threads) {
  return static_cast<int32_t>(
      runCrossProduct(a, isDouble != 0, nRows, nColumns, isDouble != 0, out, workers(threads)));
}

GLAI_EXPORT(linalg_multiply)
int32_t linalg_multiply(int32_t isDouble, const void* a, const void* b, int32_t m, int32_t depth,
                        int32_t n, double diagonal, void* out, int32_t threads) {
  return static_cast<int32_t>(
      runMultiply(a, b, m, depth, n, diagonal, isDouble != 0, out, workers(threads)));
}

GLAI_EXPORT(linalg_cholesky)
int32_t linalg_cholesky(int32_t isDouble, void* a, int32_t n, int32_t ld, double diagonal, int32_t threads) {
  return static_cast<int32_t>(runCholesky(a, n, ld, diagonal, isDouble != 0, workers(threads)));
}

/// what: 0 L X = B, 1 Lᵀ X = B, 2 L Lᵀ X = B.
GLAI_EXPORT(linalg_solve)
int32_t linalg_solve(int32_t isDouble, const void* factor, int32_t n, int32_t ld, void* b, int32_t m,
                     int32_t what, int32_t threads) {
  return static_cast<int32_t>(
      runSolve(factor, n, ld, b, m, static_cast<Solve>(what), isDouble != 0, workers(threads)));
}

GLAI_EXPORT(linalg_triangular)
int32_t linalg_triangular(int32_t isDouble, const void* factor, int32_t n, int32_t ld, const void* b, int32_t m,
                          int32_t transposed, void* out, int32_t threads) {
  return static_cast<int32_t>(
      runTriangular(factor, n, ld, b, m, transposed != 0, isDouble != 0, out, workers(threads)));
}
