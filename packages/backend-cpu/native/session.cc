#include "session.h"

namespace glai {

namespace {

/// Step counter of the fixed dropout stream in which infoNCE is evaluated.
constexpr uint32_t kEvaluationStep = 0xffffffffu;

/// Rows of one pass of `forward` when rows do not depend on each other: bounds its memory.
constexpr int64_t kRowsPerForward = kRowBlock;

constexpr uint32_t mix32(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ (x >> 16);
}

double power(double base, double exponent) {  // exponent: a whole number of steps
  double result = 1;
  for (uint64_t n = static_cast<uint64_t>(exponent); n > 0; n >>= 1, base *= base) {
    if (n & 1) result *= base;
  }
  return result;
}

/// core's applyOptimizer, step t counted from 1.
OptimizerStep optimizerStep(const TrainingConfig& c, double t, double rate) {
  OptimizerStep step{};
  step.kind = c.optimizer;
  step.momentum = static_cast<float>(c.momentum);
  step.shrink = static_cast<float>(c.isDecoupled ? 1 - rate * c.weightDecay : 1);
  step.decay = static_cast<float>(c.isDecoupled ? 0 : c.weightDecay);
  step.rate = static_cast<float>(rate);
  if (c.optimizer != OptimizerKind::adam) return step;
  const double correction = __builtin_sqrt(1 - power(c.beta2, t));
  step.rest1 = static_cast<float>(1 - c.beta1);
  step.rest2 = static_cast<float>(1 - c.beta2);
  step.rate = static_cast<float>(rate * correction / (1 - power(c.beta1, t)));
  step.epsilon = static_cast<float>(c.epsilon * correction);
  return step;
}

Dropout dropoutOf(const TrainingConfig& c, uint32_t step) {
  if (c.dropoutRate <= 0) return {0, 0, 1};
  const uint32_t stepKey = mix32(mix32(c.dropoutSeed + 0x9e3779b9u) ^ step);
  return {stepKey, static_cast<uint32_t>(c.dropoutRate * 4294967296.0),
          static_cast<float>(1 / (1 - c.dropoutRate))};
}

constexpr Dropout kNoDropout = {0, 0, 1};

bool reserveBatch(Session& s, int64_t nRows, int nWorkers) {
  const int64_t size = panelsOf(nRows) * panelSize(s.nOutputs);
  const int64_t scratch = trainingTable().lossScratch(s.config.loss, nRows, s.nOutputs, true);
  const bool model = s.kind == ModelKind::mlp ? reserve(s, s.mlp, nRows)
                                              : reserve(s, s.estimator, nRows, nWorkers);
  return model && s.logits.resize(size) && s.dLogits.resize(size) && s.lossScratch.resize(scratch) &&
         s.rows.resize(nRows) && s.labels.resize(nRows) && s.targets.resize(nRows * s.nOutputs);
}

/// Room for rows in batches of `batchSize`. The last batch may be short, and a short batch may need other
/// kernels or more parts, and so more room, than a whole one. The whole batch comes last: offsets are its.
bool reserveBatches(Session& s, int64_t nRows, int64_t batchSize, int64_t nViews, int nWorkers) {
  const int64_t whole = batchSize < nRows ? batchSize : nRows;
  const int64_t rest = whole > 0 ? nRows % whole : 0;
  return (rest == 0 || reserveBatch(s, nViews * rest, nWorkers)) &&
         reserveBatch(s, nViews * whole, nWorkers);
}

void forwardModel(Session& s, const Batch& batch, const Parallel& parallel) {
  if (s.kind == ModelKind::mlp) forward(s, s.mlp, batch, s.logits.data(), parallel);
  else forward(s, s.estimator, batch, s.logits.data(), parallel);
}

/// Adds the loss of the batch's logits; with a gradient, of the mean over the batch.
void addLoss(Session& s, const Batch& batch, bool withGradient, const Parallel& parallel) {
  const Samples& samples = *batch.samples;
  const uint32_t* labels = nullptr;
  const float* targets = nullptr;
  if (s.config.loss == LossKind::crossEntropy) {
    for (int64_t i = 0; i < batch.nRows; ++i) s.labels[i] = samples.labels[batch.rows[i]];
    labels = s.labels.data();
  } else if (s.config.loss == LossKind::meanSquaredError) {
    for (int64_t i = 0; i < batch.nRows; ++i) {
      __builtin_memcpy(s.targets.data() + i * s.nOutputs,
                       samples.targets.data() + static_cast<int64_t>(batch.rows[i]) * s.nOutputs,
                       s.nOutputs * sizeof(float));
    }
    targets = s.targets.data();
  }
  const LossJob job = {s.config.loss,
                       s.logits.data(),
                       withGradient ? s.dLogits.data() : nullptr,
                       batch.nRows,
                       s.nOutputs,
                       labels,
                       targets,
                       s.classWeights.size() > 0 ? s.classWeights.data() : nullptr,
                       s.config.temperature,
                       s.lossScratch.data()};
  const LossSum sum = trainingTable().loss(job, parallel);
  s.lossSum += sum.loss;
  s.weightSum += sum.weight;
}

/// For infoNCE view v of position i is row v · nRows + i; otherwise the rows as they are.
Batch batchOf(Session& s, const Samples& samples, const uint32_t* rows, int64_t nRows, bool isTwice,
              const Dropout& dropout) {
  if (!isTwice) return {&samples, rows, nRows, dropout};
  __builtin_memcpy(s.rows.data(), rows, nRows * sizeof(uint32_t));
  __builtin_memcpy(s.rows.data() + nRows, rows, nRows * sizeof(uint32_t));
  return {&samples, s.rows.data(), 2 * nRows, dropout};
}

bool hasTarget(const Session& s, const Samples& samples) {
  if (s.config.loss == LossKind::crossEntropy) return samples.labels.size() > 0;
  return s.config.loss == LossKind::meanSquaredError && samples.targets.size() > 0;
}

}  // namespace

TrainingConfig configFrom(const double* n) {
  TrainingConfig c{};
  c.loss = static_cast<LossKind>(static_cast<int32_t>(n[0]));
  c.temperature = n[1];
  c.optimizer = n[2] != 0      ? OptimizerKind::adam
                : n[3] != 0 ? OptimizerKind::momentum
                            : OptimizerKind::sgd;
  c.isDecoupled = n[2] == 2;
  c.momentum = n[3];
  c.beta1 = n[4];
  c.beta2 = n[5];
  c.epsilon = n[6];
  c.weightDecay = n[7];
  c.dropoutRate = n[8];
  c.dropoutSeed = static_cast<uint32_t>(n[9]);
  return c;
}

bool rememberTraining(Session& s, const TrainingConfig& config, const float* classWeights) {
  s.config = config;
  return classWeights == nullptr || s.classWeights.copy(classWeights, s.nOutputs);
}

/// Room for the four arrays. Their starts differ in the low 12 bits of the address: reading one and
/// writing another at equal offsets within 4 KB pages costs twice the time.
bool allocateParameters(Session& s) {
  constexpr int64_t kStagger = 272;  // floats: 1088 bytes
  const int64_t pitch = (s.nInner + 1023) / 1024 * 1024 + kStagger;
  if (!s.memory.clear(4 * pitch + 64)) return false;
  float* const base = s.memory.data();
  s.parameters = {base, base + pitch, base + 2 * pitch, base + 3 * pitch};
  return true;
}

bool trainSteps(Session& s, const Samples& samples, const uint32_t* rows, int64_t nRows,
                int64_t batchSize, double learningRate, const Parallel& parallel) {
  const bool isTwice = s.config.loss == LossKind::infoNCE;
  if (!reserveBatches(s, nRows, batchSize, isTwice ? 2 : 1, parallel.nWorkers)) return false;
  for (int64_t first = 0; first < nRows; first += batchSize) {
    const int64_t count = batchSize < nRows - first ? batchSize : nRows - first;
    const Dropout dropout = dropoutOf(s.config, static_cast<uint32_t>(s.step));
    const Batch batch = batchOf(s, samples, rows + first, count, isTwice, dropout);
    forwardModel(s, batch, parallel);
    addLoss(s, batch, true, parallel);
    s.step += 1;
    const OptimizerStep step = optimizerStep(s.config, s.step, learningRate);
    const bool isLast = first + batchSize >= nRows;  // whose gradients can be read
    if (s.kind == ModelKind::mlp)
      backward(s, s.mlp, batch, s.dLogits.data(), step, isLast, parallel);
    else
      backward(s, s.estimator, batch, s.dLogits.data(), step, isLast, parallel);
  }
  return true;
}

bool forward(Session& s, const Samples& samples, const uint32_t* rows, int64_t nRows, float* logits,
             const Parallel& parallel) {
  const int64_t block = nRows < kRowsPerForward ? nRows : kRowsPerForward;
  if (!reserveBatches(s, nRows, block, 1, parallel.nWorkers)) return false;
  for (int64_t first = 0; first < nRows; first += block) {
    const int64_t count = block < nRows - first ? block : nRows - first;
    const Batch batch = {&samples, rows + first, count, kNoDropout};
    forwardModel(s, batch, parallel);
    trainingTable().unpackLogits(s.logits.data(), count, s.nOutputs, logits + first * s.nOutputs);
    if (hasTarget(s, samples)) addLoss(s, batch, false, parallel);
  }
  if (s.config.loss != LossKind::infoNCE || nRows == 0) return true;
  if (!reserveBatch(s, 2 * nRows, parallel.nWorkers)) return false;
  const Batch views =
      batchOf(s, samples, rows, nRows, true, dropoutOf(s.config, kEvaluationStep));
  forwardModel(s, views, parallel);
  addLoss(s, views, false, parallel);
  return true;
}

namespace {

const float* bufferOf(const Session& s, Buffer buffer) {
  switch (buffer) {
    case Buffer::parameters:
      return s.parameters.weights;
    case Buffer::firstMoment:
      return s.parameters.first;
    case Buffer::secondMoment:
      return s.parameters.second;
    case Buffer::gradients:
      return s.parameters.gradients;
  }
  return nullptr;
}

}  // namespace

void readBuffer(const Session& s, Buffer buffer, float* to) {
  const float* const from = bufferOf(s, buffer);
  if (s.kind == ModelKind::estimator) {
    for (int64_t p = 0; p < s.nParameters; ++p) to[p] = from[s.estimator.layout.place[p]];
    return;
  }
  for (int64_t l = 0; l < s.mlp.nLayers; ++l) {
    trainingTable().denseUnpack(s.mlp.sizes[l], s.mlp.sizes[l + 1], from + s.mlp.inner[l],
                                to + s.mlp.outer[l]);
  }
}

void writeBuffer(Session& s, Buffer buffer, const float* from) {
  float* const to = const_cast<float*>(bufferOf(s, buffer));
  if (s.kind == ModelKind::estimator) {
    for (int64_t p = 0; p < s.nParameters; ++p) to[s.estimator.layout.place[p]] = from[p];
    return;
  }
  for (int64_t l = 0; l < s.mlp.nLayers; ++l) {
    trainingTable().densePack(s.mlp.sizes[l], s.mlp.sizes[l + 1], from + s.mlp.outer[l],
                              to + s.mlp.inner[l]);
  }
}

double takeLoss(Session& s) {
  const double mean = s.lossSum / s.weightSum;
  s.lossSum = s.weightSum = 0;
  return mean;
}

}  // namespace glai
