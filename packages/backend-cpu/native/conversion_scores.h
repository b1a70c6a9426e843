// The scores of all blocks of a network with one hidden layer: for unit s they are the outer product of its
// origins' factors |w| N and its groups' factors Σ |W_1|. With both sorted, the blocks above a threshold are a
// staircase and never written out; with one group a unit, the n-th largest is found without sorting. Same order
// of float64 operations as core's pruning/shallow.ts: nothing here may be fused or reassociated.
#pragma once
#include "array.h"
#include "conversion.h"

namespace glai {

/// A running sum with Neumaier's compensation, as core's sum.ts.
struct CompensatedSum {
  double sum = 0, lost = 0;
  void add(double term) {
    const double next = sum + term;
    lost += __builtin_fabs(sum) >= __builtin_fabs(term) ? sum - next + term : term - next + sum;
    sum = next;
  }
  double value() const { return sum + lost; }
};

struct BlockScores {
  int64_t nUnits, nOrigins, nOutputs, nGroups, span;
  bool isSorted;                 // origins too: set before `fillScores`; only `nthScore` does without
  bool isRelative = false;       // set before `fillScores`: factors are shares of the mass of their origin
  Array<double> originFactors;   // [nUnits, nOrigins] |w_origin| N
  Array<double> lastFactors;     // [nUnits, nGroups] Σ over the group of |W_1[o, s]|
  Array<double> biasScores;      // [nGroups] Σ over the group of |b_1[o]|
  Array<double> sortedOrigins;   // [nUnits, nOrigins] descending
  Array<uint32_t> originOrder;   // [nUnits, nOrigins]
  Array<double> sortedFactors;   // [nUnits, nGroups] descending
  Array<uint32_t> groupOrder;    // [nUnits, nGroups]
  Array<double> prefixes;        // [nUnits, nOrigins + 1] sums of the largest; filled by `sumPrefixes`
  Array<double> originMasses;    // [nUnits, nOrigins] |w_origin| N where originFactors are shares
  Array<double> biasMasses;      // [nGroups] Σ over the group of |b_1[o]| where biasScores are shares
  double totalMass;

  /// What a block weighs in the certificate, whatever it is ranked by.
  double blockMass(int64_t unit, int64_t origin, int64_t group) const {
    const Array<double>& factors = isRelative ? originMasses : originFactors;
    return lastFactors[unit * nGroups + group] * factors[unit * nOrigins + origin];
  }
  double biasMass(int64_t group) const { return (isRelative ? biasMasses : biasScores)[group]; }

  int64_t groupWidth(int64_t group) const {
    const int64_t left = nOutputs - group * span;
    return left < span ? left : span;
  }
};

/// Fills everything but `prefixes`. `norms`: [nUnits, nOrigins] sums times nSamples; false without memory.
bool fillScores(const ConversionNetwork&, const double* norms, int64_t nSamples, int64_t span,
                BlockScores&, const Parallel&);
bool sumPrefixes(BlockScores&);

/// The n-th largest score of all blocks and how many are larger. One group a unit; `keys` is scratch of one number
/// per block. n in 1 … number of blocks.
struct RankedScore {
  double score;
  int64_t nLarger;
};
RankedScore nthScore(const BlockScores&, int64_t n, uint64_t* keys);

/// Paths in all blocks with score ≥ threshold (> with `strictly`); stops counting once over `enough`.
int64_t pathsAbove(const BlockScores&, double threshold, bool strictly, int64_t enough);
int64_t blocksAbove(const BlockScores&, double threshold, bool strictly);
/// Their summed score; needs the prefixes.
double massAbove(const BlockScores&, double threshold, bool strictly);

/// The largest t ≥ 0 with measure(t) ≥ goal, or any t where they are equal, by bisection over the bits of t;
/// core's threshold.ts.
template <typename Number, typename Measure>
inline double largestThreshold(Number goal, const Measure& measure) {
  uint64_t reached = 0, missed = uint64_t{0x7ff} << 52;  // bits of 0 and of infinity
  while (missed - reached > 1) {
    // The high words first: the probes of core, so that an early end is the same end.
    const bool high = (reached & 0xffffffffu) == 0 && (missed >> 32) - (reached >> 32) > 1;
    const uint64_t middle = high ? ((reached >> 32) + (missed >> 32)) / 2 << 32 : (reached + missed) / 2;
    double threshold;
    __builtin_memcpy(&threshold, &middle, sizeof threshold);
    const Number measured = measure(threshold);
    if (measured == goal) return threshold;
    (measured >= goal ? reached : missed) = middle;
  }
  double threshold;
  __builtin_memcpy(&threshold, &reached, sizeof threshold);
  return threshold;
}

}  // namespace glai
