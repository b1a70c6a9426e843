#include "linalg.h"
#include "isa.h"

namespace glai {

const LinalgTable<float>& linalg(float) {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return avx512::linalgFloat32();
  if (isa() == Isa::avx2) return avx2::linalgFloat32();
#endif
  return baseline::linalgFloat32();
}

const LinalgTable<double>& linalg(double) {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return avx512::linalgFloat64();
  if (isa() == Isa::avx2) return avx2::linalgFloat64();
#endif
  return baseline::linalgFloat64();
}

}  // namespace glai
