// The part of the CUDA runtime that this package uses, on the CPU: g++ finds this file where nvcc finds the
// real <cuda_runtime.h>, and compiles the same kernels and the same host code. Tests load the result.
//
// - A block's threads are contexts that run one after another until a barrier or a warp exchange (fibers.cc).
// - A block starts with shared memory of NaN, device memory starts as NaN: what was not written shows.
// - Streams are lazy: copies and launches happen when the host synchronises, so that host code which forgets
//   to wait reads what a GPU might show it (streams.cc).
// - A barrier that not all threads reach, a partial warp exchange and a launch beyond the limits of a GPU are
//   errors, sticky as on the device.
#pragma once
#include <math.h>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <utility>

#define __global__
#define __device__
#define __host__
#define __constant__ static
#define __launch_bounds__(...)
#ifndef __forceinline__
#define __forceinline__ inline
#endif

struct uint3 {
  unsigned x, y, z;
};

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

struct alignas(16) float4 {
  float x, y, z, w;
};

struct alignas(16) uint4 {
  unsigned x, y, z, w;
};

// Built-in variables of the thread that runs.
extern uint3 threadIdx;
extern uint3 blockIdx;
extern dim3 blockDim;
extern dim3 gridDim;

namespace emulation {

/// Waits until every thread of the block stands at the barrier of the same source line.
void barrier(const char* file, int line);

/// All 32 lanes leave a value and then see everybody's; `kind` must be the same in all of them.
const uint64_t* exchange(unsigned mask, uint64_t value, int kind);

/// This block's shared array for a declaration, made and filled with NaN at its first use in the block.
void* sharedArray(const void* declaration, size_t bytes);

/// This block's array of the size that the launch gave, 16-byte aligned; NaN at the block's start.
void* dynamicShared();

enum ExchangeKind { kSync, kBallot, kShuffle, kShuffleDown, kShuffleXor };

template <typename T>
uint64_t toBits(T value) {
  static_assert(sizeof(T) <= 8, "warp exchanges carry up to 8 bytes");
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  return bits;
}

template <typename T>
T fromBits(uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

inline unsigned lane() {
  return (threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z)) & 31;
}

}  // namespace emulation

#define __syncthreads() emulation::barrier(__FILE__, __LINE__)

inline void __syncwarp(unsigned mask = 0xffffffffu) {
  emulation::exchange(mask, 0, emulation::kSync);
}

inline unsigned __ballot_sync(unsigned mask, int predicate) {
  const uint64_t* votes = emulation::exchange(mask, predicate != 0, emulation::kBallot);
  unsigned bits = 0;
  for (unsigned lane = 0; lane < 32; lane++) bits |= static_cast<unsigned>(votes[lane]) << lane;
  return bits;
}

template <typename T>
T __shfl_sync(unsigned mask, T value, int source) {
  const uint64_t* values = emulation::exchange(mask, emulation::toBits(value), emulation::kShuffle);
  return emulation::fromBits<T>(values[source & 31]);
}

template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta) {
  const uint64_t* values = emulation::exchange(mask, emulation::toBits(value), emulation::kShuffleDown);
  const unsigned lane = emulation::lane();
  return emulation::fromBits<T>(values[lane + delta < 32 ? lane + delta : lane]);
}

template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int laneMask) {
  const uint64_t* values = emulation::exchange(mask, emulation::toBits(value), emulation::kShuffleXor);
  return emulation::fromBits<T>(values[emulation::lane() ^ static_cast<unsigned>(laneMask)]);
}

inline int min(int a, int b) {
  return a < b ? a : b;
}

inline unsigned min(unsigned a, unsigned b) {
  return a < b ? a : b;
}

inline int __popc(unsigned bits) {
  return __builtin_popcount(bits);
}

// Threads run one at a time, so a plain update is atomic.
inline unsigned atomicMin(unsigned* address, unsigned value) {
  const unsigned old = *address;
  if (value < old) *address = value;
  return old;
}

// ---- The runtime API ----

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInvalidConfiguration = 9,
  cudaErrorInsufficientDriver = 35,
  cudaErrorDevicesUnavailable = 46,
  cudaErrorNoDevice = 100,
  cudaErrorNoKernelImageForDevice = 209,
  cudaErrorECCUncorrectable = 214,
  cudaErrorNvlinkUncorrectable = 220,
  cudaErrorIllegalAddress = 700,
  cudaErrorLaunchTimeout = 702,
  cudaErrorHardwareStackError = 714,
  cudaErrorIllegalInstruction = 715,
  cudaErrorMisalignedAddress = 716,
  cudaErrorInvalidAddressSpace = 717,
  cudaErrorInvalidPc = 718,
  cudaErrorLaunchFailure = 719,
  cudaErrorStreamCaptureUnsupported = 900,
  cudaErrorUnknown = 999,
};

enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2, cudaMemcpyDeviceToDevice = 3 };

enum cudaStreamCaptureMode { cudaStreamCaptureModeThreadLocal = 1 };

constexpr unsigned cudaStreamNonBlocking = 1;
constexpr unsigned cudaEventDisableTiming = 2;

struct cudaDeviceProp {
  char name[256];
  size_t totalGlobalMem;
  int major, minor;
  int multiProcessorCount;
};

using cudaStream_t = struct EmulatedStream*;
using cudaEvent_t = struct EmulatedEvent*;
using cudaGraph_t = struct EmulatedGraph*;
using cudaGraphExec_t = struct EmulatedGraph*;

const char* cudaGetErrorString(cudaError_t);
const char* cudaGetErrorName(cudaError_t);
cudaError_t cudaGetLastError();
cudaError_t cudaDriverGetVersion(int*);
cudaError_t cudaRuntimeGetVersion(int*);
cudaError_t cudaGetDeviceCount(int*);
cudaError_t cudaSetDevice(int);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp*, int);
cudaError_t cudaMemGetInfo(size_t* free, size_t* total);

cudaError_t cudaMalloc(void**, size_t);
cudaError_t cudaFree(void*);
cudaError_t cudaMallocHost(void**, size_t);
cudaError_t cudaFreeHost(void*);
cudaError_t cudaMemcpyAsync(void*, const void*, size_t, cudaMemcpyKind, cudaStream_t);
cudaError_t cudaMemsetAsync(void*, int, size_t, cudaStream_t);

cudaError_t cudaStreamCreateWithFlags(cudaStream_t*, unsigned);
cudaError_t cudaStreamDestroy(cudaStream_t);
cudaError_t cudaStreamSynchronize(cudaStream_t);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t*, unsigned);
cudaError_t cudaEventDestroy(cudaEvent_t);
cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t);
cudaError_t cudaEventSynchronize(cudaEvent_t);

cudaError_t cudaStreamBeginCapture(cudaStream_t, cudaStreamCaptureMode);
cudaError_t cudaStreamEndCapture(cudaStream_t, cudaGraph_t*);
cudaError_t cudaGraphGetNodes(cudaGraph_t, void** nodes, size_t* count);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t*, cudaGraph_t, unsigned long long);
cudaError_t cudaGraphLaunch(cudaGraphExec_t, cudaStream_t);
cudaError_t cudaGraphDestroy(cudaGraph_t);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t);

namespace emulation {

/// Puts a launch into the stream. Arguments were copied when this was called, as on the device.
cudaError_t enqueueLaunch(const char* name, dim3 grid, dim3 block, size_t sharedBytes, cudaStream_t,
                          std::function<void()> kernel);

/// The same for work that a library does, not a kernel.
cudaError_t enqueueHost(const char* name, cudaStream_t, std::function<void()> work);

template <typename Parameters>
cudaError_t launch(const char* name, dim3 grid, dim3 block, cudaStream_t stream, void (*kernel)(Parameters),
                   const Parameters& parameters, size_t sharedBytes = 0) {
  return enqueueLaunch(name, grid, block, sharedBytes, stream, [kernel, parameters] { kernel(parameters); });
}

}  // namespace emulation
