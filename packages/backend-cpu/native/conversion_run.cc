#include "conversion_run.h"

namespace glai {

int64_t parameterCount(const uint32_t* sizes, int64_t nLayers) {
  int64_t count = 0;
  for (int64_t l = 0; l < nLayers; ++l) count += (sizes[l] + int64_t{1}) * sizes[l + 1];
  return count;
}

namespace {

template <typename T>
bool allFiniteOf(const T* values, int64_t n) {
  T part[16] = {};  // x − x is 0, or NaN for NaN and infinities
  int64_t i = 0;
  for (; i + 16 <= n; i += 16)
    for (int q = 0; q < 16; ++q) part[q] += values[i + q] - values[i + q];
  for (; i < n; ++i) part[0] += values[i] - values[i];
  for (const T sum : part)
    if (sum != T(0)) return false;
  return true;
}

bool areFinite(const ConversionNetwork& network, const ConversionSamples& samples) {
  return allFinite(network.parameters, network.isDouble, parameterCount(network.sizes, network.nLayers)) &&
         allFinite(samples.values, samples.isDouble, samples.nSamples * samples.nFeatures);
}

template <typename T>
int64_t patternsOf(const ConversionNetwork& network, const ConversionSamples& samples,
                   uint32_t* const* words, T* preActivations, NanPlace& place, const Parallel& parallel) {
  const ConversionTable<T>& kernels = conversion(T());
  Array<char> scratch;
  if (!scratch.resize(kernels.patternsScratch(network, samples))) return kSelectNoMemory;
  place = kernels.patterns(network, samples, words, preActivations, scratch.data(), parallel);
  return kSelected;
}

constexpr double kPreActivationBytes = 1 << 25;  // more are computed a second time instead of kept

template <typename T>
int64_t convertOf(const ConversionNetwork& network, const ConversionSamples& samples, uint32_t* words,
                  const SelectRequest& request, Selected& out, NanPlace& place, const Parallel& parallel) {
  const int64_t n = samples.nSamples * network.sizes[1];
  const double bytes = static_cast<double>(n) * sizeof(T);
  Array<T> preActivations;
  const bool isKept = bytes <= kPreActivationBytes && 8 * bytes <= request.memoryLimit && preActivations.resize(n);
  T* const kept = isKept ? preActivations.data() : nullptr;
  const int64_t status = patternsOf<T>(network, samples, &words, kept, place, parallel);
  if (status != kSelected) return status;
  if (place.layer >= 0) return kSelectNan;
  if (!areFinite(network, samples)) return kSelectNotFinite;
  return selectPaths(network, samples, words, kept, request, out, parallel);
}

template <typename T>
int64_t massOf(const ConversionNetwork& network, const ConversionSamples& samples, double& mass,
               const Parallel& parallel) {
  const ConversionTable<T>& kernels = conversion(T());
  Array<char> scratch;
  if (!scratch.resize(kernels.massScratch(network, samples))) return kSelectNoMemory;
  mass = kernels.totalMass(network, samples, scratch.data(), parallel);
  return kSelected;
}

int64_t countBits(const uint32_t* words, int64_t nWords) {
  int64_t count = 0;
  for (int64_t w = 0; w < nWords; ++w) count += __builtin_popcount(words[w]);
  return count;
}

int64_t countCommon(const uint32_t* a, const uint32_t* b, int64_t nWords) {
  int64_t count = 0;
  for (int64_t w = 0; w < nWords; ++w) count += __builtin_popcount(a[w] & b[w]);
  return count;
}

double sampleNorm(const ConversionSamples& samples, int64_t sample) {
  double norm = 0;  // ‖x‖₁, ascending as in core
  for (int64_t at = sample * samples.nFeatures; at < (sample + 1) * samples.nFeatures; ++at)
    norm += __builtin_fabs(samples.isDouble ? static_cast<const double*>(samples.values)[at]
                                            : static_cast<const float*>(samples.values)[at]);
  return norm;
}

}  // namespace

bool allFinite(const void* values, bool isDouble, int64_t n) {
  return isDouble ? allFiniteOf(static_cast<const double*>(values), n)
                  : allFiniteOf(static_cast<const float*>(values), n);
}

int64_t runPatterns(const ConversionNetwork& network, const ConversionSamples& samples,
                    uint32_t* const* words, NanPlace& place, const Parallel& parallel) {
  return samples.isDouble ? patternsOf<double>(network, samples, words, nullptr, place, parallel)
                          : patternsOf<float>(network, samples, words, nullptr, place, parallel);
}

int64_t runTotalMass(const ConversionNetwork& network, const ConversionSamples& samples, double& mass,
                     const Parallel& parallel) {
  if (!areFinite(network, samples)) return kSelectNotFinite;
  return samples.isDouble ? massOf<double>(network, samples, mass, parallel)
                          : massOf<float>(network, samples, mass, parallel);
}

int64_t runSelect(const ConversionNetwork& network, const ConversionSamples& samples,
                  const uint32_t* words, const SelectRequest& request, Selected& out,
                  const Parallel& parallel) {
  if (!areFinite(network, samples)) return kSelectNotFinite;
  return selectPaths(network, samples, words, nullptr, request, out, parallel);
}

int64_t runConvert(const ConversionNetwork& network, const ConversionSamples& samples, uint32_t* words,
                   const SelectRequest& request, Selected& out, NanPlace& place, const Parallel& parallel) {
  return samples.isDouble ? convertOf<double>(network, samples, words, request, out, place, parallel)
                          : convertOf<float>(network, samples, words, request, out, place, parallel);
}

int64_t runShift(const uint32_t* const* before, const uint32_t* const* after, const uint32_t* widths,
                 int64_t nHidden, const ConversionSamples& samples, double& shift,
                 const Parallel& parallel) {
  constexpr int64_t kRowsPerTask = 256;
  Array<double> terms;
  if (!terms.resize(samples.nSamples)) return kSelectNoMemory;
  fork(parallel, (samples.nSamples + kRowsPerTask - 1) / kRowsPerTask, [&](int64_t task, int) {
    const int64_t end = (task + 1) * kRowsPerTask;
    for (int64_t sample = task * kRowsPerTask; sample < end && sample < samples.nSamples; ++sample) {
      double active = 1, activeAfter = 1, both = 1;  // Π_{l ≥ k}, for k from L down to 1
      double differing = 0;                          // gates of bias paths: Σ_k
      for (int64_t l = nHidden - 1; l >= 0; --l) {
        const int64_t nWords = 2 * ((int64_t{widths[l]} + 63) / 64);
        const uint32_t *a = before[l] + sample * nWords, *b = after[l] + sample * nWords;
        active *= static_cast<double>(countBits(a, nWords));
        activeAfter *= static_cast<double>(countBits(b, nWords));
        both *= static_cast<double>(countCommon(a, b, nWords));
        differing += active + activeAfter - 2 * both;
      }
      // Now the products run over all layers: the gates of paths from the inputs.
      terms[sample] = differing + sampleNorm(samples, sample) * (active + activeAfter - 2 * both);
    }
  });
  shift = 0;
  for (int64_t sample = 0; sample < samples.nSamples; ++sample) shift += terms[sample];
  return kSelected;
}

}  // namespace glai
