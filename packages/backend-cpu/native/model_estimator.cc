// The estimator: gates of the batch as masks and lists of open rows, then runs or paths.
#include "session.h"

namespace glai {

bool createEstimator(Session& s, const TrainingConfig& config, const float* classWeights,
                     const SelectionArrays& arrays, const uint32_t* gateUnits, int64_t depth,
                     int64_t nUnits) {
  EstimatorModel& m = s.estimator;
  s.kind = ModelKind::estimator;
  m.nGates = arrays.nGates;
  m.depth = depth;
  m.nUnits = nUnits;
  if (!buildLayout(arrays, m.layout) || !m.gateUnits.copy(gateUnits, m.nGates * depth) ||
      !m.ones.resize(m.nGates) || !m.gateScales.resize(m.nGates)) {
    return false;
  }
  for (int64_t g = 0; g < m.nGates; ++g) {
    m.ones[g] = m.gateScales[g] = 1;
    for (int64_t l = 0; l < depth; ++l) {
      if (gateUnits[g * depth + l] != kNoUnit && config.dropoutRate > 0) {
        m.gateScales[g] *= static_cast<float>(1 / (1 - config.dropoutRate));
      }
    }
  }
  s.nInputs = arrays.nInputs;
  s.nOutputs = arrays.nOutputs;
  s.nParameters = m.layout.nPaths;
  s.nInner = m.layout.selection.nWeights + 64;  // the last vectors read past the end
  return rememberTraining(s, config, classWeights) && allocateParameters(s);
}

namespace {

const EstimatorKernels& kernelsOf(const EstimatorModel& m, int64_t nRows) {
  return trainingTable().kernelsFor(m.layout.selection, nRows);
}

}  // namespace

bool reserve(const Session& s, EstimatorModel& m, int64_t nRows, int nWorkers) {
  const EstimatorKernels& kernels = kernelsOf(m, nRows);
  const Selection& selection = m.layout.selection;
  const int64_t forwardSize = kernels.forwardScratch(selection, nRows);
  const int64_t backwardSize = kernels.backwardScratch(selection, nRows, nWorkers);
  const int64_t nOpen = kernels.readsLists ? m.nGates * nRows : 0;
  return m.input.resize(panelsOf(nRows) * panelSize(s.nInputs)) &&
         m.masks.resize(panelsOf(nRows) * m.nGates) &&
         m.starts.resize(rowBlocksOf(nRows) * (m.nGates + 1)) && m.listedInputs.resize(nOpen + 8) &&
         m.listedOutputs.resize(nOpen + 8) && m.forwardScratch.resize(forwardSize) &&
         m.backwardScratch.resize(backwardSize);
}

namespace {

OpenRows openRows(const EstimatorModel& m, const Batch& batch) {
  const float* const scales =
      batch.dropout.threshold != 0 ? m.gateScales.data() : m.ones.data();
  return {m.starts.data(), m.listedInputs.data(), m.listedOutputs.data(), m.masks.data(), scales};
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
  const EstimatorKernels& estimator = kernelsOf(m, batch.nRows);
  if (estimator.readsLists) {
    kernels.listRows({m.masks.data(), m.nGates, batch.nRows, panelSize(s.nInputs), rowPitch(s.nOutputs),
                      m.starts.data(), m.listedInputs.data(), m.listedOutputs.data()});
  }
  const EstimatorForward job = {&m.layout.selection, s.parameters.weights, m.input.data(),
                                openRows(m, batch),  batch.nRows,          logits,
                                m.forwardScratch.data()};
  estimator.forward(job, parallel);
}

void backward(const Session& s, EstimatorModel& m, const Batch& batch, const float* dLogits,
              const OptimizerStep& step, bool keepGradients, const Parallel& parallel) {
  EstimatorBackward job = {&m.layout.selection, s.parameters,
                           m.input.data(),      dLogits,
                           m.backwardScratch.data(), openRows(m, batch),
                           batch.nRows,         step};
  if (!keepGradients) job.parameters.gradients = nullptr;
  kernelsOf(m, batch.nRows).backward(job, parallel);
}

}  // namespace glai
