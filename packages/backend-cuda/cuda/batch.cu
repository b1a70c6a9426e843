// Gathers a batch by row number, inputs and gates in one launch. The open-row list of a gate is one bit per row:
// rows share a register.
#include "batch.h"
#include "launch.h"
#include "warp.h"

namespace glai::cuda {

namespace {

constexpr int kTile = 32;
constexpr int kThreads = 128;
constexpr int kWarps = kThreads / 32;
constexpr int kTileStride = kTile + 8;  // four rows and eight origins of a warp's reads fall into 32 banks

/// 32 rows × 32 origins through shared memory: reads along features, writes along origins, four rows each.
__device__ __forceinline__ void gatherInputs(const Batch& p, const StepPlan& plan, int tileOfOrigins) {
  GLAI_SHARED(float, tile, [kTile][kTileStride]);
  const int lane = threadIdx.x % 32;
  const int firstOrigin = tileOfOrigins * kTile;
  const uint32_t firstRow = blockIdx.x * kTile;
  for (int r = threadIdx.x / 32; r < kTile; r += kWarps) {
    const uint32_t row = firstRow + r;
    const int origin = firstOrigin + lane;
    float value = origin == p.nInputs ? 1.0f : 0.0f;
    if (row < plan.nRows && origin < p.nInputs)
      value = p.features[static_cast<size_t>(sampleOf(p.step, plan, row)) * p.nInputs + origin];
    tile[r][lane] = value;
  }
  __syncthreads();
  const int origin = firstOrigin + threadIdx.x / 4;
  if (origin > p.nInputs) return;
  for (int r = 0; r < kTile; r += 4) {
    const size_t four = static_cast<size_t>((firstRow + r) / 4) * (p.nInputs + 1) + origin;
    p.inputs[four * 4 + threadIdx.x % 4] = tile[r + threadIdx.x % 4][threadIdx.x / 4];
  }
}

__device__ __forceinline__ bool keepsGate(const Batch& p, const StepPlan& plan, uint32_t row, int gate) {
  if ((plan.flags & kDrop) == 0) return true;
  for (uint32_t u = p.firstUnit[gate]; u < p.firstUnit[gate + 1]; u++)
    if (!keepsUnit(p.dropout, plan, row, p.units[u])) return false;
  return true;
}

/// A warp turns the bits of 32 rows × 32 gates: lanes are rows going in and gates coming out.
__device__ __forceinline__ void turnGates(const Batch& p, const StepPlan& plan, int tileOfWords) {
  const int lane = threadIdx.x % 32;
  const int word = tileOfWords * kWarps + threadIdx.x / 32;
  const uint32_t row = blockIdx.x * kMaskRows + lane;
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
  if (lane < nGates) p.masks[static_cast<size_t>(word * 32 + lane) * (p.stride / kMaskRows) + blockIdx.x] = mine;
}

__global__ void __launch_bounds__(kThreads) gatherBatchTiles(Batch p) {
  const StepPlan plan = planOf(p.step);
  const int inputTiles = (p.nInputs + kTile) / kTile;  // of nInputs + 1 origins
  const int tile = blockIdx.y;
  if (tile < inputTiles) gatherInputs(p, plan, tile);
  else turnGates(p, plan, tile - inputTiles);
}

}  // namespace

unsigned batchBlocks(int nInputs, int nGates) {
  return blocksFor(nInputs + 1, kTile) + blocksFor(blocksFor(nGates, 32), kWarps);
}

cudaError_t gatherBatch(const Batch& p, unsigned capacity, cudaStream_t stream) {
  return launch("gatherBatch", dim3(blocksFor(capacity, kTile), batchBlocks(p.nInputs, p.nGates)), dim3(kThreads),
                stream, gatherBatchTiles, p);
}

}  // namespace glai::cuda
