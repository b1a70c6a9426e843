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
      !m.ones.resize(m.nGates + 1) || !m.gateScales.resize(m.nGates + 1) ||
      !m.complemented.resize(m.nGates + 1)) {
    return false;
  }
  for (int64_t g = 0; g <= m.nGates; ++g) m.ones[g] = m.gateScales[g] = 1;
  for (int64_t g = 0; g < m.nGates; ++g) {
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

OpenRows openRows(const EstimatorModel& m, const Batch& batch) {
  const float* const scales =
      batch.dropout.threshold != 0 ? m.gateScales.data() : m.ones.data();
  return {m.starts.data(), m.listedInputs.data(), m.listedOutputs.data(),
          m.masks.data(),  scales,                complementedGates(m)};
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
  m.isComplemented = kernels.chooseComplement({&selection, m.masks.data(), batch.nRows, m.complemented.data()},
                                              kernels.kernelsFor(selection, batch.nRows));
  const EstimatorKernels& estimator = kernelsOf(m, batch.nRows);
  if (estimator.readsLists) {
    kernels.listRows({m.masks.data(), complementedGates(m), m.nGates, batch.nRows, panelSize(s.nInputs),
                      rowPitch(s.nOutputs), m.starts.data(), m.listedInputs.data(), m.listedOutputs.data()});
  }
  const EstimatorForward job = {&selection, s.parameters.weights, m.input.data(),
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
