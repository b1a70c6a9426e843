// Kernels with one mistake each: what the emulation must notice. Tests run them through `emulation.runFault`.
#include <cmath>
#include <vector>
#include "../cuda/launch.h"
#include "control.h"
#include "dynamic_kernels.h"

namespace emulation {

namespace {

/// Sound: every thread reads what its neighbour wrote before the barrier.
__global__ void neighbours(Out p) {
  GLAI_SHARED(float, shared, [kThreads]);
  shared[threadIdx.x] = static_cast<float>(threadIdx.x);
  __syncthreads();
  p.values[threadIdx.x] = shared[(threadIdx.x + 1) % kThreads];
}

__global__ void missingBarrier(Out p) {
  GLAI_SHARED(float, shared, [kThreads]);
  shared[threadIdx.x] = static_cast<float>(threadIdx.x);
  p.values[threadIdx.x] = shared[(threadIdx.x + 1) % kThreads];
}

__global__ void barrierForSome(Out p) {
  if (threadIdx.x < 32) __syncthreads();
  p.values[threadIdx.x] = 1.0f;
}

__global__ void differentBarriers(Out p) {
  if (threadIdx.x < 32) {
    __syncthreads();
  } else {
    __syncthreads();
  }
  p.values[threadIdx.x] = 1.0f;
}

__global__ void ballotForSome(Out p) {
  if (threadIdx.x % 32 < 16) p.values[threadIdx.x] = static_cast<float>(__ballot_sync(0xffffffffu, 1));
}

__global__ void differentWarpFunctions(Out p) {
  if (threadIdx.x % 32 < 16) p.values[threadIdx.x] = static_cast<float>(__ballot_sync(0xffffffffu, 1));
  else p.values[threadIdx.x] = __shfl_xor_sync(0xffffffffu, 1.0f, 1);
}

__global__ void pastSharedArray(Out p) {
  GLAI_SHARED(float, shared, [kThreads]);
  shared[threadIdx.x + 1] = 1.0f;
  __syncthreads();
  p.values[threadIdx.x] = shared[threadIdx.x];
}

__global__ void tooMuchShared(Out p) {
  GLAI_SHARED(float, shared, [13000]);
  shared[threadIdx.x] = 1.0f;
  p.values[threadIdx.x] = shared[threadIdx.x];
}

struct Fault {
  const char* name;
  void (*kernel)(Out);
  size_t sharedBytes = 0;  // dynamic
};

constexpr size_t kEnough = kThreads * sizeof(float);

constexpr Fault kFaults[] = {
    {"none", neighbours},
    {"missingBarrier", missingBarrier},
    {"barrierForSome", barrierForSome},
    {"differentBarriers", differentBarriers},
    {"ballotForSome", ballotForSome},
    {"differentWarpFunctions", differentWarpFunctions},
    {"pastSharedArray", pastSharedArray},
    {"tooMuchShared", tooMuchShared},
    {"noneOfDynamic", dynamicNeighbours, kEnough},
    {"pastDynamic", dynamicNeighbours, kEnough - 1},
    {"dynamicMissing", dynamicNeighbours},
    {"dynamicMissingBarrier", dynamicWithoutBarrier, kEnough},
    {"tooMuchDynamic", dynamicNeighbours, (48 << 10) + 1},
    {"tooMuchTogether", dynamicAndDeclared, kEnough},
};

}  // namespace

std::string runFault(const std::string& name) {
  for (const Fault& fault : kFaults) {
    if (name != fault.name) continue;
    void* values = nullptr;
    cudaStream_t stream = nullptr;
    cudaMalloc(&values, kThreads * sizeof(float));
    cudaStreamCreateWithFlags(&stream, 0);
    launch(fault.name, dim3(1), dim3(kThreads), stream, fault.kernel, Out{static_cast<float*>(values)},
           fault.sharedBytes);
    const cudaError_t error = cudaStreamSynchronize(stream);
    std::string found = error == cudaSuccess ? "" : cudaGetErrorString(error);
    const float* out = static_cast<const float*>(values);
    for (int t = 0; found.empty() && t < kThreads; t++)
      if (out[t] != static_cast<float>((t + 1) % kThreads))
        found = "thread " + std::to_string(t) + " found " + std::to_string(out[t]);
    replaceDevice();
    cudaStreamDestroy(stream);
    cudaFree(values);
    return found;
  }
  return "no such fault";
}

}  // namespace emulation
