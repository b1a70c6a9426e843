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

/// Bit r is set where row r of panel p is one of the batch.
inline uint32_t rowsOfPanel(int64_t nRows, int64_t p) {
  const int64_t count = nRows - p * kPanelRows;
  return count >= kPanelRows ? 0xffffu : (1u << count) - 1;
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

/// The set bits of every byte, ascending, and how many there are.
struct BitLists {
  uint8_t bits[256][8];
  uint8_t count[256];
};

constexpr BitLists makeBitLists() {
  BitLists lists{};
  for (int byte = 0; byte < 256; ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      if (byte >> bit & 1) lists.bits[byte][lists.count[byte]++] = static_cast<uint8_t>(bit);
    }
  }
  return lists;
}

constexpr BitLists kBitLists = makeBitLists();

/// Lists of open rows, or of the closed ones of a complemented gate, per block of kRowBlock rows, and after the gates a
/// list of all rows. Eight entries are written at a time, whatever is set: a branch per bit could not be predicted.
inline void listRows(const ListRows& job) {
  constexpr int64_t kPanelsPerBlock = kRowBlock / kPanelRows;
  const int64_t nPanels = panelsOf(job.nRows), nGates = job.nGates;
  const uint32_t size = static_cast<uint32_t>(job.inputSize);
  const uint32_t pitch = static_cast<uint32_t>(job.outputPitch);
  uint32_t next = 0;
  for (int64_t p0 = 0, block = 0; p0 < nPanels; p0 += kPanelsPerBlock, ++block) {
    const int64_t p1 = p0 + kPanelsPerBlock < nPanels ? p0 + kPanelsPerBlock : nPanels;
    uint32_t* const starts = job.starts + block * (nGates + 2);
    for (int64_t g = 0; g <= nGates; ++g) {
      starts[g] = next;
      const uint32_t flip = job.complemented != nullptr && job.complemented[g] != 0 ? 0xffffu : 0;
      for (int64_t p = p0; p < p1; ++p) {
        const uint32_t all = rowsOfPanel(job.nRows, p);
        const uint32_t mask = g == nGates ? all : (job.masks[p * nGates + g] ^ flip) & all;
        for (uint32_t half = 0; half < kPanelRows; half += 8) {
          const uint32_t byte = mask >> half & 0xff;
          const uint32_t input = static_cast<uint32_t>(p) * size + half;
          const uint32_t output = (static_cast<uint32_t>(p) * kPanelRows + half) * pitch;
#pragma GCC unroll 8
          for (int i = 0; i < 8; ++i) {
            job.inputs[next + i] = input + kBitLists.bits[byte][i];
            job.outputs[next + i] = output + kBitLists.bits[byte][i] * pitch;
          }
          next += kBitLists.count[byte];
        }
      }
    }
    starts[nGates + 1] = next;
  }
}

}  // namespace GLAI_ISA
}  // namespace glai
