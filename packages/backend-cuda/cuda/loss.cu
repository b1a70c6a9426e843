// One warp per row. The sum over rows has one order and is in double.
#include "launch.h"
#include "loss.h"
#include "warp.h"

namespace glai::cuda {

namespace {

constexpr int kRowWarps = 4;
constexpr int kFinishThreads = 256;

__global__ void __launch_bounds__(32 * kRowWarps) crossEntropyRows(CrossEntropy p) {
  const StepPlan plan = planOf(p.step);
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
    p.dLogits.put(row, o, weight * plan.inverseWeight * (probability - (o == label ? 1.0f : 0.0f)));
  }
  if (lane == 0) p.rowLoss[row] = weight * (logNormalizer - logits[label]);
}

__global__ void __launch_bounds__(32 * kRowWarps) squaredErrorRows(SquaredError p) {
  const StepPlan plan = planOf(p.step);
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
    p.dLogits.put(row, o, share * difference);
  }
  squares = warpSum(squares);
  if (lane == 0) p.rowLoss[row] = squares / static_cast<float>(p.nOutputs);
}

__global__ void __launch_bounds__(kFinishThreads) finishStepsBlock(FinishSteps p) {
  GLAI_SHARED(double, warpSums, [kFinishThreads / 32]);
  const uint32_t first = *p.cursor;
  for (uint32_t step = 0; p.rowLoss != nullptr && step < p.nSteps; step++) {
    const float* rowLoss = p.rowLoss + static_cast<size_t>(step) * p.capacity;
    const uint32_t nRows = p.plans[first + step].nSources;
    double sum = 0.0;
    for (uint32_t row = threadIdx.x; row < nRows; row += kFinishThreads) sum += rowLoss[row];
    sum = warpSum(sum);
    if (threadIdx.x % 32 == 0) warpSums[threadIdx.x / 32] = sum;
    __syncthreads();
    if (threadIdx.x == 0) {
      double total = 0.0;
      for (int w = 0; w < kFinishThreads / 32; w++) total += warpSums[w];
      *p.lossSum += total;
    }
    __syncthreads();  // the next step writes the same sums
  }
  __syncthreads();  // everyone has read the cursor
  if (threadIdx.x == 0) *p.cursor = first + p.nSteps;
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

cudaError_t finishSteps(const FinishSteps& p, cudaStream_t stream) {
  return launch("finishSteps", dim3(1), dim3(kFinishThreads), stream, finishStepsBlock, p);
}

}  // namespace glai::cuda
