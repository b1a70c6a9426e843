// Complemented gates: a gate that is open for most rows of a batch costs its *closed* rows, exactly.
// With open(g, row) = 1 − closed(g, row), and C the complemented gates,
//   y[row]  = Σ_origins x (Σ_{g ∈ C} w_g)  +  Σ_{g ∉ C, open} w_g x  −  Σ_{g ∈ C, closed} w_g x
//   dw_g    = Σ_{all rows} x dy  −  Σ_{closed rows} x dy      for g ∈ C.
// What the gates of C have in common is one matrix [origins][outputs] in either pass: one dense product, however
// many gates there are. Theorem 2 keeps gates that are open often, so most real gates are complemented.
#pragma once
#include "train_runs.h"

namespace glai {
namespace GLAI_ISA {

/// Floats between the rows of the matrices of the origins that runs have in common.
inline int64_t commonPitch(const Selection& s) { return roundUp(s.nOutputs, kWide); }
inline int64_t commonSize(const Selection& s) { return roundUp(s.nUsed * commonPitch(s), 16); }

/// The matrix of a part of the forward pass, behind the parts' logits.
inline float* commonOf(const EstimatorForward& job, int64_t part) {
  const Selection& s = *job.selection;
  return job.scratch + forwardParts(s, job.nRows) * job.nRows * rowPitch(s.nOutputs) + part * commonSize(s);
}

/// Some rows of such a matrix as a run of the gate that is always open.
inline Run commonRun(const Selection& s, int64_t first, int64_t count) {
  Run run{};
  run.gate = static_cast<uint32_t>(s.nGates);
  run.width = static_cast<uint32_t>(commonPitch(s));
  run.nOrigins = static_cast<uint32_t>(count);
  run.firstOrigin = static_cast<uint32_t>(s.firstUsed + first);
  return run;
}

/// What adding a gate's weights to the common ones, and starting its gradients from the common ones, costs: as much
/// as so many rows.
constexpr int64_t kCommonRows = 2;

/// Complements every gate for which that is cheaper, and says whether the common product is worth it for the batch.
/// Costs are multiply-adds as they were measured: run kernels do whole vectors of outputs, and take twice as long
/// for those of a narrow head, where the others do one output at a time.
inline BatchPlan planBatch(const PlanBatch& job, const EstimatorKernels& otherwise) {
  const Selection& s = *job.selection;
  const int64_t nPanels = panelsOf(job.nRows), masked = nPanels * kPanelRows;
  if (s.nRuns == 0) return {false, 2 * s.nWeights * masked};
  const bool isNarrow = s.nOutputs <= kMostNarrow;
  const int64_t perVector = (isNarrow ? 2 : 1) * kWide;
  int64_t cost = 2 * job.nRows * s.nUsed * commonPitch(s), costOtherwise = 0;
  __builtin_memset(job.complemented, 0, s.nGates + 1);
  int64_t gate = -1, open = 0, listed = 0;
  for (int64_t r = 0; r < s.nRuns; ++r) {
    const Run& run = s.runs[r];
    if (run.gate != gate) {
      gate = run.gate;
      open = 0;
      for (int64_t p = 0; p < nPanels; ++p) open += __builtin_popcount(job.masks[p * s.nGates + gate]);
      const int64_t complement = job.nRows - open + kCommonRows;
      job.complemented[gate] = complement < open;
      listed = smaller(complement, open);
    }
    const int64_t wide = run.nOrigins * ((run.width + kWide - 1) / kWide) * perVector;
    const int64_t narrow = run.nOrigins * run.width;
    cost += 2 * listed * wide;
    costOtherwise += otherwise.forwardSkips ? open * wide : masked * narrow;
    costOtherwise += otherwise.backwardSkips ? open * wide : masked * narrow;
  }
  const bool isComplemented = 10 * cost < 9 * costOtherwise;
  return {isComplemented, isComplemented ? cost : costOtherwise};
}

}  // namespace GLAI_ISA
}  // namespace glai
