#include <cstdlib>
#include <cstring>
#include "isa.h"

namespace glai {

namespace {

Isa detect() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  const Isa best = avx512 ? Isa::avx512 : avx2 ? Isa::avx2 : Isa::baseline;
  const char* asked = std::getenv("GLAI_INSTRUCTION_SET");
  if (asked == nullptr) return best;
  if (std::strcmp(asked, "baseline") == 0) return Isa::baseline;
  if (std::strcmp(asked, "avx2") == 0 && avx2) return Isa::avx2;
  return best;
#else
  return Isa::baseline;
#endif
}

}  // namespace

Isa isa() {
  static const Isa found = detect();
  return found;
}

const char* isaName() {
#if defined(__x86_64__)
  switch (isa()) {
    case Isa::avx512:
      return "AVX-512";
    case Isa::avx2:
      return "AVX2";
    case Isa::baseline:
      return "SSE2";
  }
#elif defined(__ARM_NEON)
  return "NEON";
#endif
  return "baseline";
}

}  // namespace glai
