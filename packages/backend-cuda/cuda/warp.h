// Sums and maxima over the lanes of a warp, in an order that never changes.
#pragma once
#include <cuda_runtime.h>

namespace glai::cuda {

constexpr unsigned kFullWarp = 0xffffffffu;

/// The same sum in every lane.
template <typename T>
__device__ __forceinline__ T warpSum(T value) {
  for (int distance = 16; distance > 0; distance /= 2) value += __shfl_xor_sync(kFullWarp, value, distance);
  return value;
}

__device__ __forceinline__ float warpMax(float value) {
  for (int distance = 16; distance > 0; distance /= 2)
    value = fmaxf(value, __shfl_xor_sync(kFullWarp, value, distance));
  return value;
}

}  // namespace glai::cuda
