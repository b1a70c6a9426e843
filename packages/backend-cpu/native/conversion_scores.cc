#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif
#include "conversion_scores.h"

namespace glai {

namespace {

double parameter(const ConversionNetwork& network, int64_t at) {
  return network.isDouble ? static_cast<const double*>(network.parameters)[at]
                          : static_cast<double>(static_cast<const float*>(network.parameters)[at]);
}

uint64_t bitsOf(double x) {
  uint64_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}

/// Orders `n` values ≥ 0 by descending value, ties by ascending place: a radix sort on the upper halves of
/// their bits, and insertion where these are equal, which is rare.
class Sorter {
 public:
  bool resize(int64_t n) { return entries_[0].resize(n) && entries_[1].resize(n); }

  void run(const double* values, int64_t n, uint32_t* order, double* sorted) {
    const auto ascend = [&] {
      for (int64_t i = 0; i < n; ++i) order[i] = static_cast<uint32_t>(i);
    };
    ascend();
    if (n > kFew) sortByHalf(values, n, 32, order);
    if (!insertEqual(values, n, order)) {
      ascend();
      sortByHalf(values, n, 0, order);
      sortByHalf(values, n, 32, order);
    }
    for (int64_t i = 0; i < n; ++i) sorted[i] = values[order[i]];
  }

 private:
  static constexpr int64_t kFew = 32;  // values that are inserted at once

  static uint64_t keyOf(double value) { return ~bitsOf(value); }  // ascends where values ≥ 0 fall

  /// Stable: by the 32 bits of the keys from `shift` on.
  void sortByHalf(const double* values, int64_t n, int shift, uint32_t* order) {
    constexpr int kDigits = 4, kRadix = 256;
    uint32_t counts[kDigits][kRadix] = {};
    uint64_t *from = entries_[0].data(), *to = entries_[1].data();
    for (int64_t i = 0; i < n; ++i) {
      const uint32_t half = static_cast<uint32_t>(keyOf(values[order[i]]) >> shift);
      from[i] = uint64_t{half} << 32 | order[i];
      for (int d = 0; d < kDigits; ++d) ++counts[d][half >> (8 * d) & 0xff];
    }
    for (int d = 0; d < kDigits; ++d) {
      uint32_t start = 0;
      bool isSame = false;  // all keys share the digit: nothing to move
      for (uint32_t& count : counts[d]) {
        isSame |= count == static_cast<uint64_t>(n);
        const uint32_t size = count;
        count = start;
        start += size;
      }
      if (isSame) continue;
      for (int64_t i = 0; i < n; ++i) to[counts[d][from[i] >> (32 + 8 * d) & 0xff]++] = from[i];
      uint64_t* const sorted = to;
      to = from;
      from = sorted;
    }
    for (int64_t i = 0; i < n; ++i) order[i] = static_cast<uint32_t>(from[i]);
  }

  /// Sorts what is equal in the upper half by the whole keys. False when that takes too many moves.
  static bool insertEqual(const double* values, int64_t n, uint32_t* order) {
    int64_t left = 8 * n;  // moves
    for (int64_t i = 1; i < n; ++i) {
      const uint32_t place = order[i];
      const uint64_t key = keyOf(values[place]);
      int64_t at = i;
      for (; at > 0 && keyOf(values[order[at - 1]]) > key; --at) {
        if (--left < 0) return false;
        order[at] = order[at - 1];
      }
      order[at] = place;
    }
    return true;
  }

  Array<uint64_t> entries_[2];  // [n] half of a key, then the place
};

/// Walks every unit's staircase: `visit(s, rank, n)` for the rank-th largest group and its n ≥ 1 origins
/// above the threshold; ends when `visit` returns false.
template <typename Visit>
void forEachStep(const BlockScores& scores, double threshold, bool strictly, const Visit& visit) {
  const int64_t nOrigins = scores.nOrigins, nGroups = scores.nGroups;
  const auto isAbove = [&](double score) { return strictly ? score > threshold : score >= threshold; };
  for (int64_t s = 0; s < scores.nUnits; ++s) {
    const double* origins = scores.sortedOrigins.data() + s * nOrigins;
    const double* factors = scores.sortedFactors.data() + s * nGroups;
    int64_t nKept = 0, missed = nOrigins + 1;
    while (missed - nKept > 1) {
      const int64_t middle = (nKept + missed) / 2;
      if (isAbove(factors[0] * origins[middle - 1])) nKept = middle;
      else missed = middle;
    }
    for (int64_t rank = 0; rank < nGroups; ++rank) {
      while (nKept > 0 && !isAbove(factors[rank] * origins[nKept - 1])) --nKept;
      if (nKept == 0) break;
      if (!visit(s, rank, nKept)) return;
    }
  }
}

constexpr int64_t kUnitsPerTask = 16;
constexpr double kLeastMass = 1e-200;  // under it is rounding of nothing; dividing by it could overflow

/// Turns factors into shares, |w| / Z · N with Z the mass of all paths of the origin; sums ascend over units, then
/// groups, as in core's pruning/origin-masses.ts. False without memory.
bool divideByOrigin(const ConversionNetwork& network, const double* norms, int64_t nSamples,
                    BlockScores& scores) {
  const int64_t nUnits = scores.nUnits, nOrigins = scores.nOrigins, nGroups = scores.nGroups;
  const int64_t nInputs = nOrigins - 1, firstBias = nInputs * nUnits, last = firstBias + nUnits;
  Array<double> masses;
  if (!masses.clear(nOrigins) || !scores.originMasses.resize(nUnits * nOrigins) ||
      !scores.biasMasses.resize(nGroups))
    return false;
  for (int64_t s = 0; s < nUnits; ++s) {
    double onward = 0;
    for (int64_t q = 0; q < nGroups; ++q) onward += scores.lastFactors[s * nGroups + q];
    for (int64_t i = 0; i < nOrigins; ++i) {
      const int64_t at = s * nOrigins + i;
      scores.originMasses[at] = scores.originFactors[at];
      masses[i] += onward * scores.originFactors[at];
    }
  }
  for (int64_t s = 0; s < nUnits; ++s)
    for (int64_t i = 0; i < nOrigins; ++i) {
      const double weight = __builtin_fabs(parameter(network, i < nInputs ? s * nInputs + i : firstBias + s));
      const double norm = norms[s * nOrigins + i] / static_cast<double>(nSamples);
      scores.originFactors[s * nOrigins + i] = masses[i] > kLeastMass ? weight / masses[i] * norm : 0;
    }
  double biasMass = 0;
  for (int64_t o = 0; o < scores.nOutputs; ++o)
    biasMass += __builtin_fabs(parameter(network, last + nUnits * scores.nOutputs + o));
  for (int64_t q = 0; q < nGroups; ++q) {
    scores.biasMasses[q] = scores.biasScores[q];
    scores.biasScores[q] = biasMass > kLeastMass ? scores.biasScores[q] / biasMass : 0;
  }
  return true;
}

/// Sorts the factors of every unit. False without memory.
bool sortFactors(BlockScores& scores, const Parallel& parallel) {
  const int64_t nUnits = scores.nUnits, nOrigins = scores.nOrigins, nGroups = scores.nGroups;
  bool hasMemory = true;  // only ever cleared
  fork(parallel, (nUnits + kUnitsPerTask - 1) / kUnitsPerTask, [&](int64_t task, int) {
    Sorter sorter;
    if (!sorter.resize(nOrigins > nGroups ? nOrigins : nGroups)) {
      __atomic_store_n(&hasMemory, false, __ATOMIC_RELAXED);
      return;
    }
    const int64_t end = (task + 1) * kUnitsPerTask < nUnits ? (task + 1) * kUnitsPerTask : nUnits;
    for (int64_t s = task * kUnitsPerTask; s < end; ++s) {
      if (scores.isSorted)
        sorter.run(scores.originFactors.data() + s * nOrigins, nOrigins,
                   scores.originOrder.data() + s * nOrigins, scores.sortedOrigins.data() + s * nOrigins);
      sorter.run(scores.lastFactors.data() + s * nGroups, nGroups, scores.groupOrder.data() + s * nGroups,
                 scores.sortedFactors.data() + s * nGroups);
    }
  });
  return hasMemory;
}

}  // namespace

bool fillScores(const ConversionNetwork& network, const double* norms, int64_t nSamples, int64_t span,
                BlockScores& scores, const Parallel& parallel) {
  const int64_t nInputs = network.sizes[0], nUnits = network.sizes[1], nOutputs = network.sizes[2];
  const int64_t nOrigins = nInputs + 1, nGroups = (nOutputs + span - 1) / span;
  scores.nUnits = nUnits;
  scores.nOrigins = nOrigins;
  scores.nOutputs = nOutputs;
  scores.nGroups = nGroups;
  scores.span = span;
  const int64_t nSorted = scores.isSorted ? nUnits * nOrigins : 0;
  Array<double> unitMass;
  if (!scores.originFactors.resize(nUnits * nOrigins) || !scores.lastFactors.clear(nUnits * nGroups) ||
      !scores.biasScores.clear(nGroups) || !scores.sortedOrigins.resize(nSorted) ||
      !scores.originOrder.resize(nSorted) || !scores.sortedFactors.resize(nUnits * nGroups) ||
      !scores.groupOrder.resize(nUnits * nGroups) || !unitMass.resize(nUnits))
    return false;
  const int64_t firstBias = nInputs * nUnits, last = firstBias + nUnits, lastBias = last + nUnits * nOutputs;
  for (int64_t output = 0; output < nOutputs; ++output) {
    const int64_t group = output / span;
    scores.biasScores[group] += __builtin_fabs(parameter(network, lastBias + output));
    for (int64_t s = 0; s < nUnits; ++s)
      scores.lastFactors[s * nGroups + group] += __builtin_fabs(parameter(network, last + output * nUnits + s));
  }
  fork(parallel, (nUnits + kUnitsPerTask - 1) / kUnitsPerTask, [&](int64_t task, int) {
    const int64_t end = (task + 1) * kUnitsPerTask < nUnits ? (task + 1) * kUnitsPerTask : nUnits;
    for (int64_t s = task * kUnitsPerTask; s < end; ++s) {
      double* factors = scores.originFactors.data() + s * nOrigins;
      CompensatedSum originMass, groupMass;
      for (int64_t i = 0; i < nOrigins; ++i) {
        const double weight = parameter(network, i < nInputs ? s * nInputs + i : firstBias + s);
        const double norm = norms[s * nOrigins + i] / static_cast<double>(nSamples);
        factors[i] = __builtin_fabs(weight) * norm;
        originMass.add(factors[i]);
      }
      const double* groups = scores.lastFactors.data() + s * nGroups;
      for (int64_t q = 0; q < nGroups; ++q) groupMass.add(groups[q]);
      unitMass[s] = originMass.value() * groupMass.value();
    }
  });
  CompensatedSum total;
  for (int64_t q = 0; q < nGroups; ++q) total.add(scores.biasScores[q]);
  for (int64_t s = 0; s < nUnits; ++s) total.add(unitMass[s]);
  scores.totalMass = total.value();
  if (scores.isRelative && !divideByOrigin(network, norms, nSamples, scores)) return false;
  return sortFactors(scores, parallel);
}

bool sumPrefixes(BlockScores& scores) {
  const int64_t nOrigins = scores.nOrigins;
  if (!scores.prefixes.resize(scores.nUnits * (nOrigins + 1))) return false;
  for (int64_t s = 0; s < scores.nUnits; ++s) {
    double* prefix = scores.prefixes.data() + s * (nOrigins + 1);
    prefix[0] = 0;
    for (int64_t n = 0; n < nOrigins; ++n)
      prefix[n + 1] = prefix[n] + scores.sortedOrigins[s * nOrigins + n];
  }
  return true;
}

RankedScore nthScore(const BlockScores& scores, int64_t n, uint64_t* keys) {
  constexpr int kDigit = 11, kRadix = 1 << kDigit;
  int64_t nKeys = 0;
  for (int64_t s = 0; s < scores.nUnits; ++s) {
    const double last = scores.sortedFactors[s];
    const double* factors = scores.originFactors.data() + s * scores.nOrigins;
    for (int64_t i = 0; i < scores.nOrigins; ++i) keys[nKeys + i] = bitsOf(last * factors[i]);
    nKeys += scores.nOrigins;
  }
  keys[nKeys++] = bitsOf(scores.biasScores[0]);
  // Scores ≥ 0 are ordered as their bits: from the top, the digit of the n-th, then only keys that share it.
  uint64_t found = 0;
  int64_t nLarger = 0;
  for (int shift = 63 - kDigit; nKeys > 0; shift = shift > kDigit ? shift - kDigit : 0) {
    uint32_t counts[2][kRadix] = {};  // in turns: equal digits in a row do not wait for each other
    for (int64_t k = 0; k < nKeys; ++k) ++counts[k % 2][keys[k] >> shift & (kRadix - 1)];
    int64_t digit = kRadix - 1;
    for (;; --digit) {
      const int64_t count = int64_t{counts[0][digit]} + counts[1][digit];
      if (nLarger + count >= n) break;
      nLarger += count;
    }
    found |= static_cast<uint64_t>(digit) << shift;
    if (shift == 0) break;
    int64_t nSame = 0;
    for (int64_t k = 0; k < nKeys; ++k) {
      keys[nSame] = keys[k];
      nSame += static_cast<int64_t>(keys[k] >> shift & (kRadix - 1)) == digit;
    }
    nKeys = nSame;
  }
  double score;
  __builtin_memcpy(&score, &found, sizeof score);
  return {score, nLarger};
}

int64_t pathsAbove(const BlockScores& scores, double threshold, bool strictly, int64_t enough) {
  int64_t paths = 0;
  for (int64_t group = 0; group < scores.nGroups; ++group) {
    const double score = scores.biasScores[group];
    if (strictly ? score > threshold : score >= threshold) paths += scores.groupWidth(group);
  }
  forEachStep(scores, threshold, strictly, [&](int64_t s, int64_t rank, int64_t nKept) {
    paths += nKept * scores.groupWidth(scores.groupOrder[s * scores.nGroups + rank]);
    return paths <= enough;
  });
  return paths;
}

int64_t blocksAbove(const BlockScores& scores, double threshold, bool strictly) {
  int64_t blocks = 0;
  for (int64_t group = 0; group < scores.nGroups; ++group) {
    const double score = scores.biasScores[group];
    blocks += strictly ? score > threshold : score >= threshold;
  }
  forEachStep(scores, threshold, strictly, [&](int64_t, int64_t, int64_t nKept) {
    blocks += nKept;
    return true;
  });
  return blocks;
}

double massAbove(const BlockScores& scores, double threshold, bool strictly) {
  CompensatedSum mass;
  forEachStep(scores, threshold, strictly, [&](int64_t s, int64_t rank, int64_t nKept) {
    mass.add(scores.sortedFactors[s * scores.nGroups + rank] *
             scores.prefixes[s * (scores.nOrigins + 1) + nKept]);
    return true;
  });
  for (int64_t group = 0; group < scores.nGroups; ++group) {
    const double score = scores.biasScores[group];
    if (strictly ? score > threshold : score >= threshold) mass.add(score);
  }
  return mass.value();
}

}  // namespace glai
