#include "linalg_run.h"
#include "memory.h"

namespace glai {

namespace {

/// Scratch that is given back; `run(scratch)` returns the status.
template <typename Run>
int64_t withScratch(size_t bytes, const Run& run) {
  void* const scratch = allocate(bytes);
  if (scratch == nullptr) return kNoMemory;
  const int64_t status = run(scratch);
  release(scratch);
  return status;
}

template <typename T>
int64_t gramOf(const KernelFunction& kernel, const KernelSamples& a, const KernelSamples* b, void* out,
               const Parallel& parallel) {
  const LinalgTable<T>& table = linalg(T());
  const KernelSamples& other = b == nullptr ? a : *b;
  return withScratch(table.gramScratch(kernel, a, other), [&](void* scratch) {
    table.gram(kernel, a, other, b == nullptr, static_cast<T*>(out), scratch, parallel);
    return kDone;
  });
}

template <typename T>
int64_t productOf(const Operand& a, const Operand& b, int64_t m, int64_t n, int64_t depth,
                  bool symmetric, void* out, const Parallel& parallel) {
  const LinalgTable<T>& table = linalg(T());
  return withScratch(table.productScratch(m, n, depth), [&](void* scratch) {
    table.product(a, b, m, n, depth, symmetric, static_cast<T*>(out), scratch, parallel);
    return kDone;
  });
}

// Up to here the large factor is read as it lies; beyond, packing it pays.
constexpr int64_t kFewColumns = 48;

template <typename T>
int64_t multiplyOf(const void* a, const void* b, int64_t m, int64_t depth, int64_t n, double diagonal,
                   void* out, const Parallel& parallel) {
  const LinalgTable<T>& table = linalg(T());
  if (n <= kFewColumns)
    return withScratch(table.fewColumnsScratch(depth, n), [&](void* scratch) {
      table.fewColumns(static_cast<const T*>(a), static_cast<const T*>(b), m, depth, n,
                       static_cast<T>(diagonal), static_cast<T*>(out), scratch, parallel);
      return kDone;
    });
  const bool isDouble = sizeof(T) == sizeof(double);
  const int64_t status = productOf<T>({a, isDouble, depth, 1}, {b, isDouble, 1, n}, m, n, depth,
                                      false, out, parallel);
  if (diagonal != 0 && status == kDone)
    for (int64_t i = 0; i < m * n; ++i)
      static_cast<T*>(out)[i] += static_cast<T>(diagonal) * static_cast<const T*>(b)[i];
  return status;
}

template <typename T>
int64_t choleskyOf(void* a, int64_t n, int64_t ld, double diagonal, const Parallel& parallel) {
  const LinalgTable<T>& table = linalg(T());
  return withScratch(table.choleskyScratch(n), [&](void* scratch) {
    return table.cholesky(static_cast<T*>(a), n, ld, static_cast<T>(diagonal), scratch, parallel);
  });
}

template <typename T>
int64_t solveOf(const void* factor, int64_t n, int64_t ld, void* b, int64_t m, Solve what,
                const Parallel& parallel) {
  const LinalgTable<T>& table = linalg(T());
  return withScratch(table.solveScratch(n, m), [&](void* scratch) {
    table.solve(static_cast<const T*>(factor), n, ld, static_cast<T*>(b), m, what, scratch, parallel);
    return kDone;
  });
}

template <typename T>
int64_t triangularOf(const void* factor, int64_t n, int64_t ld, const void* b, int64_t m, bool transposed,
                     void* out, const Parallel& parallel) {
  const LinalgTable<T>& table = linalg(T());
  return withScratch(table.triangularScratch(n, m), [&](void* scratch) {
    table.triangular(static_cast<const T*>(factor), n, ld, static_cast<const T*>(b), m, transposed,
                     static_cast<T*>(out), scratch, parallel);
    return kDone;
  });
}

}  // namespace

KernelFunction kernelFrom(const double* flat, int32_t nLayers) {
  return {static_cast<KernelKind>(static_cast<int32_t>(flat[0])),
          flat[1],
          flat[2],
          flat[3],
          flat[4],
          flat[5],
          flat[6],
          flat + kKernelHeader,
          nLayers};
}

int64_t runGram(const KernelFunction& kernel, const KernelSamples& a, const KernelSamples* b,
                bool isDouble, void* out, const Parallel& parallel) {
  return isDouble ? gramOf<double>(kernel, a, b, out, parallel)
                  : gramOf<float>(kernel, a, b, out, parallel);
}

int64_t runCrossProduct(const void* a, bool aIsDouble, int64_t nRows, int64_t nColumns, bool isDouble,
                        void* out, const Parallel& parallel) {
  const Operand columns{a, aIsDouble, 1, nColumns};
  return isDouble
             ? productOf<double>(columns, columns, nColumns, nColumns, nRows, true, out, parallel)
             : productOf<float>(columns, columns, nColumns, nColumns, nRows, true, out, parallel);
}

int64_t runMultiply(const void* a, const void* b, int64_t m, int64_t depth, int64_t n, double diagonal,
                    bool isDouble, void* out, const Parallel& parallel) {
  return isDouble ? multiplyOf<double>(a, b, m, depth, n, diagonal, out, parallel)
                  : multiplyOf<float>(a, b, m, depth, n, diagonal, out, parallel);
}

int64_t runCholesky(void* a, int64_t n, int64_t ld, double diagonal, bool isDouble,
                    const Parallel& parallel) {
  return isDouble ? choleskyOf<double>(a, n, ld, diagonal, parallel)
                  : choleskyOf<float>(a, n, ld, diagonal, parallel);
}

int64_t runSolve(const void* factor, int64_t n, int64_t ld, void* b, int64_t m, Solve what, bool isDouble,
                 const Parallel& parallel) {
  return isDouble ? solveOf<double>(factor, n, ld, b, m, what, parallel)
                  : solveOf<float>(factor, n, ld, b, m, what, parallel);
}

int64_t runTriangular(const void* factor, int64_t n, int64_t ld, const void* b, int64_t m, bool transposed,
                      bool isDouble, void* out, const Parallel& parallel) {
  return isDouble ? triangularOf<double>(factor, n, ld, b, m, transposed, out, parallel)
                  : triangularOf<float>(factor, n, ld, b, m, transposed, out, parallel);
}

}  // namespace glai
