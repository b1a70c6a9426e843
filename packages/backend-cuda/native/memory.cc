#include "memory.h"
#include <algorithm>
#include <cstring>

namespace glai::cuda {

void* allocateDevice(size_t bytes, const char* what) {
  void* pointer = nullptr;
  const cudaError_t error = cudaMalloc(&pointer, bytes);
  if (error == cudaSuccess) return pointer;
  if (error != cudaErrorMemoryAllocation) check(error, what);
  cudaGetLastError();  // an allocation that failed is not sticky: forget it
  throw Failure{"out-of-memory",
                "Expected " + askedText(bytes) + " of GPU memory for " + what + " but " + freeText() + ".",
                "Use fewer samples or a smaller batch, or free memory: nvidia-smi shows who holds it."};
}

void freeDevice(void* pointer) {
  if (pointer != nullptr) cudaFree(pointer);
}

Transfer::Transfer() {
  for (int half = 0; half < 2; half++) {
    cudaError_t error = cudaMallocHost(reinterpret_cast<void**>(&halves_[half]), kHalfBytes);
    const bool isFull = error == cudaErrorMemoryAllocation;
    if (error == cudaSuccess) error = cudaEventCreateWithFlags(&free_[half], cudaEventDisableTiming);
    if (error == cudaSuccess) continue;
    release();  // no destructor follows a constructor that throws
    if (!isFull) check(error, "preparing transfers");
    cudaGetLastError();  // not sticky: forget it
    throw Failure{"out-of-memory",
                  "Expected " + askedText(kHalfBytes) + " of pinned host memory for transfers but the system gave none.",
                  "Raise the limit of locked memory (ulimit -l) or free memory."};
  }
}

Transfer::~Transfer() {
  release();
}

void Transfer::release() {
  for (int half = 0; half < 2; half++) {
    if (free_[half] != nullptr) cudaEventDestroy(free_[half]);
    if (halves_[half] != nullptr) cudaFreeHost(halves_[half]);
  }
}

void Transfer::upload(void* to, const void* from, size_t bytes, cudaStream_t stream) {
  for (size_t done = 0; done < bytes; done += kHalfBytes) {
    const size_t n = std::min(kHalfBytes, bytes - done);
    const int half = next_;
    next_ ^= 1;
    check(cudaEventSynchronize(free_[half]), "uploading");
    std::memcpy(halves_[half], static_cast<const char*>(from) + done, n);
    check(cudaMemcpyAsync(static_cast<char*>(to) + done, halves_[half], n, cudaMemcpyHostToDevice, stream),
          "uploading");
    check(cudaEventRecord(free_[half], stream), "uploading");
  }
}

void Transfer::download(void* to, const void* from, size_t bytes, cudaStream_t stream) {
  size_t arrived = 0;
  size_t pending[2] = {0, 0};
  const auto take = [&](int half) {
    if (pending[half] == 0) return;
    check(cudaEventSynchronize(free_[half]), "downloading");
    std::memcpy(static_cast<char*>(to) + arrived, halves_[half], pending[half]);
    arrived += pending[half];
    pending[half] = 0;
  };
  for (size_t done = 0; done < bytes; done += kHalfBytes) {
    const size_t n = std::min(kHalfBytes, bytes - done);
    const int half = next_;
    next_ ^= 1;
    take(half);
    check(cudaEventSynchronize(free_[half]), "downloading");  // of an upload before
    check(cudaMemcpyAsync(halves_[half], static_cast<const char*>(from) + done, n, cudaMemcpyDeviceToHost, stream),
          "downloading");
    check(cudaEventRecord(free_[half], stream), "downloading");
    pending[half] = n;
  }
  take(next_);
  take(next_ ^ 1);
}

}  // namespace glai::cuda
