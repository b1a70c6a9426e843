// Sessions for JavaScript. Sizes were checked in src/; what would read past an array is checked here again.
#include "arguments.h"
#include "bindings.h"
#include "session.h"

namespace glai::cuda {

namespace {

using Handle = std::shared_ptr<Session>;

Loss lossOf(Napi::Env env, const std::string& kind) {
  if (kind == "crossEntropy") return Loss::kCrossEntropy;
  if (kind == "meanSquaredError") return Loss::kSquaredError;
  if (kind == "infoNCE") return Loss::kInfoNce;
  throw errorOf(env, {"unsupported", "Expected a known loss but received " + kind + ".", ""});
}

Optimizer optimizerOf(Napi::Env env, const std::string& kind) {
  if (kind == "sgd") return Optimizer::kSgd;
  if (kind == "adam") return Optimizer::kAdam;
  if (kind == "adamw") return Optimizer::kAdamW;
  throw errorOf(env, {"unsupported", "Expected a known optimizer but received " + kind + ".", ""});
}

TrainingConfig trainingOf(Napi::Env env, const Napi::Object& from) {
  TrainingConfig training;
  training.loss = lossOf(env, stringOf(from.Get("loss"), "loss"));
  training.classWeights = copyFloats(from.Get("classWeights"), "classWeights");
  training.temperature = numberOf(from.Get("temperature"), "temperature");
  training.optimizer = optimizerOf(env, stringOf(from.Get("optimizer"), "optimizer"));
  training.momentum = numberOf(from.Get("momentum"), "momentum");
  training.beta1 = numberOf(from.Get("beta1"), "beta1");
  training.beta2 = numberOf(from.Get("beta2"), "beta2");
  training.epsilon = numberOf(from.Get("epsilon"), "epsilon");
  training.weightDecay = numberOf(from.Get("weightDecay"), "weightDecay");
  training.dropoutRate = numberOf(from.Get("dropoutRate"), "dropoutRate");
  training.dropoutSeed = static_cast<uint32_t>(numberOf(from.Get("dropoutSeed"), "dropoutSeed"));
  training.blas = from.Get("blas").ToBoolean().Value();
  return training;
}

SelectionTables selectionOf(const Napi::Object& from) {
  SelectionTables selection;
  selection.nGates = integerOf(from.Get("nGates"), "nGates");
  selection.depth = integerOf(from.Get("depth"), "depth");
  selection.firstLayer = copyWords(from.Get("firstLayer"), "firstLayer");
  selection.units = copyWords(from.Get("units"), "units");
  selection.gateOf = copyWords(from.Get("gateOf"), "gateOf");
  selection.originOf = copyWords(from.Get("originOf"), "originOf");
  selection.outputOf = copyWords(from.Get("outputOf"), "outputOf");
  selection.blockWidth = integerOf(from.Get("blockWidth"), "blockWidth");
  selection.copies = copyWords(from.Get("copies"), "copies");
  return selection;
}

Handle sessionOf(const Napi::Value& value) {
  if (!value.IsExternal())
    throw errorOf(value.Env(), {"internal", "Expected a session but received another value.", ""});
  const Handle session = *value.As<Napi::External<Handle>>().Data();
  if (session) return session;
  throw errorOf(value.Env(), {"disposed", "Expected a live session but it was destroyed.", ""});
}

/// createSession({ sizes, selection | null, training }) → Promise<session>
Napi::Value createSession(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Napi::Object config = objectOf(info[0], "the session's configuration");
  const auto sizes = copyIntegers(config.Get("sizes"), "sizes");
  const TrainingConfig training = trainingOf(env, objectOf(config.Get("training"), "training"));
  const bool isEstimator = config.Get("selection").IsObject();
  const SelectionTables selection =
      isEstimator ? selectionOf(objectOf(config.Get("selection"), "selection")) : SelectionTables{};
  return runJob(env, {}, [=]() -> Finish {
    const Handle session = std::make_shared<Session>(sizes, isEstimator ? &selection : nullptr, training);
    return [session](Napi::Env env) {
      return Napi::External<Handle>::New(env, new Handle(session), [](Napi::Env, Handle* handle) { delete handle; });
    };
  });
}

/// destroySession(session): frees everything; later calls are refused.
Napi::Value destroySession(const Napi::CallbackInfo& info) {
  Handle session = sessionOf(info[0]);
  info[0].As<Napi::External<Handle>>().Data()->reset();
  const auto held = std::make_shared<Handle>(std::move(session));
  return runJob(info.Env(), {}, [held]() -> Finish {
    held->reset();
    return nullptr;
  });
}

/// upload(session, id, { features, labels | null, targets | null, gates | null, nSamples, nFeatures, gateWords })
Napi::Value upload(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Handle session = sessionOf(info[0]);
  const int id = integerOf(info[1], "the samples' number");
  const Napi::Object from = objectOf(info[2], "samples");
  SampleArrays samples{};
  samples.nSamples = integerOf(from.Get("nSamples"), "nSamples");
  samples.nFeatures = integerOf(from.Get("nFeatures"), "nFeatures");
  samples.gateWords = integerOf(from.Get("gateWords"), "gateWords");
  const size_t n = samples.nSamples;
  size_t length = 0;
  samples.features = floatsOf(from.Get("features"), "features", &length);
  expectLength(env, "feature values", length, n * samples.nFeatures);
  if (!from.Get("labels").IsNull()) {
    samples.labels = wordsOf(from.Get("labels"), "labels", &length);
    expectLength(env, "labels", length, n);
  }
  if (!from.Get("targets").IsNull()) samples.targets = floatsOf(from.Get("targets"), "targets", &samples.nTargets);
  if (!from.Get("gates").IsNull()) {
    samples.gates = wordsOf(from.Get("gates"), "gates", &length);
    expectLength(env, "words of gates", length, n * samples.gateWords);
  }
  return runJob(env, {from.Get("features"), from.Get("labels"), from.Get("targets"), from.Get("gates")},
                [=]() -> Finish {
                  session->upload(id, samples);
                  return nullptr;
                });
}

/// release(session, id)
Napi::Value release(const Napi::CallbackInfo& info) {
  const Handle session = sessionOf(info[0]);
  const int id = integerOf(info[1], "the samples' number");
  return runJob(info.Env(), {}, [=]() -> Finish {
    session->release(id);
    return nullptr;
  });
}

/// train(session, id, rows, batchSize, learningRate)
Napi::Value train(const Napi::CallbackInfo& info) {
  const Handle session = sessionOf(info[0]);
  const int id = integerOf(info[1], "the samples' number");
  const auto rows = copyWords(info[2], "rows");
  const double batchSize = numberOf(info[3], "batchSize");
  const double learningRate = numberOf(info[4], "learningRate");
  const uint32_t batch = batchSize < 4294967295.0 ? static_cast<uint32_t>(batchSize) : 4294967295u;
  return runJob(info.Env(), {}, [=]() -> Finish {
    session->train(id, rows, batch, learningRate);
    return nullptr;
  });
}

/// forward(session, id, rows)
Napi::Value forward(const Napi::CallbackInfo& info) {
  const Handle session = sessionOf(info[0]);
  const int id = integerOf(info[1], "the samples' number");
  const auto rows = copyWords(info[2], "rows");
  return runJob(info.Env(), {}, [=]() -> Finish {
    session->forward(id, rows);
    return nullptr;
  });
}

Buffer bufferOf(Napi::Env env, const std::string& name) {
  if (name == "parameters") return Buffer::kParameters;
  if (name == "firstMoment") return Buffer::kFirstMoment;
  if (name == "secondMoment") return Buffer::kSecondMoment;
  if (name == "gradients") return Buffer::kGradients;
  throw errorOf(env, {"bad-argument", "Expected a buffer name but received " + name + ".", ""});
}

/// write(session, name, Float32Array), or write(session, "step", number)
Napi::Value write(const Napi::CallbackInfo& info) {
  const Handle session = sessionOf(info[0]);
  const std::string name = stringOf(info[1], "the buffer's name");
  if (name == "step") {
    const double step = numberOf(info[2], "step");
    return runJob(info.Env(), {}, [=]() -> Finish {
      session->writeStep(step);
      return nullptr;
    });
  }
  const Buffer buffer = bufferOf(info.Env(), name);
  const auto values = copyFloats(info[2], "the values to write");
  return runJob(info.Env(), {}, [=]() -> Finish {
    session->write(buffer, values);
    return nullptr;
  });
}

/// read(session, name) → Promise<Float32Array>; a number for "loss" and "step"
Napi::Value read(const Napi::CallbackInfo& info) {
  const Handle session = sessionOf(info[0]);
  const std::string name = stringOf(info[1], "the buffer's name");
  if (name == "loss" || name == "step") {
    return runJob(info.Env(), {}, [=]() -> Finish {
      const double value = name == "loss" ? session->readLoss() : session->step();
      return [value](Napi::Env env) { return Napi::Number::New(env, value); };
    });
  }
  const bool isLogits = name == "logits";
  const Buffer buffer = isLogits ? Buffer::kParameters : bufferOf(info.Env(), name);
  return runJob(info.Env(), {}, [=]() -> Finish {
    const auto values = std::make_shared<std::vector<float>>(isLogits ? session->readLogits() : session->read(buffer));
    return [values](Napi::Env env) { return toTypedArray<Napi::Float32Array>(env, *values); };
  });
}

}  // namespace

void registerSession(Napi::Env env, Napi::Object exports) {
  exports.Set("createSession", Napi::Function::New(env, createSession));
  exports.Set("destroySession", Napi::Function::New(env, destroySession));
  exports.Set("upload", Napi::Function::New(env, upload));
  exports.Set("release", Napi::Function::New(env, release));
  exports.Set("train", Napi::Function::New(env, train));
  exports.Set("forward", Napi::Function::New(env, forward));
  exports.Set("write", Napi::Function::New(env, write));
  exports.Set("read", Napi::Function::New(env, read));
}

}  // namespace glai::cuda
