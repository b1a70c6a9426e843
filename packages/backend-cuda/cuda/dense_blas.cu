// One thread per number: these kernels move memory once and compute next to nothing.
#include "dense_blas.h"
#include "activate.h"
#include "launch.h"

namespace glai::cuda {

namespace {

constexpr unsigned kThreads = 256;

__device__ __forceinline__ size_t entry() {
  return static_cast<size_t>(blockIdx.x) * kThreads + threadIdx.x;
}

__global__ void __launch_bounds__(kThreads) gatherRowsEntries(GatherRows p) {
  const size_t at = entry();
  const size_t row = at / p.nIn;
  if (row >= p.capacity) return;
  const StepPlan plan = planOf(p.step);
  const int i = static_cast<int>(at % p.nIn);
  p.to[at] = row < plan.nRows ? inputAt(p.input, p.step, plan, p.dropout, p.nIn, static_cast<int>(row), i) : 0.0f;
}

struct Rows {  // a pass over [capacity, nOut] or [capacity, nIn]
  DenseForward forward;
  DenseBackward backward;
  unsigned capacity;
};

__global__ void __launch_bounds__(kThreads) activateRowsEntries(Rows rows) {
  const DenseForward& p = rows.forward;
  const size_t at = entry();
  const size_t row = at / p.nOut;
  if (row >= rows.capacity) return;
  const StepPlan plan = planOf(p.step);
  const int o = static_cast<int>(at % p.nOut);
  p.output[at] = row < plan.nRows ? activate(p, plan, static_cast<int>(row), o, p.output[at]) : 0.0f;
}

__global__ void __launch_bounds__(kThreads) maskRowsEntries(Rows rows) {
  const DenseBackward& p = rows.backward;
  const size_t at = entry();
  if (at / p.nIn >= rows.capacity) return;
  const StepPlan plan = planOf(p.step);
  const float keepScale = plan.flags & kDrop ? p.dropout.keepScale : 1.0f;
  p.dInput[at] = p.activation[at] == 0.0f ? 0.0f : p.dInput[at] * keepScale;
}

struct ClearTail {
  StepRef step;
  float* dOutput;
  int nOut;
  unsigned capacity;
};

__global__ void __launch_bounds__(kThreads) clearTailEntries(ClearTail p) {
  const size_t at = static_cast<size_t>(planOf(p.step).nRows) * p.nOut + entry();
  if (at < static_cast<size_t>(p.capacity) * p.nOut) p.dOutput[at] = 0.0f;
}

__global__ void __launch_bounds__(kThreads) updateFromGradientEntries(UpdateFromGradient p) {
  const size_t at = entry();
  const size_t nWeights = static_cast<size_t>(p.nIn) * p.nOut;
  if (at >= nWeights + p.nOut) return;
  const StepPlan plan = planOf(p.step);
  float gradient = 0.0f;
  if (at < nWeights) gradient = p.gradient[at];
  else
    for (uint32_t row = 0; row < plan.nRows; row++)
      gradient += p.dOutput[static_cast<size_t>(row) * p.nOut + (at - nWeights)];
  updateParameter(p.update, plan, p.firstParameter + at, gradient);
}

template <typename Parameters>
cudaError_t perEntry(const char* name, size_t n, cudaStream_t stream, void (*kernel)(Parameters),
                     const Parameters& p) {
  return launch(name, dim3(blocksFor(n, kThreads)), dim3(kThreads), stream, kernel, p);
}

}  // namespace

cudaError_t gatherRows(const GatherRows& p, cudaStream_t stream) {
  return perEntry("gatherRows", static_cast<size_t>(p.capacity) * p.nIn, stream, gatherRowsEntries, p);
}

cudaError_t activateRows(const DenseForward& p, unsigned capacity, cudaStream_t stream) {
  return perEntry("activateRows", static_cast<size_t>(capacity) * p.nOut, stream, activateRowsEntries,
                  Rows{p, {}, capacity});
}

cudaError_t maskRows(const DenseBackward& p, unsigned capacity, cudaStream_t stream) {
  return perEntry("maskRows", static_cast<size_t>(capacity) * p.nIn, stream, maskRowsEntries, Rows{{}, p, capacity});
}

cudaError_t clearTail(const StepRef& step, float* dOutput, int nOut, unsigned capacity, cudaStream_t stream) {
  return perEntry("clearTail", static_cast<size_t>(capacity) * nOut, stream, clearTailEntries,
                  ClearTail{step, dOutput, nOut, capacity});
}

cudaError_t updateFromGradient(const UpdateFromGradient& p, cudaStream_t stream) {
  return perEntry("updateFromGradient", (static_cast<size_t>(p.nIn) + 1) * p.nOut, stream, updateFromGradientEntries,
                  p);
}

}  // namespace glai::cuda
