// The conversion phase for JavaScript. Callers are src/native/conversion.ts, which checks shapes and words
// errors; here every array is measured again, so that no call can read or write out of bounds.
#include <napi.h>
#include <cstring>
#include <memory>
#include "conversion_run.h"
#include "linalg_binding.h"

namespace glai {

namespace {

/// What a call points at while it runs.
struct Arguments {
  std::vector<uint32_t> sizes;  // [nLayers + 1]
  ConversionNetwork network{};
  ConversionSamples samples{};
  std::vector<uint32_t*> words;  // per hidden layer
  std::vector<uint32_t*> wordsAfter;
  Parallel parallel{};
  std::vector<Napi::Value> keepAlive;
};

int64_t wordsPerRow(int64_t nUnits) { return 2 * ((nUnits + 63) / 64); }

void takeSizes(const Napi::Value& value, size_t least, Arguments& arguments) {
  const Napi::Uint32Array sizes = uint32Of(value, "sizes");
  arguments.sizes.assign(sizes.Data(), sizes.Data() + sizes.ElementLength());
  bool isValid = arguments.sizes.size() >= least && arguments.sizes.size() <= 256;
  for (const uint32_t size : arguments.sizes) isValid = isValid && size > 0 && size < (uint32_t{1} << 24);
  if (!isValid) throw glaiError(value.Env(), "bad-argument", "Expected positive sizes of a network.");
}

void takeNetwork(const Napi::Value& sizes, const Napi::Value& parameters, size_t least,
                 Arguments& arguments) {
  takeSizes(sizes, least, arguments);
  const Floats values = floatsOf(parameters, "parameters");
  const int64_t nLayers = static_cast<int64_t>(arguments.sizes.size()) - 1;
  expectLength(sizes.Env(), "parameters", values.length,
               static_cast<size_t>(parameterCount(arguments.sizes.data(), nLayers)));
  arguments.network = {arguments.sizes.data(), nLayers, values.data, values.isDouble};
  arguments.keepAlive.push_back(parameters);
}

void takeSamples(const Napi::Value& values, const Napi::Value& nSamples, int64_t nFeatures,
                 Arguments& arguments) {
  const Floats floats = floatsOf(values, "features");
  const int64_t n = integerOf(nSamples, "nSamples", 1, kMaxSide);
  expectLength(values.Env(), "feature values", floats.length,
               static_cast<size_t>(n) * static_cast<size_t>(nFeatures));
  arguments.samples = {floats.data, floats.isDouble, n, nFeatures};
  arguments.keepAlive.push_back(values);
}

/// One Uint32Array [nSamples, wordsPerRow] per hidden layer.
std::vector<uint32_t*> takeWords(const Napi::Value& value, const uint32_t* widths, size_t nHidden,
                                 Arguments& arguments) {
  if (!value.IsArray() || value.As<Napi::Array>().Length() != nHidden)
    throw glaiError(value.Env(), "bad-argument", "Expected one array of words per hidden layer.");
  std::vector<uint32_t*> words;
  for (size_t l = 0; l < nHidden; ++l) {
    const Napi::Value layer = value.As<Napi::Array>().Get(static_cast<uint32_t>(l));
    Napi::Uint32Array bits = uint32Of(layer, "words");
    expectLength(value.Env(), "words", bits.ElementLength(),
                 static_cast<size_t>(arguments.samples.nSamples) * static_cast<size_t>(wordsPerRow(widths[l])));
    words.push_back(bits.Data());
    arguments.keepAlive.push_back(layer);
  }
  return words;
}

JobResult resultOf(int64_t status) {
  if (status != kSelectNoMemory) return {};
  return {"out-of-memory", "Expected memory for the conversion but none is left."};
}

Napi::Float64Array numbers(Napi::Env env, std::initializer_list<double> values) {
  Napi::Float64Array array = Napi::Float64Array::New(env, values.size());
  size_t i = 0;
  for (const double value : values) array[i++] = value;
  return array;
}

Napi::Float64Array placeOf(Napi::Env env, const NanPlace& place) {
  return numbers(env, {static_cast<double>(place.layer), static_cast<double>(place.sample),
                       static_cast<double>(place.unit)});
}

/// `work` here and now when it is short, else on another thread.
Napi::Value run(Napi::Env env, bool isShort, const std::vector<Napi::Value>& keepAlive,
                std::function<JobResult()> work, std::function<Napi::Value(Napi::Env)> finish) {
  if (isShort) return runHere(env, work, finish);
  return runAsync(env, keepAlive, std::move(work), std::move(finish));
}

/// conversionPatterns(sizes, parameters, features, nSamples, words: Uint32Array[], threads, isShort): gives
/// [layer, sample, unit] of the first NaN, layer −1 when there is none; a promise unless it is short.
Napi::Value patterns(const Napi::CallbackInfo& info) {
  const auto arguments = std::make_shared<Arguments>();
  takeNetwork(info[0], info[1], 3, *arguments);
  takeSamples(info[2], info[3], arguments->sizes[0], *arguments);
  arguments->words = takeWords(info[4], arguments->sizes.data() + 1, arguments->sizes.size() - 2, *arguments);
  arguments->parallel = threadsOf(info[5]);
  const auto place = std::make_shared<NanPlace>();
  const auto keepAlive = std::move(arguments->keepAlive);
  return run(
      info.Env(), info[6].ToBoolean(), keepAlive,
      [arguments, place] {
        return resultOf(runPatterns(arguments->network, arguments->samples, arguments->words.data(), *place,
                                    arguments->parallel));
      },
      [place](Napi::Env env) -> Napi::Value { return placeOf(env, *place); });
}

/// conversionTotalMass(sizes, parameters, features, nSamples, threads): [status, mass]
Napi::Value totalMass(const Napi::CallbackInfo& info) {
  const auto arguments = std::make_shared<Arguments>();
  takeNetwork(info[0], info[1], 3, *arguments);
  takeSamples(info[2], info[3], arguments->sizes[0], *arguments);
  arguments->parallel = threadsOf(info[4]);
  const auto found = std::make_shared<std::pair<int64_t, double>>(kSelected, 0);
  const auto keepAlive = std::move(arguments->keepAlive);
  return runAsync(
      info.Env(), keepAlive,
      [arguments, found] {
        found->first =
            runTotalMass(arguments->network, arguments->samples, found->second, arguments->parallel);
        return resultOf(found->first);
      },
      [found](Napi::Env env) -> Napi::Value {
        return numbers(env, {static_cast<double>(found->first), found->second});
      });
}

/// conversionShift(before: Uint32Array[], after: Uint32Array[], widths, features, nSamples, nFeatures, threads)
Napi::Value shift(const Napi::CallbackInfo& info) {
  const auto arguments = std::make_shared<Arguments>();
  takeSizes(info[2], 1, *arguments);
  takeSamples(info[3], info[4], integerOf(info[5], "nFeatures", 1, kMaxSide), *arguments);
  const size_t nHidden = arguments->sizes.size();
  arguments->words = takeWords(info[0], arguments->sizes.data(), nHidden, *arguments);
  arguments->wordsAfter = takeWords(info[1], arguments->sizes.data(), nHidden, *arguments);
  arguments->parallel = threadsOf(info[6]);
  const auto sum = std::make_shared<double>(0);
  const auto keepAlive = std::move(arguments->keepAlive);
  return runAsync(
      info.Env(), keepAlive,
      [arguments, sum] {
        return resultOf(runShift(arguments->words.data(), arguments->wordsAfter.data(),
                                 arguments->sizes.data(), static_cast<int64_t>(arguments->sizes.size()),
                                 arguments->samples, *sum, arguments->parallel));
      },
      [sum](Napi::Env env) -> Napi::Value { return Napi::Number::New(env, *sum); });
}

template <typename JsArray, typename T>
JsArray copied(Napi::Env env, const Array<T>& from, int64_t n) {
  JsArray array = JsArray::New(env, static_cast<size_t>(n));
  if (n > 0) std::memcpy(array.Data(), from.data(), static_cast<size_t>(n) * sizeof(T));
  return array;
}

struct Selection {
  SelectRequest request{};
  Selected selected;
  NanPlace nan;
  int64_t status = kSelected;
};

/// Positions of slabs, ascending; leaves the request as it is where there are none.
void takeChosen(const Napi::Value& value, Arguments& arguments, SelectRequest& request) {
  if (value.IsUndefined()) return;
  const Napi::Uint32Array chosen = uint32Of(value, "chosen");
  const int64_t n = static_cast<int64_t>(chosen.ElementLength());
  const int64_t end = int64_t{arguments.sizes[1]} * (arguments.sizes[0] + int64_t{1}) + 1;
  bool isValid = n > 0 && request.isKeep && request.span == arguments.sizes[2];
  for (int64_t i = 0; isValid && i < n; ++i)
    isValid = chosen.Data()[i] < end && (i == 0 || chosen.Data()[i - 1] < chosen.Data()[i]);
  if (!isValid) throw glaiError(value.Env(), "bad-argument", "Expected chosen slabs in ascending order.");
  request.chosen = chosen.Data();
  request.nChosen = n;
  arguments.keepAlive.push_back(value);
}

Napi::Object selectionOf(Napi::Env env, const Selection& selection) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("status", Napi::Number::New(env, static_cast<double>(selection.status)));
  if (selection.status == kSelectNan) result.Set("numbers", placeOf(env, selection.nan));
  if (selection.status != kSelected) return result;
  const Selected& s = selection.selected;
  result.Set("numbers",
             numbers(env, {static_cast<double>(s.kept), s.totalMass, s.keptMass, s.bound, s.measuredError}));
  result.Set("gateUnits", copied<Napi::Uint32Array>(env, s.gateUnits, s.nGates));
  result.Set("gateOf", copied<Napi::Uint32Array>(env, s.gateOf, s.nBlocks));
  result.Set("originOf", copied<Napi::Uint32Array>(env, s.originOf, s.nBlocks));
  result.Set("outputOf", copied<Napi::Uint32Array>(env, s.outputOf, s.nBlocks));
  result.Set("weights", copied<Napi::Float64Array>(env, s.weights, s.nPaths));
  return result;
}

/// conversionSelect(sizes, parameters, features, nSamples, words, span, keep (−1: by error), maxError, isRelative,
/// linearSkip, memoryLimit, threads, isShort, chosen (slabs by position, instead of a ranking; or nothing)): { status, numbers: [kept, totalMass, keptMass, bound,
/// measuredError], gateUnits, … }, a promise unless it is short. conversionConvert has the same arguments and fills
/// `words` first; where a pre-activation is NaN, `numbers` is its place.
template <bool fillsWords>
Napi::Value selectBlocks(const Napi::CallbackInfo& info) {
  const auto arguments = std::make_shared<Arguments>();
  takeNetwork(info[0], info[1], 3, *arguments);
  if (arguments->sizes.size() != 3)
    throw glaiError(info.Env(), "bad-argument", "Expected a network with one hidden layer.");
  takeSamples(info[2], info[3], arguments->sizes[0], *arguments);
  Napi::Array layers = Napi::Array::New(info.Env(), 1);
  layers.Set(uint32_t{0}, info[4]);
  arguments->words = takeWords(layers, arguments->sizes.data() + 1, 1, *arguments);
  const auto selection = std::make_shared<Selection>();
  const int64_t keep = integerOf(info[6], "keep", -1, int64_t{1} << 53);
  selection->request = {integerOf(info[5], "span", 1, arguments->sizes[2]),
                        keep >= 0,
                        keep,
                        numberOf(info[7], "maxError"),
                        info[8].ToBoolean().Value(),
                        info[9].ToBoolean().Value(),
                        numberOf(info[10], "memoryLimit")};
  arguments->parallel = threadsOf(info[11]);
  takeChosen(info[13], *arguments, selection->request);
  if (keep < 0 && !(selection->request.maxError >= 0))
    throw glaiError(info.Env(), "bad-argument", "Expected a budget: keep ≥ 0 or maxError ≥ 0.");
  if (keep < 0 && selection->request.isRelative)
    throw glaiError(info.Env(), "bad-argument", "Expected a budget in paths for the relative ranking.");
  const auto keepAlive = std::move(arguments->keepAlive);
  return run(
      info.Env(), info[12].ToBoolean(), keepAlive,
      [arguments, selection] {
        const Arguments& a = *arguments;
        selection->status =
            fillsWords ? runConvert(a.network, a.samples, a.words[0], selection->request, selection->selected,
                                    selection->nan, a.parallel)
                       : runSelect(a.network, a.samples, a.words[0], selection->request, selection->selected,
                                   a.parallel);
        return resultOf(selection->status);
      },
      [selection](Napi::Env env) -> Napi::Value { return selectionOf(env, *selection); });
}

}  // namespace

}  // namespace glai

void register_conversion(Napi::Env env, Napi::Object exports) {
  using namespace glai;
  exports.Set("conversionConvert", Napi::Function::New(env, selectBlocks<true>));
  exports.Set("conversionPatterns", Napi::Function::New(env, patterns));
  exports.Set("conversionSelect", Napi::Function::New(env, selectBlocks<false>));
  exports.Set("conversionShift", Napi::Function::New(env, shift));
  exports.Set("conversionTotalMass", Napi::Function::New(env, totalMass));
}
