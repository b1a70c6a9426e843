// cuBLAS, when this machine has it: found at run time, so that neither the addon nor its build needs it.
#pragma once
#include <cuda_runtime.h>
#include <string>
#include "memory.h"

namespace glai::cuda {

/// Why cuBLAS cannot be used here, in our own words; empty when it can.
std::string whyNoBlas();

/// One handle on one stream. Matrices are row-major float32, sums without TF32; a workspace of its own makes the
/// same calls give the same bits, and lets graphs capture them.
class Blas {
 public:
  /// Throws `unavailable` where there is no cuBLAS.
  explicit Blas(cudaStream_t);
  ~Blas();
  Blas(const Blas&) = delete;
  Blas& operator=(const Blas&) = delete;

  /// c[m, n] = a[m, k] · b[n, k]ᵀ
  void timesTransposed(int m, int n, int k, const float* a, const float* b, float* c);
  /// c[m, n] = a[m, k] · b[k, n]
  void times(int m, int n, int k, const float* a, const float* b, float* c);
  /// c[m, n] = a[k, m]ᵀ · b[k, n]
  void transposedTimes(int m, int n, int k, const float* a, const float* b, float* c);

 private:
  void* handle_ = nullptr;
  DeviceArray<char> workspace_{"the workspace of cuBLAS"};
};

}  // namespace glai::cuda
