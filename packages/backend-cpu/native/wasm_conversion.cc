// Exports of the conversion. Addresses are byte offsets. `precision`: bit 0 set when the features are float64,
// bit 1 when the parameters are. Statuses are those of conversion_select.h.
#include "conversion_run.h"
#include "memory.h"
#include "wasm_export.h"

using namespace glai;

inline void* operator new(size_t, void* at) noexcept { return at; }  // there is no <new>

namespace {

ConversionNetwork networkOf(int32_t precision, const uint32_t* sizes, int32_t nLayers,
                            const void* parameters) {
  return {sizes, nLayers, parameters, (precision & 2) != 0};
}

template <typename T>
double addressOf(const Array<T>& array) {
  return static_cast<double>(reinterpret_cast<size_t>(array.data()));
}

}  // namespace

/// place: [3] layer, sample, unit of the first NaN; layer −1 when there is none.
GLAI_EXPORT(conversion_patterns)
int32_t conversion_patterns(int32_t precision, const uint32_t* sizes, int32_t nLayers,
                            const void* parameters, const void* features, int32_t nSamples,
                            uint32_t* const* words, double* place, int32_t threads) {
  const ConversionSamples samples{features, (precision & 1) != 0, nSamples, sizes[0]};
  NanPlace found;
  const int64_t status =
      runPatterns(networkOf(precision, sizes, nLayers, parameters), samples, words, found, workers(threads));
  place[0] = static_cast<double>(found.layer);
  place[1] = static_cast<double>(found.sample);
  place[2] = static_cast<double>(found.unit);
  return static_cast<int32_t>(status);
}

GLAI_EXPORT(conversion_total_mass)
int32_t conversion_total_mass(int32_t precision, const uint32_t* sizes, int32_t nLayers,
                              const void* parameters, const void* features, int32_t nSamples,
                              double* mass, int32_t threads) {
  const ConversionSamples samples{features, (precision & 1) != 0, nSamples, sizes[0]};
  return static_cast<int32_t>(
      runTotalMass(networkOf(precision, sizes, nLayers, parameters), samples, *mass, workers(threads)));
}

/// `chosen`: positions of slabs, instead of a ranking. `fillsWords`: words are the patterns, which are computed first. out: [14] nGates, nBlocks, nPaths, kept, totalMass, keptMass, bound, measuredError, the addresses of gateUnits,
/// gateOf, originOf, outputOf and weights, and the handle that `conversion_release` frees them by (0: none). Where a
/// pre-activation is NaN it begins with its layer, sample and unit.
GLAI_EXPORT(conversion_select)
int32_t conversion_select(int32_t precision, const uint32_t* sizes, const void* parameters,
                          const void* features, int32_t nSamples, uint32_t* words, int32_t fillsWords, int32_t span,
                          double keep, double maxError, int32_t isRelative, int32_t linearSkip,
                          double memoryLimit, const uint32_t* chosen, int32_t nChosen, double* out,
                          int32_t threads) {
  const ConversionSamples samples{features, (precision & 1) != 0, nSamples, sizes[0]};
  const SelectRequest request{span,     keep >= 0,       static_cast<int64_t>(keep),
                              maxError, isRelative != 0, linearSkip != 0,
                              memoryLimit,
                              nChosen > 0 ? chosen : nullptr,
                              nChosen};
  out[13] = 0;
  void* const memory = allocate(sizeof(Selected));
  if (memory == nullptr) return static_cast<int32_t>(kSelectNoMemory);
  Selected& selected = *new (memory) Selected;
  const ConversionNetwork network = networkOf(precision, sizes, 2, parameters);
  NanPlace nan;
  const int64_t status =
      fillsWords != 0 ? runConvert(network, samples, words, request, selected, nan, workers(threads))
                      : runSelect(network, samples, words, request, selected, workers(threads));
  const double values[] = {static_cast<double>(selected.nGates),
                           static_cast<double>(selected.nBlocks),
                           static_cast<double>(selected.nPaths),
                           static_cast<double>(selected.kept),
                           selected.totalMass,
                           selected.keptMass,
                           selected.bound,
                           selected.measuredError,
                           addressOf(selected.gateUnits),
                           addressOf(selected.gateOf),
                           addressOf(selected.originOf),
                           addressOf(selected.outputOf),
                           addressOf(selected.weights),
                           static_cast<double>(reinterpret_cast<size_t>(memory))};
  for (int i = 0; i < 14; ++i) out[i] = values[i];
  if (status != kSelectNan) return static_cast<int32_t>(status);
  out[0] = static_cast<double>(nan.layer);
  out[1] = static_cast<double>(nan.sample);
  out[2] = static_cast<double>(nan.unit);
  return static_cast<int32_t>(status);
}

GLAI_EXPORT(conversion_release) void conversion_release(Selected* selected) {
  if (selected == nullptr) return;
  selected->~Selected();
  release(selected);
}

GLAI_EXPORT(conversion_shift)
int32_t conversion_shift(int32_t precision, const uint32_t* const* before, const uint32_t* const* after,
                         const uint32_t* widths, int32_t nHidden, const void* features, int32_t nSamples,
                         int32_t nFeatures, double* shift, int32_t threads) {
  const ConversionSamples samples{features, (precision & 1) != 0, nSamples, nFeatures};
  return static_cast<int32_t>(runShift(before, after, widths, nHidden, samples, *shift, workers(threads)));
}
