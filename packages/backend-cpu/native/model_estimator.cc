// The estimator: gates of the batch as masks and lists of open rows, then runs or paths.
#include "session.h"

namespace glai {

bool createEstimator(Session& s, const TrainingConfig& config, const float* classWeights,
                     const SelectionArrays& arrays, const uint32_t* gateUnits, const uint32_t* copies,
                     int64_t depth, int64_t nUnits) {
  EstimatorModel& m = s.estimator;
  s.kind = ModelKind::estimator;
  m.nGates = arrays.nGates;
  m.depth = depth;
  m.nUnits = nUnits;
  if (!buildLayout(arrays, m.layout) || !m.gateUnits.copy(gateUnits, m.nGates * depth) ||
      !m.complemented.resize(m.nGates + 1)) {
    return false;
  }
  for (int dropped = 0; dropped < 2; ++dropped) {
    Array<float>&scales = m.scales[dropped], &counted = m.counted[dropped];
    if (!scales.resize(m.nGates + 1) || !counted.resize(m.nGates + 1)) return false;
    scales[m.nGates] = counted[m.nGates] = 1;
    for (int64_t g = 0; g < m.nGates; ++g) {
      scales[g] = 1;
      for (int64_t l = 0; l < depth; ++l) {
        if (gateUnits[g * depth + l] != kNoUnit && dropped != 0 && config.dropoutRate > 0) {
          scales[g] *= static_cast<float>(1 / (1 - config.dropoutRate));
        }
      }
      counted[g] = scales[g] * static_cast<float>(copies[g]);
    }
  }
  s.nInputs = arrays.nInputs;
  s.nOutputs = arrays.nOutputs;
  s.nParameters = m.layout.nPaths;
  s.nInner = m.layout.selection.nWeights + 64;  // the last vectors read past the end
  return rememberTraining(s, config, classWeights) && allocateParameters(s);
}

bool reserve(const Session& s, EstimatorModel& m, int64_t nRows, int nWorkers) {
  const Selection& selection = m.layout.selection;
  const EstimatorKernels& kernels = trainingTable().kernelsFor(selection, nRows);
  int64_t forwardSize = kernels.forwardScratch(selection, nRows);
  int64_t backwardSize = kernels.backwardScratch(selection, nRows, nWorkers);
  if (selection.nRuns > 0) {  // any batch may be one with complemented gates
    const EstimatorKernels& complement = trainingTable().complementKernels;
    const int64_t forwardMost = complement.forwardScratch(selection, nRows);
    const int64_t backwardMost = complement.backwardScratch(selection, nRows, nWorkers);
    if (forwardMost > forwardSize) forwardSize = forwardMost;
    if (backwardMost > backwardSize) backwardSize = backwardMost;
  }
  const int64_t nListed = selection.nRuns > 0 ? (m.nGates + 1) * nRows : 0;
  return m.input.resize(panelsOf(nRows) * panelSize(s.nInputs)) &&
         m.masks.resize(panelsOf(nRows) * m.nGates) &&
         m.starts.resize(rowBlocksOf(nRows) * (m.nGates + 2)) && m.listedInputs.resize(nListed + 8) &&
         m.listedOutputs.resize(nListed + 8) && m.forwardScratch.resize(forwardSize) &&
         m.backwardScratch.resize(backwardSize);
}

namespace {

const EstimatorKernels& kernelsOf(const EstimatorModel& m, int64_t nRows) {
  const TrainingTable& kernels = trainingTable();
  return m.isComplemented ? kernels.complementKernels : kernels.kernelsFor(m.layout.selection, nRows);
}

const uint8_t* complementedGates(const EstimatorModel& m) {
  return m.isComplemented ? m.complemented.data() : nullptr;
}

/// `scales`: without and with dropout.
OpenRows openRows(const EstimatorModel& m, const Batch& batch, const Array<float>* scales) {
  return {m.starts.data(),
          m.listedInputs.data(),
          m.listedOutputs.data(),
          m.masks.data(),
          scales[batch.dropout.threshold != 0].data(),
          complementedGates(m)};
}

/// Multiply-adds of a step that one thread does in some 40 µs. Threads that share shorter ones lose what they gain by
/// handing weights and sums from one core's cache to another's, and where cores are far apart a lot more.
constexpr int64_t kShortStep = 1500000;
constexpr int64_t kMultiplyAddsPerUpdate = 12;

/// The threads of the batch in work.
Parallel threadsFor(const EstimatorModel& m, const Parallel& parallel) {
  return m.isShort ? workers(1) : parallel;
}

}  // namespace

void forward(const Session& s, EstimatorModel& m, const Batch& batch, float* logits,
             const Parallel& parallel) {
  const TrainingTable& kernels = trainingTable();
  const Samples& samples = *batch.samples;
  kernels.packPanels(samples.features.data(), s.nInputs, batch.rows, batch.nRows, m.input.data(),
                     parallel);
  const GateMasks gates = {samples.gates.data(), samples.nGateWords, m.nGates,   m.gateUnits.data(),
                           m.depth,              batch.rows,         batch.nRows, batch.dropout,
                           m.masks.data()};
  kernels.gateMasks(gates, parallel);
  const Selection& selection = m.layout.selection;
  const BatchPlan plan = kernels.planBatch({&selection, m.masks.data(), batch.nRows, m.complemented.data()},
                                           kernels.kernelsFor(selection, batch.nRows));
  m.isComplemented = plan.isComplemented;
  m.isShort = plan.multiplyAdds + kMultiplyAddsPerUpdate * selection.nWeights < kShortStep;
  const EstimatorKernels& estimator = kernelsOf(m, batch.nRows);
  if (estimator.readsLists) {
    kernels.listRows({m.masks.data(), complementedGates(m), m.nGates, batch.nRows, panelSize(s.nInputs),
                      rowPitch(s.nOutputs), m.starts.data(), m.listedInputs.data(), m.listedOutputs.data()});
  }
  const EstimatorForward job = {&selection,
                                s.parameters.weights,
                                m.input.data(),
                                openRows(m, batch, m.counted),
                                batch.nRows,
                                logits,
                                m.forwardScratch.data()};
  estimator.forward(job, threadsFor(m, parallel));
}

void backward(const Session& s, EstimatorModel& m, const Batch& batch, const float* dLogits,
              const OptimizerStep& step, bool keepGradients, const Parallel& parallel) {
  EstimatorBackward job = {&m.layout.selection,
                           s.parameters,
                           m.input.data(),
                           dLogits,
                           m.backwardScratch.data(),
                           openRows(m, batch, m.scales),
                           batch.nRows,
                           step};
  if (!keepGradients) job.parameters.gradients = nullptr;
  kernelsOf(m, batch.nRows).backward(job, threadsFor(m, parallel));
}

}  // namespace glai
