// Included once per instruction set, after GLAI_ISA and GLAI_VECTOR_BYTES are defined.
#pragma once
#include "train_complement.h"
#include "train_dense.h"
#include "train_gates.h"
#include "train_loss.h"
#include "train_narrow.h"
#include "train_pairs.h"
#include "train_panels.h"
#include "train_path_backward.h"
#include "train_path_forward.h"
#include "train_run_backward.h"
#include "train_run_forward.h"

namespace glai {
namespace GLAI_ISA {

constexpr EstimatorKernels kPathKernels = {pathForwardScratch, pathForward, pathBackwardScratch,
                                           pathBackward, false, false, false};
constexpr EstimatorKernels kRunKernels = {runForwardScratch, runForward, runBackwardScratch, runBackward,
                                          true, true, true};
constexpr EstimatorKernels kNarrowKernels = {narrowForwardScratch, narrowForward, narrowBackwardScratch,
                                             narrowBackward, false, false, false};
constexpr EstimatorKernels kNarrowSmallBatch = {narrowForwardScratch, narrowForward, runBackwardScratch,
                                                runBackward, true, false, true};
#if defined(__AVX2__)
constexpr EstimatorKernels kPairKernels = {narrowForwardScratch, narrowForward, runBackwardScratch,
                                           pairBackward, false, false, true};
#endif

/// The fastest kernels for a selection and a batch size, as bench/ found them.
inline const EstimatorKernels& kernelsFor(const Selection& s, int64_t nRows) {
  if (s.nPathGates > 0) return kPathKernels;
  if (s.nOutputs > kMostNarrow) return kRunKernels;
  if (nRows > kSmallBatch) return kNarrowKernels;
#if defined(__AVX2__)
  if (s.nOutputs <= kMostPairOutputs) return kPairKernels;
#endif
  return kNarrowSmallBatch;
}

extern const TrainingTable trainingTable;
const TrainingTable trainingTable = {
    kLanes<float>,
    packPanels,
    dropInputs,
    unpackLogits,
    denseSize,
    densePack,
    denseUnpack,
    denseScratch,
    denseForward,
    denseBackward,
    gateMasks,
    listRows,
    kernelsFor,
    kRunKernels,
    planBatch,
    lossScratch,
    loss,
};

}  // namespace GLAI_ISA
}  // namespace glai
