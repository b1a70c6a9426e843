// The MLP: a_{l+1} = relu(W_l a_l + b_l), from the kernels of one layer.
#include "session.h"

namespace glai {

bool createMlp(Session& s, const TrainingConfig& config, const float* classWeights,
               const uint32_t* sizes, int64_t nSizes) {
  MlpModel& m = s.mlp;
  s.kind = ModelKind::mlp;
  m.nLayers = nSizes - 1;
  if (!m.sizes.resize(nSizes) || !m.inner.resize(nSizes) || !m.outer.resize(nSizes) ||
      !m.panels.resize(nSizes)) {
    return false;
  }
  m.inner[0] = m.outer[0] = m.panels[0] = 0;
  for (int64_t l = 0; l < nSizes; ++l) m.sizes[l] = sizes[l];
  for (int64_t l = 0; l < m.nLayers; ++l) {
    const int64_t size = trainingTable().denseSize(m.sizes[l], m.sizes[l + 1]);
    m.inner[l + 1] = m.inner[l] + (size + 15) / 16 * 16;
    m.outer[l + 1] = m.outer[l] + (m.sizes[l] + 1) * m.sizes[l + 1];
  }
  s.nInputs = m.sizes[0];
  s.nOutputs = m.sizes[m.nLayers];
  s.nParameters = m.outer[m.nLayers];
  s.nInner = m.inner[m.nLayers];
  return rememberTraining(s, config, classWeights) && allocateParameters(s);
}

bool reserve(const Session&, MlpModel& m, int64_t nRows) {
  const int64_t nPanels = panelsOf(nRows);
  int64_t widest = 0, scratch = 0, next = 0;
  for (int64_t l = 0; l < m.nLayers; ++l) {
    m.panels[l] = next;
    next += nPanels * panelSize(m.sizes[l]);
    if (l > 0 && m.sizes[l] > widest) widest = m.sizes[l];
    const int64_t needed = trainingTable().denseScratch(m.sizes[l + 1], nRows);
    if (needed > scratch) scratch = needed;
  }
  const int64_t hidden = m.nLayers > 1 ? nPanels * panelSize(widest) : 0;
  return m.activations.resize(next) && m.byGroup.resize(scratch) && m.dHidden[0].resize(hidden) &&
         m.dHidden[1].resize(hidden);
}

namespace {

DenseLayer layerOf(const Session& s, const MlpModel& m, int64_t l) {
  const int64_t start = m.inner[l];
  const Parameters& p = s.parameters;
  return {m.sizes[l], m.sizes[l + 1],
          {p.weights + start, p.first + start, p.second + start, p.gradients + start}};
}

}  // namespace

void forward(const Session& s, MlpModel& m, const Batch& batch, float* logits,
             const Parallel& parallel) {
  const TrainingTable& kernels = trainingTable();
  kernels.packPanels(batch.samples->features.data(), m.sizes[0], batch.rows, batch.nRows,
                     m.activations.data(), parallel);
  if (m.nLayers == 1 && batch.dropout.threshold != 0) {
    kernels.dropInputs(m.activations.data(), m.sizes[0], batch.nRows, batch.dropout);
  }
  uint32_t firstUnit = 0;
  for (int64_t l = 0; l < m.nLayers; ++l) {
    const bool isHidden = l + 1 < m.nLayers;
    const DenseForward job = {layerOf(s, m, l),
                              m.activations.data() + m.panels[l],
                              isHidden ? m.activations.data() + m.panels[l + 1] : logits,
                              batch.nRows,
                              isHidden,
                              batch.dropout,
                              firstUnit};
    kernels.denseForward(job, parallel);
    firstUnit += static_cast<uint32_t>(m.sizes[l + 1]);
  }
}

void backward(const Session& s, MlpModel& m, const Batch& batch, const float* dLogits,
              const OptimizerStep& step, bool keepGradients, const Parallel& parallel) {
  const float* dOutput = dLogits;
  for (int64_t l = m.nLayers - 1; l >= 0; --l) {
    float* const dInput = l > 0 ? m.dHidden[l % 2].data() : nullptr;
    DenseBackward job = {layerOf(s, m, l),
                         m.activations.data() + m.panels[l],
                         dOutput,
                         m.byGroup.data(),
                         dInput,
                         batch.nRows,
                         batch.dropout.scale,
                         step};
    if (!keepGradients) job.layer.parameters.gradients = nullptr;
    trainingTable().denseBackward(job, parallel);
    dOutput = dInput;
  }
}

}  // namespace glai
