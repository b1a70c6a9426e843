// The entry points of one instruction set. Included by linalg_baseline.cc, _avx2.cc and _avx512.cc.
#pragma once
#include "gram.h"
#include "linalg_cholesky.h"
#include "linalg_narrow.h"
#include "linalg_peak.h"
#include "linalg_product.h"
#include "linalg_triangular.h"

namespace glai {
namespace GLAI_ISA {

template <typename T>
inline const LinalgTable<T>& linalgTable() {
  static constexpr LinalgTable<T> table = {
      gramScratch<T>,     gram<T>,     productScratch<T>, product<T>, fewColumnsScratch<T>,
      fewColumns<T>,      choleskyScratch<T>, cholesky<T>, solveScratch<T>, solve<T>,
      fewColumnsScratch<T>, triangular<T>, multiplyAddLoop<T>, kPeakOperations<T>,
  };
  return table;
}

const LinalgTable<float>& linalgFloat32() { return linalgTable<float>(); }
const LinalgTable<double>& linalgFloat64() { return linalgTable<double>(); }

}  // namespace GLAI_ISA
}  // namespace glai
