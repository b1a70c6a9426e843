// Whole calls of the conversion: bring scratch, pick the instruction set and the precision (the features').
// What the addon's binding and the WASM exports share. Statuses are those of conversion_select.h.
#pragma once
#include "conversion_select.h"

namespace glai {

/// Parameters of the sizes: Σ (n_l + 1) n_{l+1}.
int64_t parameterCount(const uint32_t* sizes, int64_t nLayers);

/// True when no value is NaN or infinite.
bool allFinite(const void* values, bool isDouble, int64_t n);

/// words[l]: [nSamples, 2 ceil(n_l / 64)] of each hidden layer.
int64_t runPatterns(const ConversionNetwork&, const ConversionSamples&, uint32_t* const* words, NanPlace&,
                    const Parallel&);

int64_t runTotalMass(const ConversionNetwork&, const ConversionSamples&, double& mass, const Parallel&);

/// `selectPaths` after a check of all numbers.
int64_t runSelect(const ConversionNetwork&, const ConversionSamples&, const uint32_t* words,
                  const SelectRequest&, Selected&, const Parallel&);

/// `runPatterns`, then `runSelect`: the pre-activations are computed once for both where they fit.
int64_t runConvert(const ConversionNetwork&, const ConversionSamples&, uint32_t* words, const SelectRequest&,
                   Selected&, NanPlace&, const Parallel&);

/// MATH.md closed form 1, summed over samples: Σ_k Σ (Π a + Π a' − 2 Π b) with the weights of the origins; the
/// caller divides. widths[l]: units of hidden layer l. NaN or infinite when a feature is.
int64_t runShift(const uint32_t* const* before, const uint32_t* const* after, const uint32_t* widths,
                 int64_t nHidden, const ConversionSamples&, double& shift, const Parallel&);

}  // namespace glai
