// core's dropout stream (packages/core/src/dropout.ts), 32-bit integer operations only: the same bits
// on every backend.
#pragma once
#include "linalg_vector.h"
#include "training.h"

namespace glai {
namespace GLAI_ISA {

typedef uint32_t Words __attribute__((vector_size(GLAI_VECTOR_BYTES), may_alias));

constexpr uint32_t mix32(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ (x >> 16);
}

GLAI_INLINE Words mixWords(Words x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ (x >> 16);
}

constexpr uint32_t unitKey(uint32_t unit) { return mix32(unit + 0x85ebca6bu); }
constexpr uint32_t rowKey(uint32_t stepKey, uint32_t row) { return mix32(stepKey ^ row); }

/// Keys of the 16 rows of a panel.
struct RowKeys {
  uint32_t at[kPanelRows];
};

inline RowKeys rowKeys(const Dropout& dropout, int64_t panel) {
  RowKeys keys;
  for (int r = 0; r < kPanelRows; ++r) {
    keys.at[r] = rowKey(dropout.stepKey, static_cast<uint32_t>(panel * kPanelRows + r));
  }
  return keys;
}

/// All ones in the lanes whose unit stays: bits >= threshold.
GLAI_INLINE Mask<float> keptLanes(const uint32_t* keys, uint32_t unit, uint32_t threshold) {
  Words rows;
  __builtin_memcpy(&rows, keys, sizeof(rows));
  return (Mask<float>)(mixWords(rows ^ unit) >= threshold);
}

}  // namespace GLAI_ISA
}  // namespace glai
