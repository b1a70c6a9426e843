#include "cublas.h"
#include <atomic>
#include <cstring>
#include "control.h"
#include "cuda_runtime.h"

namespace emulation {

namespace {

std::atomic<bool> present{false};

struct Handle {
  cudaStream_t stream = nullptr;
};

int create(void** handle) {
  if (takeFailure("cuBLAS memory")) return 3;  // CUBLAS_STATUS_ALLOC_FAILED
  *handle = new Handle();
  return 0;
}

int destroy(void* handle) {
  delete static_cast<Handle*>(handle);
  return 0;
}

int setStream(void* handle, cudaStream_t stream) {
  static_cast<Handle*>(handle)->stream = stream;
  return 0;
}

int setWorkspace(void*, void* workspace, size_t) {
  return workspace == nullptr ? 7 : 0;  // CUBLAS_STATUS_INVALID_VALUE
}

int setMathMode(void*, int) {
  return 0;
}

/// Column-major c = op(a) op(b), with alpha 1 and beta 0.
int sgemm(void* handle, int transposeA, int transposeB, int m, int n, int k, const float* alpha, const float* a,
          int lda, const float* b, int ldb, const float* beta, float* c, int ldc) {
  if (*alpha != 1.0f || *beta != 0.0f) return 7;
  if (lda < (transposeA ? k : m) || ldb < (transposeB ? n : k) || ldc < m) return 7;
  const cudaError_t error = enqueueHost("cublasSgemm", static_cast<Handle*>(handle)->stream, [=] {
    for (int j = 0; j < n; j++)
      for (int i = 0; i < m; i++) {
        float sum = 0.0f;
        for (int l = 0; l < k; l++)
          sum += a[transposeA ? l + size_t(i) * lda : i + size_t(l) * lda] *
                 b[transposeB ? j + size_t(l) * ldb : l + size_t(j) * ldb];
        c[i + size_t(j) * ldc] = sum;
      }
  });
  return error == cudaSuccess ? 0 : 13;  // CUBLAS_STATUS_EXECUTION_FAILED
}

struct Symbol {
  const char* name;
  void* function;
};

const Symbol kSymbols[] = {
    {"cublasCreate_v2", reinterpret_cast<void*>(&create)},
    {"cublasDestroy_v2", reinterpret_cast<void*>(&destroy)},
    {"cublasSetStream_v2", reinterpret_cast<void*>(&setStream)},
    {"cublasSetWorkspace_v2", reinterpret_cast<void*>(&setWorkspace)},
    {"cublasSetMathMode", reinterpret_cast<void*>(&setMathMode)},
    {"cublasSgemm_v2", reinterpret_cast<void*>(&sgemm)},
};

}  // namespace

void setBlas(bool wanted) {
  present = wanted;
}

void* openLibrary(const char* name) {
  return present && std::strcmp(name, "libcublas.so.13") == 0 ? &present : nullptr;
}

void* findSymbol(void*, const char* name) {
  for (const Symbol& symbol : kSymbols)
    if (std::strcmp(symbol.name, name) == 0) return symbol.function;
  return nullptr;
}

}  // namespace emulation
