// One warp per row. The sum over rows has one order and is in double.
#include "launch.h"
#include "loss.h"
#include "warp.h"

namespace glai::cuda {

namespace {

constexpr int kRowWarps = 4;
constexpr int kFinishThreads = 256;

__global__ void __launch_bounds__(32 * kRowWarps) crossEntropyRows(CrossEntropy p) {
  const StepPlan plan = currentPlan(p.step);
  const int lane = threadIdx.x % 32;
  const uint32_t row = blockIdx.x * kRowWarps + threadIdx.x / 32;
  if (row >= plan.nRows) return;  // the whole warp
  const float* logits = p.logits + static_cast<size_t>(row) * p.nOutputs;
  const int label = static_cast<int>(p.labels[sampleOf(p.step, plan, row)]);
  const float weight = p.classWeights == nullptr ? 1.0f : p.classWeights[label];

  float largest = -INFINITY;
  for (int o = lane; o < p.nOutputs; o += 32) largest = fmaxf(largest, logits[o]);
  largest = warpMax(largest);
  float sum = 0.0f;
  for (int o = lane; o < p.nOutputs; o += 32) sum += expf(logits[o] - largest);
  const float logNormalizer = largest + logf(warpSum(sum));

  for (int o = lane; o < p.nOutputs; o += 32) {
    const float probability = expf(logits[o] - logNormalizer);
    p.dLogits.values[row * p.dLogits.rowStride + o * p.dLogits.outputStride] =
        weight * plan.inverseWeight * (probability - (o == label ? 1.0f : 0.0f));
  }
  if (lane == 0) p.rowLoss[row] = weight * (logNormalizer - logits[label]);
}

__global__ void __launch_bounds__(32 * kRowWarps) squaredErrorRows(SquaredError p) {
  const StepPlan plan = currentPlan(p.step);
  const int lane = threadIdx.x % 32;
  const uint32_t row = blockIdx.x * kRowWarps + threadIdx.x / 32;
  if (row >= plan.nRows) return;  // the whole warp
  const float* logits = p.logits + static_cast<size_t>(row) * p.nOutputs;
  const float* targets = p.targets + static_cast<size_t>(sampleOf(p.step, plan, row)) * p.nOutputs;
  const float share = 2.0f * plan.inverseWeight / static_cast<float>(p.nOutputs);
  float squares = 0.0f;
  for (int o = lane; o < p.nOutputs; o += 32) {
    const float difference = logits[o] - targets[o];
    squares += difference * difference;
    p.dLogits.values[row * p.dLogits.rowStride + o * p.dLogits.outputStride] = share * difference;
  }
  squares = warpSum(squares);
  if (lane == 0) p.rowLoss[row] = squares / static_cast<float>(p.nOutputs);
}

__global__ void __launch_bounds__(kFinishThreads) finishStepBlock(FinishStep p) {
  GLAI_SHARED(double, warpSums, [kFinishThreads / 32]);
  const StepPlan plan = p.plans[*p.cursor];
  double sum = 0.0;
  if (p.rowLoss != nullptr)
    for (uint32_t row = threadIdx.x; row < plan.nSources; row += kFinishThreads) sum += p.rowLoss[row];
  sum = warpSum(sum);
  if (threadIdx.x % 32 == 0) warpSums[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x != 0) return;
  double total = 0.0;
  for (int w = 0; w < kFinishThreads / 32; w++) total += warpSums[w];
  if (p.rowLoss != nullptr) *p.lossSum += total;
  *p.cursor += 1;
}

}  // namespace

cudaError_t crossEntropy(const CrossEntropy& p, unsigned capacity, cudaStream_t stream) {
  return launch("crossEntropy", dim3(blocksFor(capacity, kRowWarps)), dim3(32 * kRowWarps), stream,
                crossEntropyRows, p);
}

cudaError_t squaredError(const SquaredError& p, unsigned capacity, cudaStream_t stream) {
  return launch("squaredError", dim3(blocksFor(capacity, kRowWarps)), dim3(32 * kRowWarps), stream,
                squaredErrorRows, p);
}

cudaError_t finishStep(const FinishStep& p, cudaStream_t stream) {
  return launch("finishStep", dim3(1), dim3(kFinishThreads), stream, finishStepBlock, p);
}

}  // namespace glai::cuda
