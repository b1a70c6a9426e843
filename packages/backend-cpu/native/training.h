// What the training kernels share with the sessions that call them: shapes, constants of a step, and
// the table of entry points that each instruction set fills (training_table.h).
//
// A batch lives in *panels* of 16 rows, transposed: panel[unit][16] holds one number per row, so that
// a vector of rows is one load and a single number is one broadcast. After the last unit comes a row of
// ones: the bias is the weight of one more input. Rows past the end of the batch are 0, ones included.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "parallel.h"

namespace glai {

constexpr int kPanelRows = 16;

constexpr int64_t panelsOf(int64_t nRows) { return (nRows + kPanelRows - 1) / kPanelRows; }

/// Floats of one panel of `nUnits` units and the row of ones. Odd in units of a cache line, so that
/// panels do not fall on the same lines of a cache.
constexpr int64_t panelSize(int64_t nUnits) { return ((nUnits + 15) / 16 * 16 + 1) * kPanelRows; }

enum class LossKind : int32_t { crossEntropy = 0, meanSquaredError = 1, infoNCE = 2 };
enum class OptimizerKind : int32_t { sgd = 0, momentum = 1, adam = 2 };

/// Constants of one optimiser step (core's applyOptimizer), in the precision they are used in.
struct OptimizerStep {
  OptimizerKind kind;
  float rate;          // lr; Adam: lr √(1 − β₂ᵗ) / (1 − β₁ᵗ)
  float decay;         // coupled weight decay: added to the gradient times the weight
  float shrink;        // decoupled: 1 − lr·wd for AdamW, else 1
  float momentum;      // SGD
  float rest1, rest2;  // 1 − β₁, 1 − β₂
  float epsilon;       // ε √(1 − β₂ᵗ)
};

/// Parameters with what the optimiser keeps beside them, all in the kernels' own order.
struct Parameters {
  float* weights;
  float* first;      // momentum or Adam's m
  float* second;     // Adam's v
  float* gradients;  // nullptr, or where this step's gradients are kept for a reader
};

/// Dropout of one step: what core's dropoutMask needs. `threshold` 0 keeps everything.
struct Dropout {
  uint32_t stepKey;
  uint32_t threshold;  // floor(rate · 2³²)
  float scale;         // 1 / (1 − rate)
};

/// One layer: out = W [input; 1]. `weights` are groups of outputs (train_dense.h), bias included.
struct DenseLayer {
  int64_t nIn, nOut;
  Parameters parameters;
};

struct DenseForward {
  DenseLayer layer;
  const float* input;  // panels of nIn
  float* output;       // panels of nOut
  int64_t nRows;
  bool isHidden;       // ReLU, dropout and a row of ones behind it
  Dropout dropout;
  uint32_t firstUnit;  // number of the layer's first unit in the dropout stream
};

struct DenseBackward {
  DenseLayer layer;
  const float* input;      // panels of nIn, as the forward pass left them
  const float* dOutput;    // panels of nOut; 0 in rows past the end
  float* dOutputByGroup;   // scratch of denseScratch floats
  float* dInput;           // panels of nIn, through the ReLU; nullptr for the first layer
  int64_t nRows;
  float hiddenScale;       // dropout scale of the inputs' units, 1 without dropout
  OptimizerStep step;
};

/// A run: `nOrigins` × `width` weights of one gate, dense, row-major. A slab selection has one run per
/// gate, block16 one per gate and group of outputs. Wide runs are cut so that gradients stay in L1.
struct Run {
  uint32_t gate;
  uint32_t firstOutput;
  uint32_t width;
  uint32_t nOrigins;
  uint32_t firstOrigin;  // into Selection::originOffsets
  uint32_t padding;
  int64_t firstWeight;  // multiple of 16
};

/// A segment: the paths of one (gate, output).
struct Segment {
  uint32_t output;
  uint32_t nOrigins;
  uint32_t firstOrigin;  // into Selection::originOffsets; segments of a gate share lists where they can
  uint32_t firstWeight;  // within the gate
};

/// Up to four segments of one gate, longest first; the first `shared` origins are the same for all of them.
/// Nested: every segment is a prefix of the gate's list.
struct Quad {
  uint32_t firstSegment;
  uint32_t nSegments;
  uint32_t shared;
  uint32_t isNested;
};

/// Paths of one gate: its quads, segments and weights are consecutive.
struct PathGate {
  uint32_t gate;
  uint32_t firstQuad, nQuads;
  uint32_t nWeights;
  uint32_t firstOrigin;  // the gate's list of origins, by falling degree …
  uint32_t nOrigins;     // … as far as nested segments go
  int64_t firstWeight;   // multiple of 16
};

/// A PathSelection in the order of the kernels. Offsets of origins are in floats within a panel.
struct Selection {
  int64_t nInputs, nOutputs, nGates;
  int64_t nWeights;  // with the padding between runs or gates
  const uint32_t* originOffsets;
  const Run* runs;  // slab, block16
  int64_t nRuns;
  // Runs only: the different origins, ascending, lie in originOffsets from firstUsed on.
  int64_t firstUsed, nUsed;
  const uint32_t* slots;   // [firstUsed] place among the different origins of every origin of a run
  int64_t largestRun;  // weights
  const PathGate* pathGates;  // path
  int64_t nPathGates;
  int64_t largestGate;   // weights
  int64_t largestNest;   // Σ over a gate's nested quads of 4 × its longest segment in whole 32s
  int64_t longestNested; // PathGate::nOrigins
  const Quad* quads;
  const Segment* segments;
};

/// Floats between rows of the row-major logits.
constexpr int64_t rowPitch(int64_t nOutputs) { return (nOutputs + 15) / 16 * 16; }

/// Rows of a batch where gates are open, after dropout. Lists are made per block of kRowBlock rows; they ascend.
/// The list of a complemented gate holds the rows where it is *closed* (train_complement.h). After the gates comes
/// one that is always open.
struct OpenRows {
  const uint32_t* starts;   // [nBlocks, nGates + 2] into inputs and outputs
  const uint32_t* inputs;   // where a row's numbers are in the panels of the inputs …
  const uint32_t* outputs;  // … and in the row-major logits
  const uint16_t* masks;   // [nPanels, nGates]: bit r is row r of the panel
  const float* scales;     // [nGates + 1] factor of an open gate: dropout's; in the output times copies
  const uint8_t* complemented;  // [nGates + 1] 1 or 0; nullptr: none is
};
constexpr int64_t kRowBlock = 256;
constexpr int64_t rowBlocksOf(int64_t nRows) { return (nRows + kRowBlock - 1) / kRowBlock; }

/// Gate bits of the rows of a batch, transposed and thinned by dropout.
struct GateMasks {
  const uint32_t* words;  // [nSamples, nWords] gate bits of the samples
  int64_t nWords, nGates;
  const uint32_t* units;  // [nGates, depth] hidden units of a gate, 0xffffffff where there is none
  int64_t depth;
  const uint32_t* rows;  // [nRows] rows of the samples
  int64_t nRows;
  Dropout dropout;
  uint16_t* masks;  // out: [nPanels, nGates]
};

/// Lists of open rows from the masks; the lists need room for 8 entries past their end.
struct ListRows {
  const uint16_t* masks;  // [nPanels, nGates]
  const uint8_t* complemented;  // as in OpenRows
  int64_t nGates, nRows;
  int64_t inputSize;    // of a panel of the inputs
  int64_t outputPitch;  // of the row-major logits
  uint32_t* starts;     // out: as in OpenRows
  uint32_t* inputs;
  uint32_t* outputs;
};

/// What to decide for a batch of an estimator, once its masks are known.
struct PlanBatch {
  const Selection* selection;
  const uint16_t* masks;  // [nPanels, nGates]
  int64_t nRows;
  uint8_t* complemented;  // out: [nGates + 1] which gates to complement, if any
};

struct BatchPlan {
  bool isComplemented;
  int64_t multiplyAdds;  // of both passes, about
};

struct EstimatorForward {
  const Selection* selection;
  const float* weights;
  const float* input;  // panels of nInputs
  OpenRows open;
  int64_t nRows;
  float* output;   // panels of nOutputs
  float* scratch;  // …ForwardScratch floats
};

struct EstimatorBackward {
  const Selection* selection;
  Parameters parameters;
  const float* input;    // panels of nInputs
  const float* dOutput;  // panels of nOutputs
  float* scratch;        // …BackwardScratch floats
  OpenRows open;
  int64_t nRows;
  OptimizerStep step;
};

/// A loss over panels of logits. Losses are sums; gradients are of the mean.
struct LossJob {
  LossKind kind;
  const float* logits;  // panels of nOutputs
  float* dLogits;       // the same shape, or nullptr for the value only
  int64_t nRows, nOutputs;
  const uint32_t* labels;     // [nRows], crossEntropy
  const float* targets;       // [nRows, nOutputs], meanSquaredError
  const float* classWeights;  // [nOutputs] or nullptr
  double temperature;
  float* scratch;  // infoNCE: infoNceScratch floats
};

struct LossSum {
  double loss;
  double weight;
};

/// Both passes of an estimator; the scratch sizes are in floats.
struct EstimatorKernels {
  int64_t (*forwardScratch)(const Selection&, int64_t nRows);
  void (*forward)(const EstimatorForward&, const Parallel&);
  int64_t (*backwardScratch)(const Selection&, int64_t nRows, int nWorkers);
  void (*backward)(const EstimatorBackward&, const Parallel&);
  bool readsLists;  // of OpenRows; else only masks
  bool forwardSkips, backwardSkips;  // closed rows; else they cost as much as open ones
};

struct TrainingTable {
  int lanes;
  // panels
  void (*packPanels)(const float* features, int64_t nFeatures, const uint32_t* rows, int64_t nRows,
                     float* panels, const Parallel&);
  void (*dropInputs)(float* panels, int64_t nFeatures, int64_t nRows, const Dropout&);
  void (*unpackLogits)(const float* panels, int64_t nRows, int64_t nOutputs, float* out);
  // dense layers
  int64_t (*denseSize)(int64_t nIn, int64_t nOut);
  void (*densePack)(int64_t nIn, int64_t nOut, const float* from, float* to);
  void (*denseUnpack)(int64_t nIn, int64_t nOut, const float* from, float* to);
  int64_t (*denseScratch)(int64_t nOut, int64_t nRows);
  void (*denseForward)(const DenseForward&, const Parallel&);
  void (*denseBackward)(const DenseBackward&, const Parallel&);
  // estimators
  void (*gateMasks)(const GateMasks&, const Parallel&);
  void (*listRows)(const ListRows&);
  const EstimatorKernels& (*kernelsFor)(const Selection&, int64_t nRows);
  const EstimatorKernels& complementKernels;  // the only ones that read OpenRows::complemented
  BatchPlan (*planBatch)(const PlanBatch&, const EstimatorKernels& otherwise);
  // losses
  int64_t (*lossScratch)(LossKind, int64_t nRows, int64_t nOutputs, bool withGradient);
  LossSum (*loss)(const LossJob&, const Parallel&);
};

/// The table of the instruction set that isa() names.
const TrainingTable& trainingTable();

}  // namespace glai
