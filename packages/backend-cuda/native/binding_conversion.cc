// The conversion phase for JavaScript. Patterns travel as one array, layer after layer.
#include <memory>
#include "arguments.h"
#include "bindings.h"
#include "conversion_run.h"

namespace glai::cuda {

namespace {

HostFeatures featuresOf(const Napi::Env env, const Napi::Object& from) {
  HostFeatures features{};
  size_t length = 0;
  features.values = floatsOf(from.Get("values"), "features", &length);
  features.nSamples = integerOf(from.Get("nSamples"), "nSamples");
  features.nFeatures = integerOf(from.Get("nFeatures"), "nFeatures");
  expectLength(env, "feature values", length, static_cast<size_t>(features.nSamples) * features.nFeatures);
  return features;
}

HostPatterns patternsOf(const Napi::Env env, const Napi::Value& words, const Napi::Value& rowWords, size_t nSamples) {
  HostPatterns patterns{copyWords(words, "activation bits"), copyIntegers(rowWords, "words of layers")};
  size_t nWords = 0;
  for (const int n : patterns.rowWords) nWords += static_cast<size_t>(n) * nSamples;
  expectLength(env, "words of activation bits", patterns.words.size(), nWords);
  return patterns;
}

const float* parametersOf(const Napi::Env env, const Napi::Value& value, const std::vector<int>& sizes) {
  size_t length = 0, expected = 0;
  const float* parameters = floatsOf(value, "parameters", &length);
  for (size_t l = 0; l + 1 < sizes.size(); l++) expected += (static_cast<size_t>(sizes[l]) + 1) * sizes[l + 1];
  expectLength(env, "parameters", length, expected);
  return parameters;
}

/// activationPatterns(sizes, parameters, features) → Promise<Uint32Array>, layer after layer
Napi::Value activationPatterns(const Napi::CallbackInfo& info) {
  const auto sizes = copyIntegers(info[0], "sizes");
  const float* parameters = parametersOf(info.Env(), info[1], sizes);
  const Napi::Object from = objectOf(info[2], "features");
  const HostFeatures features = featuresOf(info.Env(), from);
  return runJob(info.Env(), {info[1], from.Get("values")}, [=]() -> Finish {
    const auto patterns = std::make_shared<HostPatterns>(runActivationPatterns(sizes, parameters, features));
    return [patterns](Napi::Env env) { return toTypedArray<Napi::Uint32Array>(env, patterns->words); };
  });
}

/// totalMass(sizes, parameters, features) → Promise<number>
Napi::Value totalMass(const Napi::CallbackInfo& info) {
  const auto sizes = copyIntegers(info[0], "sizes");
  const float* parameters = parametersOf(info.Env(), info[1], sizes);
  const Napi::Object from = objectOf(info[2], "features");
  const HostFeatures features = featuresOf(info.Env(), from);
  return runJob(info.Env(), {info[1], from.Get("values")}, [=]() -> Finish {
    const double mass = runTotalMass(sizes, parameters, features);
    return [mass](Napi::Env env) { return Napi::Number::New(env, mass); };
  });
}

/// structuralShift(before, after, rowWords, features) → Promise<number>: Σ over samples, of one output
Napi::Value structuralShift(const Napi::CallbackInfo& info) {
  const Napi::Object from = objectOf(info[3], "features");
  const HostFeatures features = featuresOf(info.Env(), from);
  const auto before = patternsOf(info.Env(), info[0], info[2], features.nSamples);
  const auto after = patternsOf(info.Env(), info[1], info[2], features.nSamples);
  return runJob(info.Env(), {from.Get("values")}, [=]() -> Finish {
    const double shift = runStructuralShift(before, after, features);
    return [shift](Napi::Env env) { return Napi::Number::New(env, shift); };
  });
}

/// gateBits({ nGates, depth, firstLayer, units }, patterns, rowWords, nSamples) → Promise<Uint32Array>
Napi::Value gateBits(const Napi::CallbackInfo& info) {
  const Napi::Object from = objectOf(info[0], "gates");
  const HostGates gates{integerOf(from.Get("nGates"), "nGates"), integerOf(from.Get("depth"), "depth"),
                        copyWords(from.Get("firstLayer"), "firstLayer"), copyWords(from.Get("units"), "units")};
  expectLength(info.Env(), "first layers", gates.firstLayer.size(), gates.nGates);
  expectLength(info.Env(), "units of gates", gates.units.size(), static_cast<size_t>(gates.nGates) * gates.depth);
  const int nSamples = integerOf(info[3], "nSamples");
  const auto patterns = patternsOf(info.Env(), info[1], info[2], nSamples);
  return runJob(info.Env(), {}, [=]() -> Finish {
    const auto bits = std::make_shared<std::vector<uint32_t>>(runGateBits(gates, patterns, nSamples));
    return [bits](Napi::Env env) { return toTypedArray<Napi::Uint32Array>(env, *bits); };
  });
}

/// pathNorms(gateWords, nGates, features) → Promise<Float64Array> [nGates, nFeatures + 1]
Napi::Value pathNorms(const Napi::CallbackInfo& info) {
  const auto gates = copyWords(info[0], "gate bits");
  const int nGates = integerOf(info[1], "nGates");
  const Napi::Object from = objectOf(info[2], "features");
  const HostFeatures features = featuresOf(info.Env(), from);
  expectLength(info.Env(), "words of gate bits", gates.size(),
               static_cast<size_t>(features.nSamples) * 2 * ((nGates + 63) / 64));
  return runJob(info.Env(), {from.Get("values")}, [=]() -> Finish {
    const auto norms = std::make_shared<std::vector<double>>(runPathNorms(gates, nGates, features));
    return [norms](Napi::Env env) { return toTypedArray<Napi::Float64Array>(env, *norms); };
  });
}

}  // namespace

void registerConversion(Napi::Env env, Napi::Object exports) {
  exports.Set("activationPatterns", Napi::Function::New(env, activationPatterns));
  exports.Set("totalMass", Napi::Function::New(env, totalMass));
  exports.Set("structuralShift", Napi::Function::New(env, structuralShift));
  exports.Set("gateBits", Napi::Function::New(env, gateBits));
  exports.Set("pathNorms", Napi::Function::New(env, pathNorms));
}

}  // namespace glai::cuda
