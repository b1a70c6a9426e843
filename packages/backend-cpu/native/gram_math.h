// exp, log and asin of a vector, to about one unit in the last place of the precision they are asked
// for. Range reductions and polynomials are those of the Cephes and FreeBSD libraries.
#pragma once
#include "linalg_vector.h"

namespace glai {
namespace GLAI_ISA {

/// c[0] + c[1] x + … by Horner's rule.
template <typename T, int n>
GLAI_INLINE Vec<T> polynomial(Vec<T> x, const double (&c)[n]) {
  Vec<T> sum = splat(static_cast<T>(c[n - 1]));
#pragma GCC unroll 16
  for (int i = n - 2; i >= 0; --i) sum = sum * x + splat(static_cast<T>(c[i]));
  return sum;
}

template <typename T>
struct FloatFormat;
template <>
struct FloatFormat<float> {
  static constexpr int mantissa = 23;
  static constexpr int32_t bias = 127;
  static constexpr float rounder = 12582912.0f;  // 1.5 · 2^23: adding it rounds to an integer
  static constexpr float smallestExponent = -87.0f, largestExponent = 88.0f;
  static constexpr double log2High = 0.693359375, log2Low = -2.12194440e-4;
};
template <>
struct FloatFormat<double> {
  static constexpr int mantissa = 52;
  static constexpr int64_t bias = 1023;
  static constexpr double rounder = 6755399441055744.0;  // 1.5 · 2^52
  static constexpr double smallestExponent = -708.0, largestExponent = 709.0;
  static constexpr double log2High = 6.93145751953125e-1, log2Low = 1.42860682030941723212e-6;
};

/// e^x; 0 below the smallest normal result.
template <typename T>
GLAI_INLINE Vec<T> exponential(Vec<T> x) {
  using Format = FloatFormat<T>;
  using Int = typename VectorOf<T>::Int;
  const Vec<T> low = splat(Format::smallestExponent), high = splat(Format::largestExponent);
  const Mask<T> vanishes = x < low;
  x = select<T>(vanishes, low, x);
  x = select<T>(x > high, high, x);
  const Vec<T> shifted = x * splat(static_cast<T>(1.4426950408889634)) + splat(Format::rounder);
  const Vec<T> n = shifted - splat(Format::rounder);
  const Vec<T> r = (x - n * splat(static_cast<T>(Format::log2High))) -
                   n * splat(static_cast<T>(Format::log2Low));
  Vec<T> value;
  if (sizeof(T) == 4) {
    constexpr double c[] = {1,
                            1,
                            5.0000001201e-1,
                            1.6666665459e-1,
                            4.1665795894e-2,
                            8.3334519073e-3,
                            1.3981999507e-3,
                            1.9875691500e-4};
    value = polynomial<T>(r, c);
  } else {  // Taylor: |r| ≤ ln 2 / 2 makes the next term 4e-18.
    constexpr double c[] = {1,
                            1,
                            1.0 / 2,
                            1.0 / 6,
                            1.0 / 24,
                            1.0 / 120,
                            1.0 / 720,
                            1.0 / 5040,
                            1.0 / 40320,
                            1.0 / 362880,
                            1.0 / 3628800,
                            1.0 / 39916800,
                            1.0 / 479001600,
                            1.0 / 6227020800.0};
    value = polynomial<T>(r, c);
  }
  // The low bits of `shifted` hold n; move them into the exponent.
  const Mask<T> bits = (Mask<T>)shifted - (Mask<T>)splat(Format::rounder);
  const Mask<T> power = (bits + (static_cast<Int>(Format::bias) - Mask<T>{})) << Format::mantissa;
  return select<T>(vanishes, Vec<T>{}, value * (Vec<T>)power);
}

/// log x for normal x > 0.
template <typename T>
GLAI_INLINE Vec<T> logarithm(Vec<T> x) {
  using Format = FloatFormat<T>;
  using Int = typename VectorOf<T>::Int;
  const Int bias = static_cast<Int>(Format::bias);
  const Int fraction = (static_cast<Int>(1) << Format::mantissa) - 1;
  Mask<T> exponent = ((Mask<T>)x >> Format::mantissa) - bias;
  Vec<T> m = (Vec<T>)(((Mask<T>)x & fraction) | (bias << Format::mantissa));  // [1, 2)
  const Mask<T> large = m > splat(static_cast<T>(1.4142135623730951));
  m = select<T>(large, m * splat(T(0.5)), m);
  exponent -= large;  // a set lane is −1
  const Vec<T> e = __builtin_convertvector(exponent, Vec<T>);
  const Vec<T> f = m - splat(T(1)), s = f / (m + splat(T(1))), z = s * s;
  constexpr double c[] = {6.666666666666735130e-01, 3.999999999940941908e-01,
                          2.857142874366239149e-01, 2.222219843214978396e-01,
                          1.818357216161805012e-01, 1.531383769920937332e-01,
                          1.479819860511658591e-01};
  const Vec<T> half = splat(T(0.5)) * f * f;
  const Vec<T> rest = s * (half + z * polynomial<T>(z, c)) + e * splat(static_cast<T>(Format::log2Low));
  return e * splat(static_cast<T>(Format::log2High)) - ((half - rest) - f);
}

/// asin w = w + w arcSineRest(w²) for |w| ≤ ½.
template <typename T>
GLAI_INLINE Vec<T> arcSineRest(Vec<T> z) {
  if (sizeof(T) == 4) {
    constexpr double c[] = {1.6666752422e-1, 7.4953002686e-2, 4.5470025998e-2, 2.4181311049e-2,
                            4.2163199048e-2};
    return z * polynomial<T>(z, c);
  }
  constexpr double p[] = {1.66666666666666657415e-01,  -3.25565818622400915405e-01,
                          2.01212532134862925881e-01,  -4.00555345006794114027e-02,
                          7.91534994289814532176e-04,  3.47933107596021167570e-05};
  constexpr double q[] = {1, -2.40339491173441421878e+00, 2.02094576023350569471e+00,
                          -6.88283971605453293030e-01, 7.70381505559019352791e-02};
  return z * polynomial<T>(z, p) / polynomial<T>(z, q);
}

/// 2 (1 − acos(t)/π) = 1 + 2 asin(t)/π for |t| ≤ ½.
template <typename T>
GLAI_INLINE Vec<T> smallCosineOverlap(Vec<T> t) {
  return splat(T(1)) + (t + t * arcSineRest<T>(t * t)) * splat(static_cast<T>(0.6366197723675814));
}

/// The same for ½ < |t|, clamped to 1: acos |t| = 2 asin √((1 − |t|)/2).
template <typename T>
GLAI_INLINE Vec<T> largeCosineOverlap(Vec<T> t) {
  const Vec<T> one = splat(T(1));
  Vec<T> size = absolute<T>(t);
  size = select<T>(size > one, one, size);
  const Vec<T> z = (one - size) * splat(T(0.5)), w = squareRoot(z);
  const Vec<T> rest = (w + w * arcSineRest<T>(z)) * splat(static_cast<T>(1.2732395447351628));
  return select<T>(t < Vec<T>{}, rest, splat(T(2)) - rest);
}

/// x^power for x ≥ 0 and power ≥ 0; small whole powers by multiplication.
template <typename T>
GLAI_INLINE Vec<T> raised(Vec<T> x, double power) {
  if (power == 1) return x;
  if (power == 2) return x * x;
  if (power == 0) return splat(T(1));
  const Vec<T> smallest = splat(static_cast<T>(sizeof(T) == 4 ? 1.2e-38 : 2.3e-308));
  const Mask<T> zero = x < smallest;
  const Vec<T> value =
      exponential<T>(logarithm<T>(select<T>(zero, smallest, x)) * splat(static_cast<T>(power)));
  return select<T>(zero, Vec<T>{}, value);
}

}  // namespace GLAI_ISA
}  // namespace glai
