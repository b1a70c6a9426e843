// Training sessions for JavaScript. Callers are src/native/kernels.ts, which words errors for users; here
// every argument is checked again, so that no call can read or write out of bounds. Sessions are numbers
// into a table: there is no pointer in JavaScript to confuse.
#include <napi.h>
#include <memory>
#include <unordered_map>
#include <vector>
#include "binding.h"
#include "isa.h"
#include "session.h"

namespace glai {

namespace {

constexpr int64_t kMostRows = int64_t{1} << 31;
constexpr int64_t kMostUnits = int64_t{1} << 26;

struct Holder {
  Session session;
  std::unordered_map<uint32_t, std::shared_ptr<Samples>> samples;
  uint32_t nextSamples = 1;
  bool isBusy = false;  // a worker thread uses the session; only the JavaScript thread reads this
};

struct Sessions {
  std::unordered_map<uint32_t, std::shared_ptr<Holder>> table;
  uint32_t next = 1;
};

JobResult outOfMemory(const char* what) {
  return {"out-of-memory", std::string("Expected memory for ") + what + " but none is left."};
}

std::shared_ptr<Holder> holderOf(const Napi::CallbackInfo& info) {
  Sessions& sessions = *info.Env().GetInstanceData<Sessions>();
  const auto id = static_cast<uint32_t>(integerOf(info[0], "a session", 0, UINT32_MAX));
  const auto found = sessions.table.find(id);
  if (found == sessions.table.end())
    throw glaiError(info.Env(), "disposed", "Expected a live native session but it was disposed of.");
  if (found->second->isBusy)
    throw glaiError(info.Env(), "internal", "Expected an idle native session but it is at work.");
  return found->second;
}

std::shared_ptr<Samples> samplesOf(const Napi::CallbackInfo& info, const Holder& holder, size_t at) {
  const auto id = static_cast<uint32_t>(integerOf(info[at], "samples", 0, UINT32_MAX));
  const auto found = holder.samples.find(id);
  if (found == holder.samples.end())
    throw glaiError(info.Env(), "disposed", "Expected uploaded samples but they were released.");
  return found->second;
}

bool isMissing(const Napi::Value& value) { return value.IsUndefined() || value.IsNull(); }

TrainingConfig configOf(const Napi::Value& value) {
  const Napi::Float64Array numbers = float64Of(value, "training");
  expectLength(value.Env(), "training numbers", numbers.ElementLength(), kConfigNumbers);
  const double* const n = numbers.Data();
  const bool isKnown = n[0] >= 0 && n[0] <= 2 && n[2] >= 0 && n[2] <= 2 && n[8] >= 0 && n[8] < 1 &&
                       n[9] >= 0 && n[9] <= UINT32_MAX;
  if (!isKnown) throw glaiError(value.Env(), "bad-argument", "Expected known training numbers.");
  return configFrom(n);
}

const float* classWeightsOf(const Napi::Value& value, size_t nOutputs) {
  if (isMissing(value)) return nullptr;
  const Napi::Float32Array weights = float32Of(value, "classWeights");
  expectLength(value.Env(), "classWeights", weights.ElementLength(), nOutputs);
  return weights.Data();
}

Napi::Value keep(Napi::Env env, std::shared_ptr<Holder> holder, bool isCreated) {
  if (!isCreated) {
    const JobResult failed = outOfMemory("the parameters of a session");
    throw glaiError(env, failed.code, failed.message);
  }
  Sessions& sessions = *env.GetInstanceData<Sessions>();
  const uint32_t id = sessions.next++;
  sessions.table.emplace(id, std::move(holder));
  return Napi::Number::New(env, id);
}

/// (training, classWeights | null, sizes) → session
Napi::Value createMlpSession(const Napi::CallbackInfo& info) {
  const TrainingConfig config = configOf(info[0]);
  const Napi::Uint32Array sizes = uint32Of(info[2], "sizes");
  const size_t n = sizes.ElementLength();
  if (n < 2 || n > 64) throw glaiError(info.Env(), "bad-argument", "Expected 2 to 64 sizes.");
  for (size_t i = 0; i < n; ++i) {
    if (sizes[i] < 1 || sizes[i] > kMostUnits)
      throw glaiError(info.Env(), "bad-argument", "Expected sizes in 1..67108864.");
  }
  const float* const weights = classWeightsOf(info[1], sizes[n - 1]);
  auto holder = std::make_shared<Holder>();
  const bool isCreated = createMlp(holder->session, config, weights, sizes.Data(), static_cast<int64_t>(n));
  return keep(info.Env(), std::move(holder), isCreated);
}

/// (training, classWeights | null, [block, nInputs, nOutputs, nGates, depth, nUnits], gateOf, originOf,
/// outputOf, gateUnits, copies) → session
Napi::Value createEstimatorSession(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const TrainingConfig config = configOf(info[0]);
  const Napi::Uint32Array shape = uint32Of(info[2], "shape");
  expectLength(env, "numbers in shape", shape.ElementLength(), 6);
  const Napi::Uint32Array gateOf = uint32Of(info[3], "gateOf");
  const Napi::Uint32Array originOf = uint32Of(info[4], "originOf");
  const Napi::Uint32Array outputOf = uint32Of(info[5], "outputOf");
  const Napi::Uint32Array gateUnits = uint32Of(info[6], "gateUnits");
  const size_t nBlocks = gateOf.ElementLength();
  expectLength(env, "entries of originOf", originOf.ElementLength(), nBlocks);
  expectLength(env, "entries of outputOf", outputOf.ElementLength(), nBlocks);
  expectLength(env, "entries of gateUnits", gateUnits.ElementLength(),
               static_cast<size_t>(shape[3]) * shape[4]);
  const Napi::Uint32Array copies = uint32Of(info[7], "copies");
  expectLength(env, "entries of copies", copies.ElementLength(), shape[3]);
  const bool fits = shape[0] <= 2 && shape[1] >= 1 && shape[1] <= kMostUnits && shape[2] >= 1 &&
                    shape[2] <= kMostUnits && shape[3] <= kMostUnits &&
                    nBlocks <= (size_t{1} << 30);
  if (!fits) throw glaiError(env, "bad-argument", "Expected the shape of a selection.");
  const SelectionArrays arrays = {static_cast<BlockKind>(shape[0]), shape[1],        shape[2],
                                  shape[3],                         static_cast<int64_t>(nBlocks),
                                  gateOf.Data(),                    originOf.Data(), outputOf.Data()};
  const char* const wrong = checkSelection(arrays);
  if (wrong != nullptr) throw glaiError(env, "bad-argument", std::string("Expected ") + wrong + ".");
  const float* const weights = classWeightsOf(info[1], shape[2]);
  auto holder = std::make_shared<Holder>();
  const bool isCreated = createEstimator(holder->session, config, weights, arrays, gateUnits.Data(),
                                         copies.Data(), shape[4], shape[5]);
  return keep(env, std::move(holder), isCreated);
}

void checkLabels(Napi::Env env, const Session& session, const Napi::Uint32Array& labels) {
  if (session.config.loss != LossKind::crossEntropy) return;
  for (size_t i = 0; i < labels.ElementLength(); ++i) {
    if (labels[i] >= session.nOutputs)
      throw glaiError(env, "bad-data", "Expected labels below the number of outputs.");
  }
}

/// (session, features, nSamples, labels | null, targets | null, gates | null, nGateWords) → samples
Napi::Value upload(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<Holder> holder = holderOf(info);
  const Session& session = holder->session;
  const Napi::Float32Array features = float32Of(info[1], "features");
  const auto nSamples = static_cast<size_t>(integerOf(info[2], "nSamples", 0, kMostRows));
  expectLength(env, "feature values", features.ElementLength(), nSamples * session.nInputs);
  auto samples = std::make_shared<Samples>();
  samples->nSamples = static_cast<int64_t>(nSamples);
  bool copied = samples->features.copy(features.Data(), features.ElementLength());
  if (!isMissing(info[3])) {
    const Napi::Uint32Array labels = uint32Of(info[3], "labels");
    expectLength(env, "labels", labels.ElementLength(), nSamples);
    checkLabels(env, session, labels);
    copied = copied && samples->labels.copy(labels.Data(), nSamples);
  }
  if (!isMissing(info[4])) {
    const Napi::Float32Array targets = float32Of(info[4], "targets");
    expectLength(env, "target values", targets.ElementLength(), nSamples * session.nOutputs);
    copied = copied && samples->targets.copy(targets.Data(), targets.ElementLength());
  }
  if (session.kind == ModelKind::estimator) {
    const Napi::Uint32Array gates = uint32Of(info[5], "gates");
    const int64_t nWords = integerOf(info[6], "nGateWords", (session.estimator.nGates + 31) / 32, kMostUnits);
    expectLength(env, "words of gates", gates.ElementLength(), nSamples * static_cast<size_t>(nWords));
    samples->nGateWords = nWords;
    copied = copied && samples->gates.copy(gates.Data(), gates.ElementLength());
  }
  if (!copied) {
    const JobResult failed = outOfMemory("uploaded samples");
    throw glaiError(env, failed.code, failed.message);
  }
  const uint32_t id = holder->nextSamples++;
  holder->samples.emplace(id, std::move(samples));
  return Napi::Number::New(env, id);
}

std::vector<uint32_t> rowsOf(const Napi::Value& value, const Samples& samples) {
  const Napi::Uint32Array rows = uint32Of(value, "rows");
  std::vector<uint32_t> copy(rows.Data(), rows.Data() + rows.ElementLength());
  for (const uint32_t row : copy) {
    if (row >= samples.nSamples)
      throw glaiError(value.Env(), "bad-argument", "Expected rows of the samples.");
  }
  return copy;
}

/// Short work at once; else a promise, and the session is marked busy until it settles.
Napi::Value runBusy(Napi::Env env, const std::shared_ptr<Holder>& holder, bool isShort,
                    std::function<JobResult()> work, std::function<Napi::Value(Napi::Env)> finish) {
  if (isShort) return runHere(env, work, finish);
  holder->isBusy = true;
  return runAsync(env, {}, std::move(work), std::move(finish), [holder] { holder->isBusy = false; });
}

/// (session, samples, rows, batchSize, learningRate, threads, isShort) → void when isShort, else Promise<void>
Napi::Value train(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<Holder> holder = holderOf(info);
  const std::shared_ptr<Samples> samples = samplesOf(info, *holder, 1);
  const LossKind loss = holder->session.config.loss;
  const bool lacksTarget = (loss == LossKind::crossEntropy && samples->labels.size() == 0) ||
                           (loss == LossKind::meanSquaredError && samples->targets.size() == 0);
  if (lacksTarget) throw glaiError(env, "bad-argument", "Expected samples with labels or targets.");
  auto rows = std::make_shared<std::vector<uint32_t>>(rowsOf(info[2], *samples));
  const int64_t batchSize = integerOf(info[3], "batchSize", 1, kMostRows);
  const double rate = numberOf(info[4], "learningRate");
  const int threads = static_cast<int>(integerOf(info[5], "threads", 1, 256));
  const auto work = [=]() -> JobResult {
    const bool done = trainSteps(holder->session, *samples, rows->data(),
                                 static_cast<int64_t>(rows->size()), batchSize, rate, workers(threads));
    return done ? JobResult{} : outOfMemory("a batch");
  };
  return runBusy(env, holder, info[6].ToBoolean(), work, [](Napi::Env e) { return e.Undefined(); });
}

/// (session, samples, rows, threads, isShort) → Float32Array logits when isShort, else a promise of them
Napi::Value forwardRows(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<Holder> holder = holderOf(info);
  const std::shared_ptr<Samples> samples = samplesOf(info, *holder, 1);
  auto rows = std::make_shared<std::vector<uint32_t>>(rowsOf(info[2], *samples));
  const int threads = static_cast<int>(integerOf(info[3], "threads", 1, 256));
  auto logits = std::make_shared<Array<float>>();
  const auto work = [=]() -> JobResult {
    const int64_t n = static_cast<int64_t>(rows->size());
    const bool done = logits->resize(n * holder->session.nOutputs) &&
                      forward(holder->session, *samples, rows->data(), n, logits->data(), workers(threads));
    return done ? JobResult{} : outOfMemory("the logits of a forward pass");
  };
  return runBusy(env, holder, info[4].ToBoolean(), work, [logits](Napi::Env e) -> Napi::Value {
    Napi::Float32Array out = Napi::Float32Array::New(e, logits->size());
    if (logits->size() > 0) std::copy(logits->data(), logits->data() + logits->size(), out.Data());
    return out;
  });
}

/// (session, buffer, into) → into; buffers: 0 parameters, 1 first moment, 2 second moment, 3 gradients
Napi::Value read(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Holder> holder = holderOf(info);
  const auto buffer = static_cast<Buffer>(integerOf(info[1], "buffer", 0, 3));
  Napi::Float32Array out = float32Of(info[2], "into");
  expectLength(info.Env(), "values", out.ElementLength(), holder->session.nParameters);
  readBuffer(holder->session, buffer, out.Data());
  return out;
}

/// (session, buffer, values)
void write(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Holder> holder = holderOf(info);
  const auto buffer = static_cast<Buffer>(integerOf(info[1], "buffer", 0, 2));
  const Napi::Float32Array values = float32Of(info[2], "values");
  expectLength(info.Env(), "values", values.ElementLength(), holder->session.nParameters);
  writeBuffer(holder->session, buffer, values.Data());
}

Napi::Value readStep(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), holderOf(info)->session.step);
}

void writeStep(const Napi::CallbackInfo& info) {
  holderOf(info)->session.step = static_cast<double>(integerOf(info[1], "step", 0, int64_t{1} << 53));
}

Napi::Value readLoss(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), takeLoss(holderOf(info)->session));
}

/// (session, samples)
void releaseSamples(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Holder> holder = holderOf(info);
  samplesOf(info, *holder, 1);
  holder->samples.erase(static_cast<uint32_t>(integerOf(info[1], "samples", 0, UINT32_MAX)));
}

/// Frees the session, when it is at work as soon as that has ended. Unknown sessions are fine.
void dispose(const Napi::CallbackInfo& info) {
  const auto id = static_cast<uint32_t>(integerOf(info[0], "a session", 0, UINT32_MAX));
  info.Env().GetInstanceData<Sessions>()->table.erase(id);
}

}  // namespace

}  // namespace glai

void register_training(Napi::Env env, Napi::Object exports) {
  using namespace glai;
  env.SetInstanceData(new Sessions);
  Napi::Object training = Napi::Object::New(env);
  const auto add = [&](const char* name, auto function) {
    training.Set(name, Napi::Function::New(env, function, name));
  };
  add("createMlp", createMlpSession);
  add("createEstimator", createEstimatorSession);
  add("upload", upload);
  add("release", releaseSamples);
  add("train", train);
  add("forward", forwardRows);
  add("read", read);
  add("write", write);
  add("readStep", readStep);
  add("writeStep", writeStep);
  add("readLoss", readLoss);
  add("dispose", dispose);
  exports.Set("training", training);
}
