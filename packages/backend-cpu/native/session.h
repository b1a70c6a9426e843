// One training session: parameters, uploaded samples and the loop over steps. Compiled once for both
// builds; the kernels come from trainingTable(). Nothing here checks arguments: bindings did.
#pragma once
#include "array.h"
#include "layout.h"
#include "training.h"

namespace glai {

struct TrainingConfig {
  LossKind loss;
  double temperature;
  OptimizerKind optimizer;
  bool isDecoupled;  // AdamW
  double momentum, beta1, beta2, epsilon, weightDecay;
  double dropoutRate;  // 0: none
  uint32_t dropoutSeed;
};

/// TrainingConfig from numbers: loss (0 crossEntropy, 1 meanSquaredError, 2 infoNCE), temperature,
/// optimiser (0 sgd, 1 adam, 2 adamw), momentum, beta1, beta2, epsilon, weightDecay, rate, seed.
constexpr int kConfigNumbers = 10;
TrainingConfig configFrom(const double* numbers);

struct Samples {
  int64_t nSamples = 0;
  Array<float> features;    // [nSamples, nInputs]
  Array<uint32_t> labels;   // [nSamples] or empty
  Array<float> targets;     // [nSamples, nOutputs] or empty
  Array<uint32_t> gates;    // [nSamples, nGateWords] or empty
  int64_t nGateWords = 0;
};

/// Rows of a batch (for infoNCE both views, so twice the rows of the call).
struct Batch {
  const Samples* samples;
  const uint32_t* rows;
  int64_t nRows;
  Dropout dropout;
};

struct MlpModel {
  int64_t nLayers = 0;
  Array<int64_t> sizes;      // [nLayers + 1]
  Array<int64_t> inner;      // [nLayers + 1] where a layer's parameters start, kernels' order
  Array<int64_t> outer;      // [nLayers + 1] the same in core's order
  Array<int64_t> panels;     // [nLayers + 1] where a layer's inputs start in `activations`
  Array<float> activations;  // panels of every layer's inputs
  Array<float> dHidden[2];   // panels of the gradients of two neighbouring layers
  Array<float> byGroup;
};

struct EstimatorModel {
  Layout layout;
  int64_t nGates = 0, depth = 0, nUnits = 0;
  Array<uint32_t> gateUnits;  // [nGates, depth] units counted over all layers; kNoUnit where none
  Array<float> scales[2];     // [nGates + 1] of an open gate, without and with dropout: (1 / (1 − rate)) per unit
  Array<float> counted[2];    // [nGates + 1] the same times `copies`: what the output counts
  Array<float> input;         // panels
  Array<uint16_t> masks;      // [nPanels, nGates]
  Array<uint8_t> complemented;                          // [nGates + 1]
  bool isComplemented = false;                          // of the batch in work,
  bool isShort = false;                                 // and whether threads are worth their handing over
  Array<uint32_t> starts, listedInputs, listedOutputs;  // OpenRows
  Array<float> forwardScratch, backwardScratch;
};
constexpr uint32_t kNoUnit = 0xffffffffu;

enum class ModelKind { mlp, estimator };
enum class Buffer : int32_t { parameters = 0, firstMoment = 1, secondMoment = 2, gradients = 3 };

struct Session {
  TrainingConfig config{};
  ModelKind kind = ModelKind::mlp;
  MlpModel mlp;
  EstimatorModel estimator;
  int64_t nInputs = 0, nOutputs = 0;
  int64_t nParameters = 0;  // core's order
  int64_t nInner = 0;       // kernels' order, with padding
  Array<float> memory;      // weights, first, second, gradients
  Parameters parameters{};
  Array<float> classWeights;  // [nOutputs] or empty
  double step = 0;
  double lossSum = 0, weightSum = 0;
  // batch buffers
  Array<float> logits, dLogits;  // panels
  Array<float> lossScratch;
  Array<uint32_t> rows, labels;
  Array<float> targets;
};

/// Both return false when memory ran out.
bool createMlp(Session&, const TrainingConfig&, const float* classWeights, const uint32_t* sizes,
               int64_t nSizes);
bool createEstimator(Session&, const TrainingConfig&, const float* classWeights, const SelectionArrays&,
                     const uint32_t* gateUnits, const uint32_t* copies, int64_t depth, int64_t nUnits);

/// One optimiser step per `batchSize` rows. False when memory ran out: then no step was half done.
bool trainSteps(Session&, const Samples&, const uint32_t* rows, int64_t nRows, int64_t batchSize,
                double learningRate, const Parallel&);

/// logits [nRows, nOutputs]; adds their loss when the samples have what it needs.
bool forward(Session&, const Samples&, const uint32_t* rows, int64_t nRows, float* logits,
             const Parallel&);

void readBuffer(const Session&, Buffer, float* to);           // [nParameters]
void writeBuffer(Session&, Buffer, const float* from);        // [nParameters]
double takeLoss(Session&);  // mean since the last call; NaN when there was none

// Shared by the two `create…` functions. False when memory ran out.
bool rememberTraining(Session&, const TrainingConfig&, const float* classWeights);
bool allocateParameters(Session&);

// model_mlp.cc and model_estimator.cc
bool reserve(const Session&, MlpModel&, int64_t nRows);
void forward(const Session&, MlpModel&, const Batch&, float* logits, const Parallel&);
void backward(const Session&, MlpModel&, const Batch&, const float* dLogits, const OptimizerStep&,
              bool keepGradients, const Parallel&);
bool reserve(const Session&, EstimatorModel&, int64_t nRows, int nWorkers);
void forward(const Session&, EstimatorModel&, const Batch&, float* logits, const Parallel&);
void backward(const Session&, EstimatorModel&, const Batch&, const float* dLogits,
              const OptimizerStep&, bool keepGradients, const Parallel&);

}  // namespace glai
