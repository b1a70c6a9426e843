// Included once per instruction set, after GLAI_ISA and GLAI_VECTOR_BYTES are defined.
#pragma once
#include "train_dense.h"
#include "train_gates.h"
#include "train_loss.h"
#include "train_panels.h"
#include "train_paths.h"
#include "train_run_backward.h"
#include "train_run_forward.h"

namespace glai {
namespace GLAI_ISA {

extern const TrainingTable trainingTable;
const TrainingTable trainingTable = {
    kLanes<float>,      packPanels,   dropInputs,          unpackLogits, denseSize,
    densePack,          denseUnpack,  denseScratch,        denseForward, denseBackward,
    gateMasks,          runForwardScratch, runForward,     runBackwardScratch, runBackward,
    pathForwardScratch, pathForward,  pathBackwardScratch, pathBackward, lossScratch,
    loss,
};

}  // namespace GLAI_ISA
}  // namespace glai
