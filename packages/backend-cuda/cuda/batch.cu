// Gathers a batch by row number. The open-row list of a gate is one bit per row: rows share a register.
#include "batch.h"
#include "launch.h"
#include "warp.h"

namespace glai::cuda {

namespace {

constexpr int kTile = 32;
constexpr int kTileWarps = 4;
constexpr int kGateWarps = 4;

/// 32 rows × 32 origins through shared memory: reads along features, writes along rows.
__global__ void __launch_bounds__(32 * kTileWarps) batchInputsTile(BatchInputs p) {
  GLAI_SHARED(float, tile, [kTile][kTile + 1]);
  const StepPlan plan = currentPlan(p.step);
  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;
  const int firstOrigin = blockIdx.x * kTile;
  const uint32_t firstRow = blockIdx.y * kTile;
  for (int r = warp; r < kTile; r += kTileWarps) {
    const uint32_t row = firstRow + r;
    const int origin = firstOrigin + lane;
    float value = origin == p.nInputs ? 1.0f : 0.0f;
    if (row < plan.nRows && origin < p.nInputs)
      value = p.features[static_cast<size_t>(sampleOf(p.step, plan, row)) * p.nInputs + origin];
    tile[r][lane] = value;
  }
  __syncthreads();
  for (int i = warp; i < kTile; i += kTileWarps) {
    const int origin = firstOrigin + i;
    if (origin <= p.nInputs) p.inputs[static_cast<size_t>(origin) * p.stride + firstRow + lane] = tile[lane][i];
  }
}

__device__ __forceinline__ bool keepsGate(const BatchGates& p, const StepPlan& plan, uint32_t row, int gate) {
  if ((plan.flags & kDrop) == 0) return true;
  for (uint32_t u = p.firstUnit[gate]; u < p.firstUnit[gate + 1]; u++)
    if (!keepsUnit(p.dropout, plan, row, p.units[u])) return false;
  return true;
}

/// A warp turns the bits of 32 rows × 32 gates: lanes are rows going in and gates coming out.
__global__ void __launch_bounds__(32 * kGateWarps) batchGatesBallot(BatchGates p) {
  const StepPlan plan = currentPlan(p.step);
  const int lane = threadIdx.x % 32;
  const int word = blockIdx.x * kGateWarps + threadIdx.x / 32;
  const uint32_t row = blockIdx.y * kMaskRows + lane;
  if (word * 32 >= p.nGates) return;  // the whole warp
  uint32_t bits = 0;
  if (row < plan.nRows) bits = p.gates[static_cast<size_t>(sampleOf(p.step, plan, row)) * p.gateWords + word];
  const int nGates = min(32, p.nGates - word * 32);
  uint32_t mine = 0;
  for (int g = 0; g < nGates; g++) {
    const bool open = (bits >> g) & 1 && keepsGate(p, plan, row, word * 32 + g);
    const uint32_t rows = __ballot_sync(kFullWarp, open);
    if (lane == g) mine = rows;
  }
  if (lane < nGates) p.masks[static_cast<size_t>(word * 32 + lane) * (p.stride / kMaskRows) + blockIdx.y] = mine;
}

}  // namespace

cudaError_t batchInputs(const BatchInputs& p, unsigned capacity, cudaStream_t stream) {
  return launch("batchInputs", dim3(blocksFor(p.nInputs + 1, kTile), blocksFor(capacity, kTile)),
                dim3(32 * kTileWarps), stream, batchInputsTile, p);
}

cudaError_t batchGates(const BatchGates& p, unsigned capacity, cudaStream_t stream) {
  if (p.nGates == 0) return cudaSuccess;
  return launch("batchGates", dim3(blocksFor(blocksFor(p.nGates, 32), kGateWarps), blocksFor(capacity, kMaskRows)),
                dim3(32 * kGateWarps), stream, batchGatesBallot, p);
}

}  // namespace glai::cuda
