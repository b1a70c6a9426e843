// Vectors and the shape of the register tile. This header and the other linalg_*, gram_* and
// conversion_* kernel headers are compiled once per instruction set, each time in a namespace of its
// own (GLAI_ISA), so that the linker can never hand AVX-512 code to a machine without it.
// Plain GCC/clang vector extensions; the few operations they lack are at the end.
#pragma once
#include <stddef.h>
#include <stdint.h>

#if !defined(GLAI_ISA) || !defined(GLAI_VECTOR_BYTES)
#error "Define GLAI_ISA and GLAI_VECTOR_BYTES first: see linalg_baseline.cc"
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

#define GLAI_INLINE inline __attribute__((always_inline))

namespace glai {
namespace GLAI_ISA {

constexpr int kVectorBytes = GLAI_VECTOR_BYTES;

template <typename T>
struct VectorOf;
template <>
struct VectorOf<float> {
  typedef float type __attribute__((vector_size(GLAI_VECTOR_BYTES), may_alias));
  typedef float loose __attribute__((vector_size(GLAI_VECTOR_BYTES), may_alias, aligned(4)));
  typedef int32_t mask __attribute__((vector_size(GLAI_VECTOR_BYTES), may_alias));
  using Int = int32_t;
};
template <>
struct VectorOf<double> {
  typedef double type __attribute__((vector_size(GLAI_VECTOR_BYTES), may_alias));
  typedef double loose __attribute__((vector_size(GLAI_VECTOR_BYTES), may_alias, aligned(8)));
  typedef int64_t mask __attribute__((vector_size(GLAI_VECTOR_BYTES), may_alias));
  using Int = int64_t;
};
template <typename T>
using Vec = typename VectorOf<T>::type;
template <typename T>
using Mask = typename VectorOf<T>::mask;
template <typename T>
constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(T));

// The register tile: kTileRows rows × kTileVectors vectors of accumulators, one broadcast at a time.
//   AVX2, SSE2, WASM: 16 registers → 6 × 2 = 12 accumulators. AVX-512, NEON: 32 registers → 24.
// Block sizes below rely on kTileRows dividing 48.
#if GLAI_VECTOR_BYTES == 64
constexpr int kTileRows = 12;
constexpr int kTileVectors = 2;
#elif defined(__ARM_NEON)
constexpr int kTileRows = 6;
constexpr int kTileVectors = 4;
#else
constexpr int kTileRows = 6;
constexpr int kTileVectors = 2;
#endif
template <typename T>
constexpr int kTileColumns = kTileVectors * kLanes<T>;

template <typename T>
GLAI_INLINE Vec<T> load(const T* from) {
  return *reinterpret_cast<const typename VectorOf<T>::loose*>(from);
}
template <typename T>
GLAI_INLINE void store(T* to, Vec<T> v) {
  *reinterpret_cast<typename VectorOf<T>::loose*>(to) = v;
}
template <typename T>
GLAI_INLINE Vec<T> splat(T x) {
  return x - Vec<T>{};
}
template <typename T>
GLAI_INLINE Vec<T> select(Mask<T> where, Vec<T> yes, Vec<T> no) {
  return (Vec<T>)(((Mask<T>)yes & where) | ((Mask<T>)no & ~where));
}
template <typename T>
GLAI_INLINE Vec<T> absolute(Vec<T> v) {
  using Int = typename VectorOf<T>::Int;
  const Int keep = static_cast<Int>(~(static_cast<Int>(1) << (8 * sizeof(T) - 1)));
  return (Vec<T>)((Mask<T>)v & (keep - Mask<T>{}));
}

/// True when any lane of a comparison's result is set.
template <typename T>
GLAI_INLINE bool anyLane(Mask<T> mask) {
#if defined(__x86_64__) && GLAI_VECTOR_BYTES == 64
  return _mm512_movepi32_mask((__m512i)mask) != 0;
#elif defined(__x86_64__) && GLAI_VECTOR_BYTES == 32
  return _mm256_movemask_epi8((__m256i)mask) != 0;
#elif defined(__x86_64__)
  return _mm_movemask_epi8((__m128i)mask) != 0;
#elif defined(__wasm_simd128__)
  return wasm_v128_any_true((v128_t)mask);
#else
  bool any = false;
  for (int lane = 0; lane < kLanes<T>; ++lane) any |= mask[lane] != 0;
  return any;
#endif
}

GLAI_INLINE uint32_t laneBits32(Mask<float> mask) {
#if defined(__x86_64__) && GLAI_VECTOR_BYTES == 64
  return _mm512_movepi32_mask((__m512i)mask);
#elif defined(__x86_64__) && GLAI_VECTOR_BYTES == 32
  return static_cast<uint32_t>(_mm256_movemask_ps((__m256)mask));
#elif defined(__x86_64__)
  return static_cast<uint32_t>(_mm_movemask_ps((__m128)mask));
#elif defined(__wasm_simd128__)
  return static_cast<uint32_t>(wasm_i32x4_bitmask((v128_t)mask));
#else
  uint32_t bits = 0;
  for (int lane = 0; lane < kLanes<float>; ++lane) bits |= (mask[lane] ? 1u : 0u) << lane;
  return bits;
#endif
}
GLAI_INLINE uint32_t laneBits64(Mask<double> mask) {
#if defined(__x86_64__) && GLAI_VECTOR_BYTES == 64
  return _mm512_movepi64_mask((__m512i)mask);
#elif defined(__x86_64__) && GLAI_VECTOR_BYTES == 32
  return static_cast<uint32_t>(_mm256_movemask_pd((__m256d)mask));
#elif defined(__x86_64__)
  return static_cast<uint32_t>(_mm_movemask_pd((__m128d)mask));
#elif defined(__wasm_simd128__)
  return static_cast<uint32_t>(wasm_i64x2_bitmask((v128_t)mask));
#else
  uint32_t bits = 0;
  for (int lane = 0; lane < kLanes<double>; ++lane) bits |= (mask[lane] ? 1u : 0u) << lane;
  return bits;
#endif
}

/// One bit per lane of a comparison's result: lane j to bit j.
template <typename Comparison>
GLAI_INLINE uint32_t laneBits(Comparison mask) {
  return sizeof(mask[0]) == 4 ? laneBits32((Mask<float>)mask) : laneBits64((Mask<double>)mask);
}

GLAI_INLINE Vec<float> squareRoot(Vec<float> v) {
#if defined(__x86_64__) && GLAI_VECTOR_BYTES == 64
  return (Vec<float>)_mm512_sqrt_ps((__m512)v);
#elif defined(__x86_64__) && GLAI_VECTOR_BYTES == 32
  return (Vec<float>)_mm256_sqrt_ps((__m256)v);
#elif defined(__x86_64__)
  return (Vec<float>)_mm_sqrt_ps((__m128)v);
#elif defined(__ARM_NEON)
  return (Vec<float>)vsqrtq_f32((float32x4_t)v);
#elif defined(__wasm_simd128__)
  return (Vec<float>)wasm_f32x4_sqrt((v128_t)v);
#else
  for (int lane = 0; lane < kLanes<float>; ++lane) v[lane] = __builtin_sqrtf(v[lane]);
  return v;
#endif
}
GLAI_INLINE Vec<double> squareRoot(Vec<double> v) {
#if defined(__x86_64__) && GLAI_VECTOR_BYTES == 64
  return (Vec<double>)_mm512_sqrt_pd((__m512d)v);
#elif defined(__x86_64__) && GLAI_VECTOR_BYTES == 32
  return (Vec<double>)_mm256_sqrt_pd((__m256d)v);
#elif defined(__x86_64__)
  return (Vec<double>)_mm_sqrt_pd((__m128d)v);
#elif defined(__ARM_NEON)
  return (Vec<double>)vsqrtq_f64((float64x2_t)v);
#elif defined(__wasm_simd128__)
  return (Vec<double>)wasm_f64x2_sqrt((v128_t)v);
#else
  for (int lane = 0; lane < kLanes<double>; ++lane) v[lane] = __builtin_sqrt(v[lane]);
  return v;
#endif
}
template <typename T>
GLAI_INLINE T squareRootOf(T x) {
  return squareRoot(splat<T>(x))[0];
}

/// Hands out aligned pieces of the caller's scratch.
struct Arena {
  char* next;
  template <typename T>
  T* take(size_t count) {
    T* piece = reinterpret_cast<T*>(next);
    next += (count * sizeof(T) + 63) / 64 * 64;
    return piece;
  }
};
constexpr size_t arenaBytes(size_t count, size_t size) { return (count * size + 63) / 64 * 64; }

constexpr int64_t roundUp(int64_t n, int64_t to) { return (n + to - 1) / to * to; }
GLAI_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

}  // namespace GLAI_ISA
}  // namespace glai
