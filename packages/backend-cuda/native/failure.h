// What goes wrong on the device, as a value that a worker thread can carry to JavaScript.
#pragma once
#include <cuda_runtime.h>
#include <cstddef>
#include <string>

namespace glai::cuda {

/// Thrown on worker threads; the binding turns it into a rejection with the same three words.
struct Failure {
  std::string code;  // a GlaiErrorCode
  std::string message;
  std::string hint;
};

/// Throws a Failure unless the call went well; `doing` completes "while …".
void check(cudaError_t error, const char* doing);

/// After these errors the process has no GPU any more.
bool isLost(cudaError_t error);
inline constexpr char kLostHint[] =
    "CUDA gives a process no second try: start it again from its last checkpoint. `nvidia-smi` and the kernel log "
    "(Xid) say more.";

/// "1.5 GiB", "640 bytes".
std::string sizeText(size_t bytes);

/// "1.5 GiB (1610612736 bytes)", as errors name what was asked for.
std::string askedText(size_t bytes);

/// "1.5 GiB of 80.0 GiB are free", of the GPU.
std::string freeText();

Failure noHostMemory(size_t bytes, const char* what);

}  // namespace glai::cuda
