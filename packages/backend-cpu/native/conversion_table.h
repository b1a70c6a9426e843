// The entry points of one instruction set. Included by conversion_baseline.cc, _avx2.cc and _avx512.cc.
#pragma once
#include "conversion_error.h"
#include "conversion_forward.h"
#include "conversion_norms.h"

namespace glai {
namespace GLAI_ISA {

template <typename T>
inline const ConversionTable<T>& conversionTable() {
  static constexpr ConversionTable<T> table = {
      patternsScratch<T>, patterns<T>, massScratch<T>,  totalMass<T>,
      normsScratch<T>,    normSums<T>, errorScratch<T>, removedError<T>,
  };
  return table;
}

const ConversionTable<float>& conversionFloat32() { return conversionTable<float>(); }
const ConversionTable<double>& conversionFloat64() { return conversionTable<double>(); }

}  // namespace GLAI_ISA
}  // namespace glai
