#include "conversion.h"
#include "isa.h"

namespace glai {

const ConversionTable<float>& conversion(float) {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return avx512::conversionFloat32();
  if (isa() == Isa::avx2) return avx2::conversionFloat32();
#endif
  return baseline::conversionFloat32();
}

const ConversionTable<double>& conversion(double) {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return avx512::conversionFloat64();
  if (isa() == Isa::avx2) return avx2::conversionFloat64();
#endif
  return baseline::conversionFloat64();
}

}  // namespace glai
