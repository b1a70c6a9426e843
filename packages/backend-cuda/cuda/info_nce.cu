// ½ (CE(s_i·, i) + CE(s_·i, i)), its gradient through s and through the normalisation of the rows.
#include "info_nce.h"
#include "tile.h"
#include "warp.h"

namespace glai::cuda {

namespace {

constexpr int kRowWarps = 4;
constexpr float kShortestRow = 1e-12f;  // shorter rows count as 0 and have no gradient

__global__ void __launch_bounds__(32 * kRowWarps) infoNceUnits(InfoNce p) {
  const StepPlan plan = planOf(p.step);
  const int lane = threadIdx.x % 32;
  const uint32_t row = blockIdx.x * kRowWarps + threadIdx.x / 32;
  if (row >= plan.nRows) return;  // the whole warp
  const size_t start = static_cast<size_t>(row) * p.nOutputs;
  float largest = 0.0f;
  for (int o = lane; o < p.nOutputs; o += 32) largest = fmaxf(largest, fabsf(p.logits[start + o]));
  largest = warpMax(largest);
  // Squares of a row shorter than 1e-19 would underflow: scale by the largest entry.
  const float scale = largest > 0.0f ? 1.0f / largest : 1.0f;
  float squares = 0.0f;
  for (int o = lane; o < p.nOutputs; o += 32) {
    const float value = p.logits[start + o] * scale;
    squares += value * value;
  }
  const float length = sqrtf(warpSum(squares)) * (largest > 0.0f ? largest : 1.0f);
  for (int o = lane; o < p.nOutputs; o += 32)
    p.units[start + o] = length < kShortestRow ? 0.0f : p.logits[start + o] / length;
  if (lane == 0) p.lengths[row] = length;
}

struct FirstUnits {  // a[i, c] with k = c
  static constexpr bool kAlongK = true;
  const InfoNce& p;
  __device__ __forceinline__ float operator()(int i, int c) const {
    return p.units[static_cast<size_t>(i) * p.nOutputs + c];
  }
};

struct SecondUnits {  // b[j, c] with k = c
  static constexpr bool kAlongK = true;
  const InfoNce& p;
  uint32_t nPairs;
  __device__ __forceinline__ float operator()(int j, int c) const {
    return p.units[static_cast<size_t>(nPairs + j) * p.nOutputs + c];
  }
};

__global__ void __launch_bounds__(SmallTile::kThreads) infoNceSimilarity(InfoNce p) {
  const StepPlan plan = planOf(p.step);
  const int nPairs = static_cast<int>(plan.nSources);
  tileProduct<SmallTile>(blockIdx.y * SmallTile::M, blockIdx.x * SmallTile::N, nPairs, nPairs, p.nOutputs,
                         FirstUnits{p}, SecondUnits{p, plan.nSources}, [&](int i, int j, float sum) {
                           p.similarity[static_cast<size_t>(i) * nPairs + j] = sum * p.inverseTemperature;
                         });
}

/// log Σ exp of row i of s for warp i < B, of column i − B for the others.
__global__ void __launch_bounds__(32 * kRowWarps) infoNceNormalizers(InfoNce p) {
  const StepPlan plan = planOf(p.step);
  const int lane = threadIdx.x % 32;
  const uint32_t line = blockIdx.x * kRowWarps + threadIdx.x / 32;
  const uint32_t nPairs = plan.nSources;
  if (line >= 2 * nPairs) return;  // the whole warp
  const bool isRow = line < nPairs;
  const float* s = p.similarity + (isRow ? static_cast<size_t>(line) * nPairs : line - nPairs);
  const size_t stride = isRow ? 1 : nPairs;
  float largest = -INFINITY;
  for (uint32_t k = lane; k < nPairs; k += 32) largest = fmaxf(largest, s[k * stride]);
  largest = warpMax(largest);
  float sum = 0.0f;
  for (uint32_t k = lane; k < nPairs; k += 32) sum += expf(s[k * stride] - largest);
  sum = warpSum(sum);
  if (lane == 0) p.normalizers[line] = largest + logf(sum);
}

/// ∂loss/∂s_ij = (p_ij + q_ij − 2 δ_ij) / 2B as an operand, i or j along k.
struct DSimilarity {
  static constexpr bool kAlongK = true;
  const InfoNce& p;
  int nPairs;
  bool transposed;  // of the second view: line is j, k is i
  __device__ __forceinline__ float operator()(int line, int k) const {
    const int i = transposed ? k : line;
    const int j = transposed ? line : k;
    const float s = p.similarity[static_cast<size_t>(i) * nPairs + j];
    const float both = expf(s - p.normalizers[i]) + expf(s - p.normalizers[nPairs + j]);
    return (both - (i == j ? 2.0f : 0.0f)) * (0.5f * p.inverseTemperature / static_cast<float>(nPairs));
  }
};

struct OtherUnits {  // the other view's rows with k = row
  static constexpr bool kAlongK = false;
  const float* units;
  int nOutputs;
  __device__ __forceinline__ float operator()(int c, int k) const {
    return units[static_cast<size_t>(k) * nOutputs + c];
  }
};

__global__ void __launch_bounds__(SmallTile::kThreads) infoNceUnitGradients(InfoNce p) {
  const StepPlan plan = planOf(p.step);
  const int nPairs = static_cast<int>(plan.nSources);
  const bool second = blockIdx.z == 1;
  const size_t own = second ? static_cast<size_t>(nPairs) * p.nOutputs : 0;
  const size_t other = second ? 0 : static_cast<size_t>(nPairs) * p.nOutputs;
  tileProduct<SmallTile>(blockIdx.y * SmallTile::M, blockIdx.x * SmallTile::N, nPairs, p.nOutputs, nPairs,
                         DSimilarity{p, nPairs, second}, OtherUnits{p.units + other, p.nOutputs},
                         [&](int line, int c, float sum) {
                           p.dUnits[own + static_cast<size_t>(line) * p.nOutputs + c] = sum;
                         });
}

/// Through u = y / ‖y‖: (g − u ⟨u, g⟩) / ‖y‖; and the loss of each pair.
__global__ void __launch_bounds__(32 * kRowWarps) infoNceRows(InfoNce p) {
  const StepPlan plan = planOf(p.step);
  const int lane = threadIdx.x % 32;
  const uint32_t row = blockIdx.x * kRowWarps + threadIdx.x / 32;
  if (row >= plan.nRows) return;  // the whole warp
  const size_t start = static_cast<size_t>(row) * p.nOutputs;
  float along = 0.0f;
  for (int o = lane; o < p.nOutputs; o += 32) along += p.units[start + o] * p.dUnits[start + o];
  along = warpSum(along);
  const float length = p.lengths[row];
  for (int o = lane; o < p.nOutputs; o += 32) {
    const float gradient =
        length < kShortestRow ? 0.0f : (p.dUnits[start + o] - p.units[start + o] * along) / length;
    p.dLogits.put(row, o, gradient);
  }
  const uint32_t nPairs = plan.nSources;
  if (lane == 0 && row < nPairs)
    p.rowLoss[row] = 0.5f * (p.normalizers[row] + p.normalizers[nPairs + row]) -
                     p.similarity[static_cast<size_t>(row) * nPairs + row];
}

}  // namespace

cudaError_t infoNce(const InfoNce& p, unsigned pairs, cudaStream_t stream) {
  const dim3 warpBlock(32 * kRowWarps);
  const dim3 rows(blocksFor(2 * static_cast<size_t>(pairs), kRowWarps));
  const dim3 tileBlock(SmallTile::kThreads);
  const unsigned pairTiles = blocksFor(pairs, SmallTile::M);
  cudaError_t error = launch("infoNceUnits", rows, warpBlock, stream, infoNceUnits, p);
  if (error == cudaSuccess)
    error = launch("infoNceSimilarity", dim3(blocksFor(pairs, SmallTile::N), pairTiles), tileBlock, stream,
                   infoNceSimilarity, p);
  if (error == cudaSuccess) error = launch("infoNceNormalizers", rows, warpBlock, stream, infoNceNormalizers, p);
  if (error == cudaSuccess)
    error = launch("infoNceUnitGradients", dim3(blocksFor(p.nOutputs, SmallTile::N), pairTiles, 2), tileBlock,
                   stream, infoNceUnitGradients, p);
  if (error == cudaSuccess) error = launch("infoNceRows", rows, warpBlock, stream, infoNceRows, p);
  return error;
}

}  // namespace glai::cuda
