// The ReLU MLP (core's reference/mlp-model.ts) in tiles: a_{l+1} = scale ⊙ relu(W_l a_l + b_l).
#include "dense.h"
#include "activate.h"
#include "tile.h"
#include "warp.h"

namespace glai::cuda {

namespace {

constexpr int kThinRows = 16;  // rows of a warp in the thin kernel
constexpr int kThinWarps = 4;

/// input[row, i] as the operand with k = i.
struct InputAlongK {
  static constexpr bool kAlongK = true;
  const DenseForward& p;
  const StepPlan& plan;
  __device__ __forceinline__ float operator()(int row, int i) const {
    const float value = inputAt(p.input, p.step, plan, p.dropout, p.nIn, row, i);
    return p.absolute ? fabsf(value) : value;
  }
};

/// W[o, i] as the operand with k = i.
struct WeightsAlongK {
  static constexpr bool kAlongK = true;
  const DenseForward& p;
  __device__ __forceinline__ float operator()(int o, int i) const {
    const float value = p.parameters[static_cast<size_t>(o) * p.nIn + i];
    return p.absolute ? fabsf(value) : value;
  }
};

__global__ void __launch_bounds__(WideTile::kThreads) denseForwardTile(DenseForward p) {
  const StepPlan plan = planOf(p.step);
  const int firstRow = blockIdx.x * WideTile::M;
  const int nRows = static_cast<int>(plan.nRows);
  if (firstRow >= nRows) return;
  tileProduct<WideTile>(firstRow, blockIdx.y * WideTile::N, nRows, p.nOut, p.nIn, InputAlongK{p, plan},
                        WeightsAlongK{p}, [&](int row, int o, float sum) {
                          p.output[static_cast<size_t>(row) * p.nOut + o] = activate(p, plan, row, o, sum);
                        });
}

/// Small batches: a warp owns one output, its lanes share the inputs; weights are read once.
__global__ void __launch_bounds__(32 * kThinWarps) denseForwardThin(DenseForward p) {
  const StepPlan plan = planOf(p.step);
  const int lane = threadIdx.x % 32;
  const int o = blockIdx.x * kThinWarps + threadIdx.x / 32;
  const int firstRow = blockIdx.y * kThinRows;
  const int nRows = min(kThinRows, static_cast<int>(plan.nRows) - firstRow);
  if (o >= p.nOut || nRows <= 0) return;  // the whole warp
  float sums[kThinRows] = {};
  for (int i = lane; i < p.nIn; i += 32) {
    const float weight = WeightsAlongK{p}(o, i);
#pragma unroll
    for (int r = 0; r < kThinRows; r++)
      if (r < nRows) sums[r] += weight * InputAlongK{p, plan}(firstRow + r, i);
  }
  float mine = 0.0f;
#pragma unroll
  for (int r = 0; r < kThinRows; r++) {
    const float sum = warpSum(sums[r]);
    if (lane == r) mine = sum;
  }
  if (lane < nRows)
    p.output[static_cast<size_t>(firstRow + lane) * p.nOut + o] = activate(p, plan, firstRow + lane, o, mine);
}

struct GradientAlongK {  // dOutput[row, o] with k = o
  static constexpr bool kAlongK = true;
  const float* dOutput;
  int nOut;
  __device__ __forceinline__ float operator()(int row, int o) const {
    return dOutput[static_cast<size_t>(row) * nOut + o];
  }
};

struct WeightsAlongN {  // W[o, i] with k = o
  static constexpr bool kAlongK = false;
  const float* weights;
  int nIn;
  __device__ __forceinline__ float operator()(int i, int o) const {
    return weights[static_cast<size_t>(o) * nIn + i];
  }
};

template <typename Shape>
__global__ void __launch_bounds__(Shape::kThreads) denseBackwardTile(DenseBackward p) {
  const StepPlan plan = planOf(p.step);
  const int firstRow = blockIdx.x * Shape::M;
  const int nRows = static_cast<int>(plan.nRows);
  if (firstRow >= nRows) return;
  const float keepScale = plan.flags & kDrop ? p.dropout.keepScale : 1.0f;
  tileProduct<Shape>(firstRow, blockIdx.y * Shape::N, nRows, p.nIn, p.nOut,
                     GradientAlongK{p.dOutput, p.nOut}, WeightsAlongN{p.parameters, p.nIn},
                     [&](int row, int i, float sum) {
                       const size_t at = static_cast<size_t>(row) * p.nIn + i;
                       p.dInput[at] = p.activation[at] == 0.0f ? 0.0f : sum * keepScale;
                     });
}

struct GradientAlongM {  // dOutput[row, o] with k = row
  static constexpr bool kAlongK = false;
  const float* dOutput;
  int nOut;
  __device__ __forceinline__ float operator()(int o, int row) const {
    return dOutput[static_cast<size_t>(row) * nOut + o];
  }
};

struct InputAlongN {  // input[row, i] with k = row; column nIn is the 1 of the bias
  static constexpr bool kAlongK = false;
  const DenseUpdate& p;
  const StepPlan& plan;
  __device__ __forceinline__ float operator()(int i, int row) const {
    return i == p.nIn ? 1.0f : inputAt(p.input, p.step, plan, p.dropout, p.nIn, row, i);
  }
};

template <typename Shape>
__global__ void __launch_bounds__(Shape::kThreads) denseUpdateTile(DenseUpdate p) {
  const StepPlan plan = planOf(p.step);
  tileProduct<Shape>(blockIdx.y * Shape::M, blockIdx.x * Shape::N, p.nOut, p.nIn + 1,
                     static_cast<int>(plan.nRows), GradientAlongM{p.dOutput, p.nOut}, InputAlongN{p, plan},
                     [&](int o, int i, float gradient) {
                       const size_t weight = static_cast<size_t>(o) * p.nIn + i;
                       const size_t bias = static_cast<size_t>(p.nIn) * p.nOut + o;
                       updateParameter(p.update, plan, p.firstParameter + (i == p.nIn ? bias : weight), gradient);
                     });
}

}  // namespace

cudaError_t denseForward(const DenseForward& p, unsigned capacity, cudaStream_t stream) {
  if (capacity <= kThinCapacity)
    return launch("denseForwardThin", dim3(blocksFor(p.nOut, kThinWarps), blocksFor(capacity, kThinRows)),
                  dim3(32 * kThinWarps), stream, denseForwardThin, p);
  return launch("denseForwardTile", dim3(blocksFor(capacity, WideTile::M), blocksFor(p.nOut, WideTile::N)),
                dim3(WideTile::kThreads), stream, denseForwardTile, p);
}

template <typename Shape>
static cudaError_t backwardIn(const DenseBackward& p, unsigned capacity, cudaStream_t stream) {
  return launch("denseBackward", dim3(blocksFor(capacity, Shape::M), blocksFor(p.nIn, Shape::N)),
                dim3(Shape::kThreads), stream, denseBackwardTile<Shape>, p);
}

cudaError_t denseBackward(const DenseBackward& p, unsigned capacity, cudaStream_t stream) {
  return capacity <= kThinCapacity ? backwardIn<SmallTile>(p, capacity, stream)
                                   : backwardIn<WideTile>(p, capacity, stream);
}

template <typename Shape>
static cudaError_t updateIn(const DenseUpdate& p, cudaStream_t stream) {
  return launch("denseUpdate", dim3(blocksFor(p.nIn + 1, Shape::N), blocksFor(p.nOut, Shape::M)),
                dim3(Shape::kThreads), stream, denseUpdateTile<Shape>, p);
}

cudaError_t denseUpdate(const DenseUpdate& p, cudaStream_t stream) {
  return p.nOut <= SmallTile::M ? updateIn<SmallTile>(p, stream) : updateIn<WideTile>(p, stream);
}

}  // namespace glai::cuda
