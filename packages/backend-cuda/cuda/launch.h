// What every kernel file starts with: launches and shared memory, the same words for nvcc and for the emulation.
#pragma once
#include <cuda_runtime.h>

#ifdef __CUDACC__
/// A shared array: GLAI_SHARED(float, tile, [32][33]);
#define GLAI_SHARED(type, name, dimensions) __shared__ type name dimensions
/// The array whose size the launch gives, in bytes (at most 48 KiB, with what is declared): GLAI_DYNAMIC_SHARED(float, row);
#define GLAI_DYNAMIC_SHARED(type, name)                        \
  extern __shared__ __align__(16) unsigned char glaiDynamic[]; \
  type* const name = reinterpret_cast<type*>(glaiDynamic)
#else
#define GLAI_SHARED(type, name, dimensions)                                  \
  using name##_type = type dimensions;                                       \
  static const char name##_declaration = 0;                                  \
  name##_type& name = *static_cast<name##_type*>(                            \
      emulation::sharedArray(&name##_declaration, sizeof(name##_type)))
#define GLAI_DYNAMIC_SHARED(type, name) type* const name = static_cast<type*>(emulation::dynamicShared())
#endif

// Test builds compile a kernel without its barrier, or with a store past the end, to see that this is caught.
#ifdef GLAI_PLANT_MISSING_BARRIER
#define GLAI_TILE_BARRIER() ((void)0)
#else
#define GLAI_TILE_BARRIER() __syncthreads()
#endif
#ifdef GLAI_PLANT_OUT_OF_BOUNDS
#define GLAI_PLANTED_EXTRA 1
#else
#define GLAI_PLANTED_EXTRA 0
#endif

namespace glai::cuda {

/// Launches `kernel(parameters)` with `sharedBytes` of dynamic shared memory. Kernels take one struct by value.
#ifdef __CUDACC__
template <typename Parameters>
cudaError_t launch(const char*, dim3 grid, dim3 block, cudaStream_t stream, void (*kernel)(Parameters),
                   const Parameters& parameters, size_t sharedBytes = 0) {
  kernel<<<grid, block, sharedBytes, stream>>>(parameters);
  return cudaGetLastError();
}
#else
using emulation::launch;
#endif

template <typename Integer>
constexpr unsigned blocksFor(Integer n, unsigned perBlock) {
  return static_cast<unsigned>((static_cast<unsigned long long>(n) + perBlock - 1) / perBlock);
}

}  // namespace glai::cuda
