// Kernels with dynamic shared memory, which no kernel of the package needs today: every tile has its size at compile time.
// They keep the macro honest: the emulation runs them, and a test compiles them with nvcc.
#pragma once
#include "../cuda/launch.h"

namespace emulation {

constexpr int kThreads = 64;

struct Out {
  float* values;  // [kThreads]
};

/// Sound with 4 bytes a thread: every thread reads what its neighbour wrote before the barrier.
static __global__ void dynamicNeighbours(Out p) {
  GLAI_DYNAMIC_SHARED(float, shared);
  shared[threadIdx.x] = static_cast<float>(threadIdx.x);
  __syncthreads();
  p.values[threadIdx.x] = shared[(threadIdx.x + 1) % kThreads];
}

static __global__ void dynamicWithoutBarrier(Out p) {
  GLAI_DYNAMIC_SHARED(float, shared);
  shared[threadIdx.x] = static_cast<float>(threadIdx.x);
  p.values[threadIdx.x] = shared[(threadIdx.x + 1) % kThreads];
}

/// 48 KiB declared, and more at the launch.
static __global__ void dynamicAndDeclared(Out p) {
  GLAI_SHARED(float, declared, [12288]);
  GLAI_DYNAMIC_SHARED(float, shared);
  shared[threadIdx.x] = declared[threadIdx.x] = 1.0f;
  p.values[threadIdx.x] = shared[threadIdx.x] + declared[threadIdx.x];
}

}  // namespace emulation
