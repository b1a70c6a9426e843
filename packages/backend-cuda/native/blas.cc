#include "blas.h"
#include <string>
#ifdef GLAI_EMULATION
#include "cublas.h"
#else
#include <dlfcn.h>
#endif

namespace glai::cuda {

namespace {

// Of cuBLAS's C interface, which has been the same since CUDA 4: what is used here.
constexpr int kNoTranspose = 0, kTranspose = 1;
constexpr int kAllocFailed = 3, kExecutionFailed = 13;
constexpr int kPedanticMath = 2;  // float32 as it is written: no TF32, whatever the environment says
constexpr size_t kWorkspaceBytes = size_t{32} << 20;  // what NVIDIA advises for compute capability 9.0

struct Library {
  int (*create)(void** handle) = nullptr;
  int (*destroy)(void* handle) = nullptr;
  int (*setStream)(void* handle, cudaStream_t) = nullptr;
  int (*setWorkspace)(void* handle, void* workspace, size_t bytes) = nullptr;
  int (*setMathMode)(void* handle, int mode) = nullptr;
  int (*sgemm)(void* handle, int transposeA, int transposeB, int m, int n, int k, const float* alpha, const float* a,
               int lda, const float* b, int ldb, const float* beta, float* c, int ldc) = nullptr;
  std::string missing;  // why it cannot be used
};

constexpr const char* kNames[] = {"libcublas.so.13", "libcublas.so.12", "libcublas.so"};

#ifdef GLAI_EMULATION
void* open(const char* name) { return emulation::openLibrary(name); }
void* find(void* library, const char* name) { return emulation::findSymbol(library, name); }
#else
void* open(const char* name) { return dlopen(name, RTLD_NOW | RTLD_LOCAL); }
void* find(void* library, const char* name) { return dlsym(library, name); }
#endif

template <typename Function>
void take(Library& library, void* from, const char* name, Function& to) {
  to = reinterpret_cast<Function>(find(from, name));
  if (to == nullptr) library.missing = std::string("The cuBLAS that was found has no ") + name + ".";
}

Library load() {
  Library library;
  void* from = nullptr;
  for (const char* name : kNames)
    if (from == nullptr) from = open(name);
  if (from == nullptr) {
    library.missing = "cuBLAS was not found (tried libcublas.so.13, libcublas.so.12, libcublas.so).";
    return library;
  }
  take(library, from, "cublasCreate_v2", library.create);
  take(library, from, "cublasDestroy_v2", library.destroy);
  take(library, from, "cublasSetStream_v2", library.setStream);
  take(library, from, "cublasSetWorkspace_v2", library.setWorkspace);
  take(library, from, "cublasSetMathMode", library.setMathMode);
  take(library, from, "cublasSgemm_v2", library.sgemm);
  return library;
}

/// The functions, for good: once somebody has looked and found them.
const Library& library() {
  static const Library& found = *new Library(load());  // never freed: sessions end while the process does
  return found;
}

void checkBlas(int status, const char* doing) {
  if (status == 0) return;
  if (status == kAllocFailed)
    throw Failure{"out-of-memory", std::string("cuBLAS found too little GPU memory while ") + doing + ", besides its workspace of " +
                                       askedText(kWorkspaceBytes) + ": " + freeText() + ".",
                  "Use tier cuda, a smaller batch, or free memory: nvidia-smi shows who holds it."};
  if (status == kExecutionFailed) check(cudaErrorLaunchFailure, doing);
  throw Failure{"internal",
                std::string("Expected cuBLAS to answer 0 while ") + doing + " but received status " +
                    std::to_string(status) + ".",
                "Please report this with the model's sizes; --backend cuda does without cuBLAS."};
}

constexpr float kOne = 1.0f, kZero = 0.0f;

}  // namespace

std::string whyNoBlas() {
  return load().missing;
}

Blas::Blas(cudaStream_t stream) {
  const std::string missing = whyNoBlas();
  if (!missing.empty())
    throw Failure{"unavailable", missing, "Install it (libcublas of the CUDA toolkit), or use --backend cuda."};
  workspace_.reserve(kWorkspaceBytes);
  checkBlas(library().create(&handle_), "starting cuBLAS");
  checkBlas(library().setStream(handle_, stream), "starting cuBLAS");
  checkBlas(library().setWorkspace(handle_, workspace_.get(), kWorkspaceBytes), "starting cuBLAS");
  checkBlas(library().setMathMode(handle_, kPedanticMath), "starting cuBLAS");
}

Blas::~Blas() {
  if (handle_ != nullptr) library().destroy(handle_);
}

// cuBLAS reads columns: a row-major matrix is its own transpose, and cᵀ = bᵀ · aᵀ.

void Blas::timesTransposed(int m, int n, int k, const float* a, const float* b, float* c) {
  checkBlas(library().sgemm(handle_, kTranspose, kNoTranspose, n, m, k, &kOne, b, k, a, k, &kZero, c, n),
            "multiplying matrices");
}

void Blas::times(int m, int n, int k, const float* a, const float* b, float* c) {
  checkBlas(library().sgemm(handle_, kNoTranspose, kNoTranspose, n, m, k, &kOne, b, n, a, k, &kZero, c, n),
            "multiplying matrices");
}

void Blas::transposedTimes(int m, int n, int k, const float* a, const float* b, float* c) {
  checkBlas(library().sgemm(handle_, kNoTranspose, kTranspose, n, m, k, &kOne, b, n, a, m, &kZero, c, n),
            "multiplying matrices");
}

}  // namespace glai::cuda
