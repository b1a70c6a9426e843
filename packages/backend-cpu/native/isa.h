// Which instruction set the kernels of this process use. A kernel family is compiled once per set, in
// files that end in _baseline.cc, _avx2.cc and _avx512.cc, and picks its table of entry points here.
#pragma once

namespace glai {

enum class Isa { baseline = 0, avx2 = 1, avx512 = 2 };

/// The best set of this machine, or what the environment variable GLAI_INSTRUCTION_SET
/// (baseline, avx2, avx512) asks for when the machine has it. Asked once.
Isa isa();

/// "AVX-512", "AVX2", "SSE2", "NEON", "WASM SIMD128".
const char* isaName();

}  // namespace glai
