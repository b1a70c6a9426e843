// Gate bits of a batch: from one row of bits per sample to one 16-bit mask per gate and panel.
#pragma once
#include "train_dropout.h"

namespace glai {
namespace GLAI_ISA {

/// masks[g] of 32 gates from 16 words, one per row: bit r of masks[g] is bit g of words[r].
inline void transposeWord(const uint32_t* words, int64_t count, uint16_t* masks) {
  constexpr int kLanesOf = kLanes<float>;
  Mask<float> rows[kPanelRows / kLanesOf];
  __builtin_memcpy(rows, words, sizeof(rows));
  for (int64_t g = 0; g < count; ++g) {
    uint32_t mask = 0;
#pragma GCC unroll 4
    for (int v = 0; v < kPanelRows / kLanesOf; ++v)
      mask |= laneBits((rows[v] << static_cast<int32_t>(31 - g)) < Mask<float>{}) << (v * kLanesOf);
    masks[g] = static_cast<uint16_t>(mask);
  }
}

/// Rows of a panel whose unit stays.
inline uint32_t keptRows(const RowKeys& keys, uint32_t unit, uint32_t threshold) {
  uint32_t kept = 0;
  for (int r = 0; r < kPanelRows; r += kLanes<float>)
    kept |= laneBits(keptLanes(keys.at + r, unitKey(unit), threshold)) << r;
  return kept;
}

inline void gateMasks(const GateMasks& job, const Parallel& parallel) {
  fork(parallel, panelsOf(job.nRows), [&](int64_t p, int) {
    uint16_t* const masks = job.masks + p * job.nGates;
    const int64_t count = smaller(kPanelRows, job.nRows - p * kPanelRows);
    for (int64_t g = 0; g < job.nGates; g += 32) {
      uint32_t words[kPanelRows] = {};
      for (int64_t r = 0; r < count; ++r)
        words[r] = job.words[job.rows[p * kPanelRows + r] * job.nWords + g / 32];
      transposeWord(words, smaller(32, job.nGates - g), masks + g);
    }
    if (job.dropout.threshold == 0) return;
    const RowKeys keys = rowKeys(job.dropout, p);
    for (int64_t g = 0; g < job.nGates; ++g)
      for (int64_t l = 0; l < job.depth; ++l) {
        const uint32_t unit = job.units[g * job.depth + l];
        if (unit != 0xffffffffu) masks[g] &= keptRows(keys, unit, job.dropout.threshold);
      }
  });
}

}  // namespace GLAI_ISA
}  // namespace glai
