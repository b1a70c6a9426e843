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

bool isPaths(const EstimatorModel& m) { return m.layout.pathGates.size() > 0; }

}  // namespace

bool reserve(const Session& s, EstimatorModel& m, int64_t nRows, int nWorkers) {
  const TrainingTable& kernels = trainingTable();
  const Selection& selection = m.layout.selection;
  const int64_t forwardSize = isPaths(m) ? kernels.pathForwardScratch(selection, nRows)
                                         : kernels.runForwardScratch(selection, nRows);
  const int64_t backwardSize = isPaths(m)
                                   ? kernels.pathBackwardScratch(selection, nRows, nWorkers)
                                   : kernels.runBackwardScratch(selection, nRows, nWorkers);
  const int64_t nOpen = isPaths(m) ? 0 : m.nGates * nRows;
  return m.input.resize(panelsOf(nRows) * panelSize(s.nInputs)) &&
         m.masks.resize(panelsOf(nRows) * m.nGates) &&
         m.starts.resize(rowBlocksOf(nRows) * (m.nGates + 1)) && m.rows.resize(nOpen + 1) && m.forwardScratch.resize(forwardSize) &&
         m.backwardScratch.resize(backwardSize);
}

namespace {

/// Lists of open rows from the masks, per block of kRowBlock rows.
void listOpenRows(const Session& s, EstimatorModel& m, int64_t nRows) {
  constexpr int64_t kPanelsPerBlock = kRowBlock / kPanelRows;
  const int64_t nPanels = panelsOf(nRows);
  const uint32_t size = static_cast<uint32_t>(panelSize(s.nInputs));
  const uint32_t pitch = static_cast<uint32_t>(rowPitch(s.nOutputs));
  uint32_t next = 0;
  for (int64_t p0 = 0, block = 0; p0 < nPanels; p0 += kPanelsPerBlock, ++block) {
    const int64_t p1 = p0 + kPanelsPerBlock < nPanels ? p0 + kPanelsPerBlock : nPanels;
    uint32_t* const starts = m.starts.data() + block * (m.nGates + 1);
    for (int64_t g = 0; g < m.nGates; ++g) {
      starts[g] = next;
      for (int64_t p = p0; p < p1; ++p) {
        const uint32_t mask = m.masks[p * m.nGates + g];
        const uint32_t input = static_cast<uint32_t>(p) * size;
        const uint32_t output = static_cast<uint32_t>(p) * kPanelRows * pitch;
        // No branch on the bits, which nobody can predict: write all rows, advance past the open ones.
        for (uint32_t r = 0; r < kPanelRows; ++r) {
          m.rows[next] = {input + r, output + r * pitch};
          next += mask >> r & 1;
        }
      }
    }
    starts[m.nGates] = next;
  }
}

OpenRows openRows(const EstimatorModel& m, const Batch& batch) {
  const float* const scales =
      batch.dropout.threshold != 0 ? m.gateScales.data() : m.ones.data();
  return {m.starts.data(), m.rows.data(), m.masks.data(), scales};
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
  if (!isPaths(m)) listOpenRows(s, m, batch.nRows);
  const EstimatorForward job = {&m.layout.selection, s.parameters.weights, m.input.data(),
                                openRows(m, batch),  batch.nRows,          logits,
                                m.forwardScratch.data()};
  if (isPaths(m)) kernels.pathForward(job, parallel);
  else kernels.runForward(job, parallel);
}

void backward(const Session& s, EstimatorModel& m, const Batch& batch, const float* dLogits,
              const OptimizerStep& step, bool keepGradients, const Parallel& parallel) {
  EstimatorBackward job = {&m.layout.selection, s.parameters,
                           m.input.data(),      dLogits,
                           m.backwardScratch.data(), openRows(m, batch),
                           batch.nRows,         step};
  if (!keepGradients) job.parameters.gradients = nullptr;
  if (isPaths(m)) trainingTable().pathBackward(job, parallel);
  else trainingTable().runBackward(job, parallel);
}

}  // namespace glai
