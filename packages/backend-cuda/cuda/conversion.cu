// Integers and doubles where sums run over all samples: a certificate rests on them.
#include "conversion.h"
#include "tile.h"
#include "warp.h"

namespace glai::cuda {

namespace {

constexpr int kWarps = 4;
constexpr int kSumThreads = 256;
constexpr int kNormRows = 256;  // samples added in float before they join a double

__global__ void __launch_bounds__(32 * kWarps) activationBitsBallot(ActivationBits p) {
  const int lane = threadIdx.x % 32;
  const unsigned row = blockIdx.x * kWarps + threadIdx.x / 32;
  if (row >= p.nRows) return;  // the whole warp
  for (int word = 0; word < p.words; word++) {
    const int unit = word * 32 + lane;
    const float value = unit < p.nUnits ? p.activations[static_cast<size_t>(row) * p.nUnits + unit] : 0.0f;
    if (isnan(value)) atomicMin(p.firstNan, row * p.nUnits + unit);
    const uint32_t bits = __ballot_sync(kFullWarp, value > 0.0f);
    if (lane == 0) p.bits[static_cast<size_t>(row) * p.words + word] = bits;
  }
}

__device__ __forceinline__ bool isOpen(const GateBits& p, unsigned sample, int gate) {
  for (uint32_t u = p.firstUnit[gate]; u < p.firstUnit[gate + 1]; u++) {
    const uint32_t layer = p.layers[u];
    const uint32_t unit = p.units[u];
    const size_t row = p.patterns.firstWord[layer] + static_cast<size_t>(sample) * p.patterns.rowWords[layer];
    if (((p.patterns.words[row + unit / 32] >> (unit % 32)) & 1) == 0) return false;
  }
  return true;
}

__global__ void __launch_bounds__(32 * kWarps) gateBitsBallot(GateBits p) {
  const int lane = threadIdx.x % 32;
  const unsigned sample = blockIdx.x * kWarps + threadIdx.x / 32;
  if (sample >= p.nSamples) return;  // the whole warp
  for (int word = 0; word < p.words; word++) {
    const int gate = word * 32 + lane;
    const uint32_t bits = __ballot_sync(kFullWarp, gate < p.nGates && isOpen(p, sample, gate));
    if (lane == 0) p.bits[static_cast<size_t>(sample) * p.words + word] = bits;
  }
}

struct OpenGate {  // open_g of sample firstSample + k as 0 or 1
  static constexpr bool kAlongK = false;
  const PathNorms& p;
  __device__ __forceinline__ float operator()(int gate, int sample) const {
    const uint32_t word = p.gates[static_cast<size_t>(p.firstSample + sample) * p.gateWords + gate / 32];
    return (word >> (gate % 32)) & 1 ? 1.0f : 0.0f;
  }
};

struct Magnitude {  // |x_i| of that sample, and 1 in column nFeatures
  static constexpr bool kAlongK = false;
  const PathNorms& p;
  __device__ __forceinline__ float operator()(int i, int sample) const {
    return i == p.nFeatures ? 1.0f : fabsf(p.features[static_cast<size_t>(p.firstSample + sample) * p.nFeatures + i]);
  }
};

/// Adds the samples firstSample … firstSample + 255.
__global__ void __launch_bounds__(WideTile::kThreads) pathNormsTile(PathNorms p) {
  const int end = min(p.firstSample + kNormRows, static_cast<int>(p.nSamples));
  const double scale = end == static_cast<int>(p.nSamples) ? 1.0 / p.nSamples : 1.0;
  tileProduct<WideTile>(blockIdx.x * WideTile::M, blockIdx.y * WideTile::N, p.nGates, p.nFeatures + 1,
                        end - p.firstSample, OpenGate{p}, Magnitude{p}, [&](int gate, int i, float sum) {
                          double& norm = p.norms[static_cast<size_t>(gate) * (p.nFeatures + 1) + i];
                          norm = (norm + sum) * scale;
                        });
}

__global__ void __launch_bounds__(32 * kWarps) structuralShiftPopcount(StructuralShift p) {
  const int lane = threadIdx.x % 32;
  const unsigned sample = blockIdx.x * kWarps + threadIdx.x / 32;
  if (sample >= p.nSamples) return;  // the whole warp
  double before = 1.0, after = 1.0, both = 1.0;  // Π of active units over layers k … L
  double differing = 0.0;                        // gates of bias paths
  for (int layer = p.before.depth - 1; layer >= 0; layer--) {
    const int words = p.before.rowWords[layer];
    const size_t row = p.before.firstWord[layer] + static_cast<size_t>(sample) * words;
    int nBefore = 0, nAfter = 0, nBoth = 0;
    for (int word = lane; word < words; word += 32) {
      const uint32_t a = p.before.words[row + word];
      const uint32_t b = p.after[row + word];
      nBefore += __popc(a);
      nAfter += __popc(b);
      nBoth += __popc(a & b);
    }
    before *= warpSum(nBefore);
    after *= warpSum(nAfter);
    both *= warpSum(nBoth);
    differing += before + after - 2.0 * both;
  }
  double norm = 0.0;  // ‖x‖₁
  for (int i = lane; i < p.nFeatures; i += 32)
    norm += fabsf(p.features[static_cast<size_t>(sample) * p.nFeatures + i]);
  norm = warpSum(norm);
  if (lane == 0) p.shift[sample] = differing + norm * (before + after - 2.0 * both);
}

template <typename T>
__global__ void __launch_bounds__(kSumThreads) sumBlock(Sum<T> p) {
  GLAI_SHARED(double, warpSums, [kSumThreads / 32]);
  double sum = 0.0;
  for (size_t i = threadIdx.x; i < p.n; i += kSumThreads) sum += p.values[i];
  sum = warpSum(sum);
  if (threadIdx.x % 32 == 0) warpSums[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x != 0) return;
  for (int w = 0; w < kSumThreads / 32; w++) *p.sum += warpSums[w];
}

}  // namespace

cudaError_t activationBits(const ActivationBits& p, cudaStream_t stream) {
  return launch("activationBits", dim3(blocksFor(p.nRows, kWarps)), dim3(32 * kWarps), stream,
                activationBitsBallot, p);
}

cudaError_t gateBits(const GateBits& p, cudaStream_t stream) {
  return launch("gateBits", dim3(blocksFor(p.nSamples, kWarps)), dim3(32 * kWarps), stream, gateBitsBallot, p);
}

cudaError_t pathNorms(const PathNorms& p, cudaStream_t stream) {
  const dim3 grid(blocksFor(p.nGates, WideTile::M), blocksFor(p.nFeatures + 1, WideTile::N));
  cudaError_t error = cudaSuccess;
  for (PathNorms part = p; error == cudaSuccess && part.firstSample < static_cast<int>(p.nSamples);
       part.firstSample += kNormRows)
    error = launch("pathNorms", grid, dim3(WideTile::kThreads), stream, pathNormsTile, part);
  return error;
}

cudaError_t structuralShift(const StructuralShift& p, cudaStream_t stream) {
  return launch("structuralShift", dim3(blocksFor(p.nSamples, kWarps)), dim3(32 * kWarps), stream,
                structuralShiftPopcount, p);
}

cudaError_t sum(const Sum<float>& p, cudaStream_t stream) {
  return launch("sum", dim3(1), dim3(kSumThreads), stream, sumBlock<float>, p);
}

cudaError_t sum(const Sum<double>& p, cudaStream_t stream) {
  return launch("sum", dim3(1), dim3(kSumThreads), stream, sumBlock<double>, p);
}

}  // namespace glai::cuda
