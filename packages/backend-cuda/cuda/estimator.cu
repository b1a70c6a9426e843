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
constexpr int kUpdateThreads = 128;
constexpr int kSumWarps = 4;

__device__ __forceinline__ float scaleOf(const EstimatorShape& shape, const StepPlan& plan, uint32_t gate) {
  return plan.flags & kDrop ? shape.gateScale[gate] : 1.0f;
}

/// Four rows at once: rows are padded to 32, so that the load is aligned.
__device__ __forceinline__ float4 fourRows(const float* rows) {
  return *reinterpret_cast<const float4*>(rows);
}

/// sums[r] += weight · x[r] for the open rows among 16.
__device__ __forceinline__ void addOpenRows(float (&sums)[kForwardRows], uint32_t mask, float weight,
                                            const float* x) {
#pragma unroll
  for (int r = 0; r < kForwardRows; r += 4) {
    const float4 four = fourRows(x + r);
    if ((mask >> r) & 1) sums[r] += weight * four.x;
    if ((mask >> r) & 2) sums[r + 1] += weight * four.y;
    if ((mask >> r) & 4) sums[r + 2] += weight * four.z;
    if ((mask >> r) & 8) sums[r + 3] += weight * four.w;
  }
}

/// One block: a chunk of the slots of one group of outputs, for 16 rows.
template <int width>
__global__ void __launch_bounds__(32 * kForwardWarps) estimatorForwardSlots(EstimatorForward p) {
  constexpr int slotsPerWarp = 32 / width;
  GLAI_SHARED(float, warpSums, [kForwardWarps][kForwardRows][width]);
  const StepPlan plan = currentPlan(p.step);
  const uint32_t firstRow = blockIdx.z * kForwardRows;
  if (firstRow >= plan.nRows) return;
  const int group = blockIdx.y;
  const int chunk = blockIdx.x;
  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;
  const int j = lane % width;

  const uint32_t first = p.firstSlot[group];
  const uint32_t n = p.firstSlot[group + 1] - first;
  const uint32_t begin = first + static_cast<uint32_t>(static_cast<unsigned long long>(n) * chunk / p.nChunks);
  const uint32_t end = first + static_cast<uint32_t>(static_cast<unsigned long long>(n) * (chunk + 1) / p.nChunks);
  const uint32_t maskWords = p.shape.stride / 32;
  float sums[kForwardRows] = {};
  for (uint32_t s = begin + warp * slotsPerWarp + lane / width; s < end; s += kForwardWarps * slotsPerWarp) {
    const Slot slot = p.slots[s];
    const uint32_t mask =
        p.shape.masks[static_cast<size_t>(slot.gate) * maskWords + firstRow / 32] >> (firstRow % 32) & 0xffffu;
    if (mask == 0 || slot.output + j >= static_cast<uint32_t>(p.shape.nOutputs)) continue;
    const float weight = p.parameters[slot.weight + j] * scaleOf(p.shape, plan, slot.gate);
    addOpenRows(sums, mask, weight, p.shape.inputs + static_cast<size_t>(slot.origin) * p.shape.stride + firstRow);
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
    const int output = group * width + i / kForwardRows;
    if (output >= p.shape.nOutputs) continue;
    float sum = 0.0f;
    for (int w = 0; w < kForwardWarps; w++) sum += warpSums[w][r][i / kForwardRows];
    p.partial[(static_cast<size_t>(chunk) * p.shape.nOutputs + output) * p.shape.stride + firstRow + r] = sum;
  }
}

/// A warp per logit: lanes take chunks in turn.
__global__ void __launch_bounds__(32 * kSumWarps) estimatorSumChunks(EstimatorSum p) {
  const StepPlan plan = currentPlan(p.step);
  const int lane = threadIdx.x % 32;
  const int output = blockIdx.y;
  const uint32_t row = blockIdx.x * kSumWarps + threadIdx.x / 32;
  if (row >= plan.nRows + GLAI_PLANTED_EXTRA) return;  // the whole warp
  float sum = 0.0f;
  for (int chunk = lane; chunk < p.nChunks; chunk += 32)
    sum += p.partial[(static_cast<size_t>(chunk) * p.nOutputs + output) * p.stride + row];
  sum = warpSum(sum);
  if (lane == 0) p.logits[static_cast<size_t>(row) * p.nOutputs + output] = sum;
}

/// A thread per path: its gradient is summed over the open rows and used at once.
template <int width>
__global__ void __launch_bounds__(kUpdateThreads) estimatorUpdateSlots(EstimatorUpdate p) {
  const StepPlan plan = finishedPlan(p.step);
  const uint32_t s = (blockIdx.x * kUpdateThreads + threadIdx.x) / width;
  if (s >= p.nSlots) return;
  const Slot slot = p.slots[s];
  const uint32_t j = threadIdx.x % width;
  const uint32_t output = slot.output + j;
  if (output >= static_cast<uint32_t>(p.shape.nOutputs)) return;
  const uint32_t* masks = p.shape.masks + static_cast<size_t>(slot.gate) * (p.shape.stride / 32);
  const float* x = p.shape.inputs + static_cast<size_t>(slot.origin) * p.shape.stride;
  const float* d = p.dLogits + static_cast<size_t>(output) * p.shape.stride;
  float gradient = 0.0f;
  for (uint32_t firstRow = 0; firstRow < plan.nRows; firstRow += 32) {
    const uint32_t mask = masks[firstRow / 32];
#pragma unroll
    for (int r = 0; r < 32; r += 4) {
      const uint32_t four = (mask >> r) & 0xfu;
      if (four == 0) continue;
      const float4 x4 = fourRows(x + firstRow + r);
      const float4 d4 = fourRows(d + firstRow + r);
      if (four & 1) gradient += x4.x * d4.x;
      if (four & 2) gradient += x4.y * d4.y;
      if (four & 4) gradient += x4.z * d4.z;
      if (four & 8) gradient += x4.w * d4.w;
    }
  }
  updateParameter(p.update, plan, slot.weight + j, gradient * scaleOf(p.shape, plan, slot.gate));
}

template <int width>
cudaError_t forwardIn(const EstimatorForward& p, unsigned capacity, cudaStream_t stream) {
  return launch("estimatorForward", dim3(p.nChunks, p.nGroups, blocksFor(capacity, kForwardRows)),
                dim3(32 * kForwardWarps), stream, estimatorForwardSlots<width>, p);
}

template <int width>
cudaError_t updateIn(const EstimatorUpdate& p, cudaStream_t stream) {
  const unsigned long long nThreads = static_cast<unsigned long long>(p.nSlots) * width;
  return launch("estimatorUpdate", dim3(blocksFor(nThreads, kUpdateThreads)), dim3(kUpdateThreads), stream,
                estimatorUpdateSlots<width>, p);
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
  return launch("estimatorSum", dim3(blocksFor(capacity, kSumWarps), p.nOutputs), dim3(32 * kSumWarps), stream,
                estimatorSumChunks, p);
}

cudaError_t estimatorUpdate(const EstimatorUpdate& p, cudaStream_t stream) {
  if (p.nSlots == 0) return cudaSuccess;
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
