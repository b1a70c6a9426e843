// Exports of the training sessions. Sessions and samples are addresses; src/wasm/kernels.ts fills the
// arrays it is told about and calls only with arguments that were checked. 1 means done, 0 no memory.
#include "session.h"
#include "wasm_export.h"

inline void* operator new(size_t, void* place) noexcept { return place; }

using namespace glai;

namespace {

template <typename T>
T* make() {
  void* const memory = allocate(sizeof(T));
  return memory == nullptr ? nullptr : new (memory) T;
}

template <typename T>
void destroy(T* object) {
  object->~T();
  release(object);
}

Session* kept(Session* session, bool isCreated) {
  if (isCreated) return session;
  destroy(session);
  return nullptr;
}

}  // namespace

GLAI_EXPORT(training_create_mlp)
Session* training_create_mlp(const double* training, const float* classWeights, const uint32_t* sizes,
                             uint32_t nSizes) {
  Session* const session = make<Session>();
  if (session == nullptr) return nullptr;
  return kept(session, createMlp(*session, configFrom(training), classWeights, sizes, nSizes));
}

/// shape: block, nInputs, nOutputs, nGates, depth, nUnits
GLAI_EXPORT(training_create_estimator)
Session* training_create_estimator(const double* training, const float* classWeights,
                                   const uint32_t* shape, uint32_t nBlocks, const uint32_t* gateOf,
                                   const uint32_t* originOf, const uint32_t* outputOf,
                                   const uint32_t* gateUnits, const uint32_t* copies) {
  Session* const session = make<Session>();
  if (session == nullptr) return nullptr;
  const SelectionArrays arrays = {static_cast<BlockKind>(shape[0]), shape[1], shape[2], shape[3], nBlocks,
                                  gateOf, originOf, outputOf};
  return kept(session, createEstimator(*session, configFrom(training), classWeights, arrays, gateUnits,
                                       copies, shape[4], shape[5]));
}

GLAI_EXPORT(training_dispose) void training_dispose(Session* session) { destroy(session); }

/// Samples with room for their arrays, to be filled at the addresses of training_samples_array.
GLAI_EXPORT(training_samples)
Samples* training_samples(const Session* session, uint32_t nSamples, uint32_t hasLabels,
                          uint32_t hasTargets, uint32_t nGateWords) {
  Samples* const samples = make<Samples>();
  if (samples == nullptr) return nullptr;
  const size_t n = nSamples;
  samples->nSamples = nSamples;
  samples->nGateWords = nGateWords;
  const bool fits = samples->features.resize(n * session->nInputs) &&
                    samples->labels.resize(hasLabels ? n : 0) &&
                    samples->targets.resize(hasTargets ? n * session->nOutputs : 0) &&
                    samples->gates.resize(n * nGateWords);
  if (fits) return samples;
  destroy(samples);
  return nullptr;
}

/// 0 features, 1 labels, 2 targets, 3 gates
GLAI_EXPORT(training_samples_array) void* training_samples_array(Samples* samples, uint32_t which) {
  switch (which) {
    case 0:
      return samples->features.data();
    case 1:
      return samples->labels.data();
    case 2:
      return samples->targets.data();
    default:
      return samples->gates.data();
  }
}

GLAI_EXPORT(training_release) void training_release(Samples* samples) { destroy(samples); }

GLAI_EXPORT(training_train)
uint32_t training_train(Session* session, const Samples* samples, const uint32_t* rows, uint32_t nRows,
                        uint32_t batchSize, double learningRate, uint32_t threads) {
  return trainSteps(*session, *samples, rows, nRows, batchSize, learningRate,
                    workers(static_cast<int>(threads)));
}

GLAI_EXPORT(training_forward)
uint32_t training_forward(Session* session, const Samples* samples, const uint32_t* rows, uint32_t nRows,
                          float* logits, uint32_t threads) {
  return forward(*session, *samples, rows, nRows, logits, workers(static_cast<int>(threads)));
}

/// Buffers are those of session.h.
GLAI_EXPORT(training_read) void training_read(const Session* session, uint32_t buffer, float* to) {
  readBuffer(*session, static_cast<Buffer>(buffer), to);
}

GLAI_EXPORT(training_write) void training_write(Session* session, uint32_t buffer, const float* from) {
  writeBuffer(*session, static_cast<Buffer>(buffer), from);
}

GLAI_EXPORT(training_step) double training_step(const Session* session) { return session->step; }

GLAI_EXPORT(training_set_step) void training_set_step(Session* session, double step) {
  session->step = step;
}

GLAI_EXPORT(training_loss) double training_loss(Session* session) { return takeLoss(*session); }
