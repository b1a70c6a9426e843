// Dense linear algebra for JavaScript. Callers are src/native/linear-algebra.ts, which checks shapes and
// words errors; here every array is measured again, so that no call can read or write out of bounds.
#include <napi.h>
#include <chrono>
#include <memory>
#include "linalg_binding.h"
#include "linalg_run.h"
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace glai {

namespace {

constexpr double kInline = 2e6;  // operations up to which a thread costs more than it takes off the event loop

int64_t sideOf(const Napi::Value& value, const char* what) { return integerOf(value, what, 0, kMaxSide); }

/// nRows × nColumns without overflow: both are at most kMaxSide.
void expectShape(Napi::Env env, const char* what, const Floats& array, int64_t nRows, int64_t nColumns) {
  expectLength(env, what, array.length, static_cast<size_t>(nRows) * static_cast<size_t>(nColumns));
}

/// n rows of n numbers, `ld` apart: the last one may end with the array.
int64_t strideOf(Napi::Env env, const char* what, const Napi::Value& value, const Floats& array, int64_t n) {
  const int64_t ld = integerOf(value, "the row stride", n, kMaxSide);
  const size_t least = n == 0 ? 0 : static_cast<size_t>(n - 1) * static_cast<size_t>(ld) + static_cast<size_t>(n);
  if (array.length < least)
    throw glaiError(env, "bad-argument",
                    "Expected " + std::to_string(least) + " " + what + " or more but received " +
                        std::to_string(array.length) + ".");
  return ld;
}

void expectPrecision(Napi::Env env, const Floats& a, const Floats& b) {
  if (a.isDouble != b.isDouble)
    throw glaiError(env, "bad-argument", "Expected arrays of one precision but received two.");
}

/// Fresh pages of a large result arrive 2 MB at a time: touching them can cost more than the arithmetic.
void adviseHugePages(const Floats& array) {
#if defined(__linux__)
  constexpr uintptr_t kHugePage = uintptr_t{1} << 21;
  const uintptr_t start = reinterpret_cast<uintptr_t>(array.data);
  const uintptr_t end = start + array.length * (array.isDouble ? 8 : 4);
  const uintptr_t first = (start + kHugePage - 1) / kHugePage * kHugePage;
  const uintptr_t last = end / kHugePage * kHugePage;
  if (last > first) madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#else
  (void)array;
#endif
}

/// Runs `work`, whose result is a status of linalg_run.h, here or on a thread; resolves with the status.
Napi::Value runCall(const Napi::CallbackInfo& info, const std::vector<Napi::Value>& keepAlive,
                    double operations, std::function<int64_t()> work) {
  const auto status = std::make_shared<int64_t>(kDone);
  const auto job = [status, work = std::move(work)]() -> JobResult {
    *status = work();
    if (*status != kNoMemory) return {};
    return {"out-of-memory", "Expected memory for the packed copies of a matrix product but none is left."};
  };
  const auto finish = [status](Napi::Env env) -> Napi::Value {
    return Napi::Number::New(env, static_cast<double>(*status));
  };
  if (operations > kInline) return runAsync(info.Env(), keepAlive, job, finish);
  const Napi::Promise::Deferred deferred = Napi::Promise::Deferred::New(info.Env());
  const JobResult result = job();
  if (result.code != nullptr)
    deferred.Reject(glaiError(info.Env(), result.code, result.message).Value());
  else
    deferred.Resolve(finish(info.Env()));
  return deferred.Promise();
}

/// What a gram call points at while it runs.
struct GramArguments {
  std::vector<double> kernel;
  std::vector<int64_t> nWords;  // [nLayers]
  std::vector<const uint32_t*> gatesOfA, gatesOfB;
  KernelSamples a, b;
};

/// { values, nSamples, gates: Uint32Array[] } with `nFeatures` columns and the call's layers.
KernelSamples samplesOf(const Napi::Value& value, const char* what, int64_t nFeatures,
                        const std::vector<int64_t>& nWords, std::vector<const uint32_t*>& gates,
                        std::vector<Napi::Value>& keepAlive) {
  const Napi::Env env = value.Env();
  const Napi::Object object = objectOf(value, what);
  const Napi::Value values = object.Get("values");
  const Floats features = floatsOf(values, what);
  const int64_t nSamples = sideOf(object.Get("nSamples"), "nSamples");
  expectShape(env, "feature values", features, nSamples, nFeatures);
  keepAlive.push_back(values);
  const Napi::Value layers = object.Get("gates");
  if (!layers.IsArray() || layers.As<Napi::Array>().Length() != nWords.size())
    throw glaiError(env, "bad-argument", std::string("Expected one gate matrix per layer in ") + what + ".");
  for (size_t layer = 0; layer < nWords.size(); ++layer) {
    const Napi::Value words = layers.As<Napi::Array>().Get(static_cast<uint32_t>(layer));
    const Napi::Uint32Array bits = uint32Of(words, "gate bits");
    expectLength(env, "gate words", bits.ElementLength(),
                 static_cast<size_t>(nSamples) * static_cast<size_t>(nWords[layer]));
    gates.push_back(bits.Data());
    keepAlive.push_back(words);
  }
  return {features.data, features.isDouble, nSamples, nFeatures, gates.data(), nWords.data()};
}

/// linalgGram(kernel: Float64Array, nWords: Uint32Array, nFeatures, a, b | null, out, threads)
Napi::Value gram(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto arguments = std::make_shared<GramArguments>();
  const Napi::Float64Array kernel = float64Of(info[0], "kernel");
  const Napi::Uint32Array nWords = uint32Of(info[1], "nWords");
  arguments->kernel.assign(kernel.Data(), kernel.Data() + kernel.ElementLength());
  arguments->nWords.assign(nWords.Data(), nWords.Data() + nWords.ElementLength());
  expectLength(env, "kernel constants", kernel.ElementLength(), kKernelHeader + nWords.ElementLength());
  if (!(kernel[0] >= 0 && kernel[0] <= 3))
    throw glaiError(env, "bad-argument", "Expected a kernel kind in 0..3.");
  const int64_t nFeatures = sideOf(info[2], "nFeatures");
  std::vector<Napi::Value> keepAlive{info[5]};
  arguments->a = samplesOf(info[3], "a", nFeatures, arguments->nWords, arguments->gatesOfA, keepAlive);
  const bool isSymmetric = info[4].IsNull() || info[4].IsUndefined();
  if (!isSymmetric)
    arguments->b = samplesOf(info[4], "b", nFeatures, arguments->nWords, arguments->gatesOfB, keepAlive);
  const int64_t m = arguments->a.nSamples, n = isSymmetric ? m : arguments->b.nSamples;
  const Floats out = floatsOf(info[5], "out");
  expectShape(env, "entries of the Gram matrix", out, m, n);
  adviseHugePages(out);
  const Parallel parallel = threadsOf(info[6]);
  const double operations = static_cast<double>(m) * static_cast<double>(n) * (2.0 * nFeatures + 60.0);
  return runCall(info, keepAlive, operations, [arguments, isSymmetric, out, parallel] {
    const KernelFunction function =
        kernelFrom(arguments->kernel.data(), static_cast<int32_t>(arguments->nWords.size()));
    return runGram(function, arguments->a, isSymmetric ? nullptr : &arguments->b, out.isDouble, out.data,
                   parallel);
  });
}

/// linalgCrossProduct(a, nRows, nColumns, out, threads)
Napi::Value crossProduct(const Napi::CallbackInfo& info) {
  const Floats a = floatsOf(info[0], "a"), out = floatsOf(info[3], "out");
  const int64_t nRows = sideOf(info[1], "nRows"), nColumns = sideOf(info[2], "nColumns");
  expectShape(info.Env(), "entries of a", a, nRows, nColumns);
  expectShape(info.Env(), "entries of AᵀA", out, nColumns, nColumns);
  adviseHugePages(out);
  const Parallel parallel = threadsOf(info[4]);
  return runCall(info, {info[0], info[3]}, 1.0 * nRows * nColumns * nColumns, [=] {
    return runCrossProduct(a.data, a.isDouble, nRows, nColumns, out.isDouble, out.data, parallel);
  });
}

/// linalgMultiply(a, b, m, depth, n, diagonal, out, threads)
Napi::Value multiply(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Floats a = floatsOf(info[0], "a"), b = floatsOf(info[1], "b"), out = floatsOf(info[6], "out");
  const int64_t m = sideOf(info[2], "m"), depth = sideOf(info[3], "depth"), n = sideOf(info[4], "n");
  const double diagonal = numberOf(info[5], "diagonal");
  expectShape(env, "entries of a", a, m, depth);
  expectShape(env, "entries of b", b, depth, n);
  expectShape(env, "entries of A·B", out, m, n);
  expectPrecision(env, a, b);
  expectPrecision(env, a, out);
  if (diagonal != 0 && m != depth)
    throw glaiError(env, "bad-argument", "Expected a square matrix for a diagonal.");
  const Parallel parallel = threadsOf(info[7]);
  return runCall(info, {info[0], info[1], info[6]}, 2.0 * m * depth * n, [=] {
    return runMultiply(a.data, b.data, m, depth, n, diagonal, a.isDouble, out.data, parallel);
  });
}

/// linalgCholesky(a, n, ld, diagonal, threads)
Napi::Value cholesky(const Napi::CallbackInfo& info) {
  const Floats a = floatsOf(info[0], "a");
  const int64_t n = sideOf(info[1], "n");
  const int64_t ld = strideOf(info.Env(), "entries of a", info[2], a, n);
  const double diagonal = numberOf(info[3], "diagonal");
  const Parallel parallel = threadsOf(info[4]);
  return runCall(info, {info[0]}, 1.0 / 3 * n * n * n,
                 [=] { return runCholesky(a.data, n, ld, diagonal, a.isDouble, parallel); });
}

/// linalgSolve(factor, n, ld, b, m, what, threads); what: 0 L X = B, 1 Lᵀ X = B, 2 L Lᵀ X = B
Napi::Value solve(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Floats factor = floatsOf(info[0], "factor"), b = floatsOf(info[3], "b");
  const int64_t n = sideOf(info[1], "n"), m = sideOf(info[4], "m");
  const int64_t ld = strideOf(env, "entries of the factor", info[2], factor, n);
  const Solve what = static_cast<Solve>(integerOf(info[5], "what", 0, 2));
  expectShape(env, "entries of b", b, n, m);
  expectPrecision(env, factor, b);
  const Parallel parallel = threadsOf(info[6]);
  return runCall(info, {info[0], info[3]}, 2.0 * n * n * m, [=] {
    return runSolve(factor.data, n, ld, b.data, m, what, factor.isDouble, parallel);
  });
}

/// linalgTriangular(factor, n, ld, b, m, transposed, out, threads)
Napi::Value triangular(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Floats factor = floatsOf(info[0], "factor"), b = floatsOf(info[3], "b"), out = floatsOf(info[6], "out");
  const int64_t n = sideOf(info[1], "n"), m = sideOf(info[4], "m");
  const int64_t ld = strideOf(env, "entries of the factor", info[2], factor, n);
  const bool transposed = info[5].ToBoolean();
  expectShape(env, "entries of b", b, n, m);
  expectShape(env, "entries of the product", out, n, m);
  expectPrecision(env, factor, b);
  expectPrecision(env, factor, out);
  const Parallel parallel = threadsOf(info[7]);
  return runCall(info, {info[0], info[3], info[6]}, 1.0 * n * n * m, [=] {
    return runTriangular(factor.data, n, ld, b.data, m, transposed, factor.isDouble, out.data, parallel);
  });
}

template <typename T>
double peakOf() {
  constexpr int64_t kSteps = 100000;  // under a millisecond: some round runs undisturbed
  double best = 0;
  volatile T sink = 0;
  for (int round = 0; round < 50; ++round) {
    const auto start = std::chrono::steady_clock::now();
    sink = linalg(T()).multiplyAddLoop(kSteps);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const double rate = static_cast<double>(kSteps * linalg(T()).peakOperations) / seconds.count();
    if (rate > best) best = rate;
  }
  (void)sink;
  return best;
}

/// linalgPeak(isDouble): multiply-adds per second ·2 that one thread reaches in registers, for benchmarks.
Napi::Value peak(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), info[0].ToBoolean() ? peakOf<double>() : peakOf<float>());
}

}  // namespace

}  // namespace glai

void register_linalg(Napi::Env env, Napi::Object exports) {
  using namespace glai;
  exports.Set("linalgCholesky", Napi::Function::New(env, cholesky));
  exports.Set("linalgCrossProduct", Napi::Function::New(env, crossProduct));
  exports.Set("linalgGram", Napi::Function::New(env, gram));
  exports.Set("linalgMultiply", Napi::Function::New(env, multiply));
  exports.Set("linalgPeak", Napi::Function::New(env, peak));
  exports.Set("linalgSolve", Napi::Function::New(env, solve));
  exports.Set("linalgTriangular", Napi::Function::New(env, triangular));
}
