// Paths, 16-blocks and slabs in one pair of kernels. A lane stands for one output of one slot; rows of the batch
// stay in registers (forward) or pass by (backward). A closed gate is a 0 bit in a mask: its products are skipped,
// never multiplied by 0. No two threads write the same number, and sums have one order.
#include "estimator.h"
#include "launch.h"
#include "warp.h"

namespace glai::cuda {

namespace {

constexpr int kForwardRows = 16;  // sums of a lane
constexpr int kForwardWarps = 4;
constexpr int kForwardBlocks = 10;  // of a multiprocessor: at most 48 registers
constexpr int kUpdateThreads = 128;
constexpr int kSumRows = 32;
constexpr int kSumWarps = 8;

__device__ __forceinline__ float scaleOf(const EstimatorShape& shape, const StepPlan& plan, uint32_t gate) {
  return plan.flags & kDrop ? shape.gateScale[gate] : 1.0f;
}

/// Outputs of a group: `width` but in the last one.
__device__ __forceinline__ int widthOf(const EstimatorShape& shape, int width, int group) {
  return min(width, shape.nOutputs - group * width);
}

/// Four rows of every column (origin or output): one load each.
__device__ __forceinline__ const float4* fourRows(const float* values, uint32_t firstRow, int nColumns) {
  return reinterpret_cast<const float4*>(values) + static_cast<size_t>(firstRow / 4) * nColumns;
}

/// sums[r] += weight · x[r] for the open rows among 16.
__device__ __forceinline__ void addOpenRows(float (&sums)[kForwardRows], uint32_t mask, float weight,
                                            const float4* x, size_t nOrigins) {
#pragma unroll
  for (int r = 0; r < kForwardRows; r += 4) {
    const float4 four = x[r / 4 * nOrigins];
    if ((mask >> r) & 1) sums[r] += weight * four.x;
    if ((mask >> r) & 2) sums[r + 1] += weight * four.y;
    if ((mask >> r) & 4) sums[r + 2] += weight * four.z;
    if ((mask >> r) & 8) sums[r + 3] += weight * four.w;
  }
}

/// One block: a chunk of the slots of one group of outputs, for 16 rows. Blocks of the same chunk follow each
/// other, so that its weights are read from memory once.
template <int width>
__global__ void __launch_bounds__(32 * kForwardWarps, kForwardBlocks) estimatorForwardSlots(EstimatorForward p) {
  constexpr int slotsPerWarp = 32 / width;
  GLAI_SHARED(float, warpSums, [kForwardWarps][kForwardRows][width + 1]);
  const StepPlan plan = planOf(p.step);
  const uint32_t firstRow = blockIdx.x * kForwardRows;
  if (firstRow >= plan.nRows) return;
  const int group = blockIdx.y;
  const int chunk = blockIdx.z;
  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;
  const int j = lane % width;
  const int nOutputs = widthOf(p.shape, width, group);

  const uint32_t first = p.shape.firstSlot[group];
  const uint32_t n = p.shape.firstSlot[group + 1] - first;
  const uint32_t begin = static_cast<uint32_t>(static_cast<unsigned long long>(n) * chunk / p.nChunks);
  const uint32_t end = static_cast<uint32_t>(static_cast<unsigned long long>(n) * (chunk + 1) / p.nChunks);
  const Slot* slots = p.shape.slots + first;
  const float* weights = p.parameters + p.shape.firstWeight[group];
  const uint32_t* masks = p.shape.masks + firstRow / 32;
  const float4* x = fourRows(p.shape.inputs, firstRow, p.shape.nInputs + 1);
  float sums[kForwardRows] = {};
  for (uint32_t s = begin + warp * slotsPerWarp + lane / width; s < end; s += kForwardWarps * slotsPerWarp) {
    const Slot slot = slots[s];
    const uint32_t mask =
        masks[static_cast<size_t>(slot.gate) * (p.shape.stride / 32)] >> (firstRow % 32) & 0xffffu;
    if (mask == 0 || j >= nOutputs) continue;
    const float counted = scaleOf(p.shape, plan, slot.gate) * p.shape.copies[slot.gate];
    const float weight = weights[static_cast<size_t>(s) * nOutputs + j] * counted;
    addOpenRows(sums, mask, weight, x + slot.origin, p.shape.nInputs + 1);
  }
#pragma unroll
  for (int r = 0; r < kForwardRows; r++) {
#pragma unroll
    for (int distance = width; distance < 32; distance *= 2)
      sums[r] += __shfl_xor_sync(kFullWarp, sums[r], distance);
    if (lane < width) warpSums[warp][r][j] = sums[r];
  }
  __syncthreads();
  for (int i = threadIdx.x; i < kForwardRows * width; i += 32 * kForwardWarps) {
    const int r = i % kForwardRows;
    const int output = i / kForwardRows;
    if (output >= nOutputs) continue;
    float sum = 0.0f;
    for (int w = 0; w < kForwardWarps; w++) sum += warpSums[w][r][output];
    p.partial[(static_cast<size_t>(chunk) * p.shape.nOutputs + group * width + output) * p.shape.stride + firstRow +
              r] = sum;
  }
}

/// One block: 32 rows of one output. Lanes are rows, warps take chunks in turn.
__global__ void __launch_bounds__(kSumRows * kSumWarps) estimatorSumChunks(EstimatorSum p) {
  GLAI_SHARED(float, warpSums, [kSumWarps][kSumRows]);
  const StepPlan plan = planOf(p.step);
  if (blockIdx.x * kSumRows >= plan.nRows) return;
  const int lane = threadIdx.x % kSumRows;
  const int warp = threadIdx.x / kSumRows;
  const int output = blockIdx.y;
  const uint32_t row = blockIdx.x * kSumRows + lane;
  float sum = 0.0f;
  if (row < plan.nRows)
    for (int chunk = warp; chunk < p.nChunks; chunk += kSumWarps)
      sum += p.partial[(static_cast<size_t>(chunk) * p.nOutputs + output) * p.stride + row];
  warpSums[warp][lane] = sum;
  __syncthreads();
  if (warp != 0 || row >= plan.nRows + GLAI_PLANTED_EXTRA) return;
  float logit = 0.0f;
  for (int w = 0; w < kSumWarps; w++) logit += warpSums[w][lane];
  p.logits[static_cast<size_t>(row) * p.nOutputs + output] = logit;
}

/// A thread per path: its gradient is summed over the open rows and used at once.
template <int width>
__global__ void __launch_bounds__(kUpdateThreads) estimatorUpdateSlots(EstimatorUpdate p) {
  const StepPlan plan = planOf(p.step);
  const int group = blockIdx.y;
  const int nOutputs = widthOf(p.shape, width, group);
  const uint32_t first = p.shape.firstSlot[group];
  const uint32_t s = blockIdx.x * (kUpdateThreads / width) + threadIdx.x / width;
  const int j = threadIdx.x % width;
  if (s >= p.shape.firstSlot[group + 1] - first || j >= nOutputs) return;
  const Slot slot = p.shape.slots[first + s];
  const uint32_t output = group * width + j;
  const uint32_t* masks = p.shape.masks + static_cast<size_t>(slot.gate) * (p.shape.stride / 32);
  float gradient = 0.0f;
  for (uint32_t firstRow = 0; firstRow < plan.nRows; firstRow += 32) {
    const uint32_t mask = masks[firstRow / 32];
#pragma unroll
    for (int r = 0; r < 32; r += 4) {
      const uint32_t four = (mask >> r) & 0xfu;
      if (four == 0) continue;
      const float4 x4 = fourRows(p.shape.inputs, firstRow + r, p.shape.nInputs + 1)[slot.origin];
      const float4 d4 = fourRows(p.dLogits, firstRow + r, p.shape.nOutputs)[output];
      if (four & 1) gradient += x4.x * d4.x;
      if (four & 2) gradient += x4.y * d4.y;
      if (four & 4) gradient += x4.z * d4.z;
      if (four & 8) gradient += x4.w * d4.w;
    }
  }
  const size_t weight = p.shape.firstWeight[group] + static_cast<size_t>(s) * nOutputs + j;
  updateParameter(p.update, plan, weight, gradient * scaleOf(p.shape, plan, slot.gate));
}

template <int width>
cudaError_t forwardIn(const EstimatorForward& p, unsigned capacity, cudaStream_t stream) {
  return launch("estimatorForward", dim3(blocksFor(capacity, kForwardRows), p.shape.nGroups, p.nChunks),
                dim3(32 * kForwardWarps), stream, estimatorForwardSlots<width>, p);
}

template <int width>
cudaError_t updateIn(const EstimatorUpdate& p, cudaStream_t stream) {
  return launch("estimatorUpdate", dim3(blocksFor(p.largestGroup, kUpdateThreads / width), p.shape.nGroups),
                dim3(kUpdateThreads), stream, estimatorUpdateSlots<width>, p);
}

}  // namespace

cudaError_t estimatorForward(const EstimatorForward& p, unsigned capacity, cudaStream_t stream) {
  if (p.nChunks == 0) return cudaSuccess;  // no path was kept
  switch (p.shape.width) {
    case 1: return forwardIn<1>(p, capacity, stream);
    case 2: return forwardIn<2>(p, capacity, stream);
    case 4: return forwardIn<4>(p, capacity, stream);
    case 8: return forwardIn<8>(p, capacity, stream);
    case 16: return forwardIn<16>(p, capacity, stream);
    case 32: return forwardIn<32>(p, capacity, stream);
    default: return cudaErrorInvalidValue;
  }
}

cudaError_t estimatorSum(const EstimatorSum& p, unsigned capacity, cudaStream_t stream) {
  return launch("estimatorSum", dim3(blocksFor(capacity, kSumRows), p.nOutputs), dim3(kSumRows * kSumWarps), stream,
                estimatorSumChunks, p);
}

cudaError_t estimatorUpdate(const EstimatorUpdate& p, cudaStream_t stream) {
  if (p.largestGroup == 0) return cudaSuccess;
  switch (p.shape.width) {
    case 1: return updateIn<1>(p, stream);
    case 2: return updateIn<2>(p, stream);
    case 4: return updateIn<4>(p, stream);
    case 8: return updateIn<8>(p, stream);
    case 16: return updateIn<16>(p, stream);
    case 32: return updateIn<32>(p, stream);
    default: return cudaErrorInvalidValue;
  }
}

}  // namespace glai::cuda
