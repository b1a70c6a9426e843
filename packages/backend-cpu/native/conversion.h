// The conversion phase: activation patterns, path norms, exact selection, structural shift, total mass.
// conversion_*.h hold the vector kernels, one table per instruction set; conversion_select.cc the
// selection, which is scalar float64 in core's order of operations and so keeps the same set as core.
#pragma once
#include "parallel.h"

namespace glai {

/// An MLP: `W_0, b_0, W_1, b_1, …`, each W_l row-major [n_{l+1}, n_l].
struct ConversionNetwork {
  const uint32_t* sizes;  // [nLayers + 1]
  int64_t nLayers;        // hidden layers + 1
  const void* parameters;
  bool isDouble;
};

/// Features [nSamples, nFeatures], row-major.
struct ConversionSamples {
  const void* values;
  bool isDouble;
  int64_t nSamples, nFeatures;
};

/// Where a pre-activation was NaN; layer −1 when none was.
struct NanPlace {
  int64_t layer = -1, sample = 0, unit = 0;
};

/// What is kept of a network with one hidden layer, as the error kernel reads it: per unit, origins by
/// descending score (with one group: the kept ones, then the others if they are fewer), and per unit and group of
/// outputs how many are kept.
struct KeptPrefixes {
  int64_t nUnits, nOrigins, nOutputs, nGroups, span;
  const uint32_t* origins;    // [nUnits, nOrigins], nOrigins − 1 is the bias
  const uint32_t* counts;     // [nUnits, nGroups]
  const uint8_t* keepsBias;   // [nGroups] whether the group's output biases are kept
};

/// 64 samples per word: bit s of word [unit, w] is the unit's for sample 64 w + s.
struct UnitBits {
  const uint64_t* words;  // [nUnits, nWords]
  int64_t nWords;
};

/// The kernels; T is the precision of the products (the features').
template <typename T>
struct ConversionTable {
  size_t (*patternsScratch)(const ConversionNetwork&, const ConversionSamples&);
  /// words[l]: [nSamples, 2 ceil(n / 64)] bits of hidden layer l; every word is written. `preActivations` is
  /// filled with those of the only hidden layer, [nSamples, n], unless it is null.
  NanPlace (*patterns)(const ConversionNetwork&, const ConversionSamples&, uint32_t* const* words,
                       T* preActivations, void* scratch, const Parallel&);

  size_t (*massScratch)(const ConversionNetwork&, const ConversionSamples&);
  /// MATH.md closed form 2: the mean over samples of the absolute forward pass through their own gates.
  double (*totalMass)(const ConversionNetwork&, const ConversionSamples&, void* scratch, const Parallel&);

  size_t (*normsScratch)(const ConversionSamples&, int64_t nUnits, int nWorkers);
  /// sums[s, i] = Σ over samples, ascending, of open_s |x_i| in float64, [nUnits, nFeatures + 1]; the last
  /// column counts.
  void (*normSums)(const ConversionSamples&, const UnitBits&, int64_t nUnits, double* sums, void* scratch,
                   const Parallel&);

  size_t (*errorScratch)(const ConversionSamples&, const KeptPrefixes&, int nWorkers);
  /// Σ over outputs of the mean over samples of |Σ of the removed paths' contributions|. Computes the
  /// pre-activations where they are null.
  double (*removedError)(const ConversionNetwork&, const ConversionSamples&, const UnitBits&,
                         const KeptPrefixes&, const T* preActivations, void* scratch, const Parallel&);
};

namespace baseline {
const ConversionTable<float>& conversionFloat32();
const ConversionTable<double>& conversionFloat64();
}  // namespace baseline
namespace avx2 {
const ConversionTable<float>& conversionFloat32();
const ConversionTable<double>& conversionFloat64();
}  // namespace avx2
namespace avx512 {
const ConversionTable<float>& conversionFloat32();
const ConversionTable<double>& conversionFloat64();
}  // namespace avx512

/// The table of this machine's instruction set, for the precision of the argument.
const ConversionTable<float>& conversion(float);
const ConversionTable<double>& conversion(double);

}  // namespace glai
