#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif
#include "conversion_select.h"
#include "conversion_scores.h"

namespace glai {

namespace {

/// How many ties with the threshold may still be kept: paths, or blocks. The first refusal ends them.
struct TieLimit {
  int64_t left;
  bool inPaths;
  bool takes(int64_t width) {
    const int64_t cost = inPaths ? width : 1;
    left -= cost;
    return left >= 0;
  }
};

/// Where to cut: everything above `threshold`, and ties while the limit allows.
struct Cut {
  double threshold;
  TieLimit ties;
};

struct Selector {
  const ConversionNetwork& network;
  const BlockScores& scores;
  const SelectRequest& request;
  Selected& out;
  Array<uint32_t> counts;     // [nUnits, nGroups] kept origins
  Array<uint8_t> keepsBias;   // [nGroups]
  Array<uint32_t> keptFirst;  // [nUnits, nOrigins] kept origins, then the others if they are fewer; with one group
  CompensatedSum keptMass;
  TieLimit ties{};
  double threshold = 0;
  bool tiesAreOpen = true;
  int64_t nextChosen = 0;

  bool keeps(double score, int64_t group) {
    if (score > threshold) return true;
    if (score < threshold || !tiesAreOpen) return false;
    tiesAreOpen = ties.takes(scores.groupWidth(group));
    return tiesAreOpen;
  }

  void emit(int64_t unit, int64_t origin, int64_t group) {
    if (out.nGates == 0 || out.gateUnits[out.nGates - 1] != unit)
      out.gateUnits[out.nGates++] = static_cast<uint32_t>(unit);
    out.gateOf[out.nBlocks] = static_cast<uint32_t>(out.nGates - 1);
    out.originOf[out.nBlocks] = static_cast<uint32_t>(origin);
    out.outputOf[out.nBlocks++] = static_cast<uint32_t>(group * scores.span);
    out.nPaths += scores.groupWidth(group);
  }

  /// Kept blocks, and only them, in canonical order. False without memory.
  bool emitAll(const Cut& cut, Array<uint32_t>& candidates);
  void emitUnit(int64_t unit, uint32_t* candidates);
  void emitSlabs(int64_t unit);
  int64_t keptOrigins(int64_t unit, uint32_t* order);
  void addLinearSkip();
  bool fillWeights();
};

/// Blocks that a cut can emit at most.
int64_t capacityFor(const BlockScores& scores, const SelectRequest& request, const Cut& cut) {
  if (request.chosen != nullptr) return request.nChosen;
  if (!scores.isSorted) return request.keep / scores.groupWidth(0);
  const int64_t above = blocksAbove(scores, cut.threshold, true);
  const int64_t withTies = blocksAbove(scores, cut.threshold, false);
  return withTies - above > cut.ties.left ? above + cut.ties.left : withTies;
}

void Selector::emitUnit(int64_t unit, uint32_t* candidates) {
  const int64_t nGroups = scores.nGroups;
  const double* sorted = scores.sortedFactors.data() + unit * nGroups;
  const double* factors = scores.lastFactors.data() + unit * nGroups;
  const uint32_t* order = scores.groupOrder.data() + unit * nGroups;
  for (int64_t origin = 0; origin < scores.nOrigins; ++origin) {
    const double factor = scores.originFactors[unit * scores.nOrigins + origin];
    int64_t n = 0;  // groups on or above the staircase, by descending last factor
    for (; n < nGroups; ++n) {
      const double score = sorted[n] * factor;
      if (!(score > threshold || (score == threshold && tiesAreOpen))) break;
    }
    if (n == 0) continue;
    const bool many = n * n > 4 * nGroups;  // then looking at every group costs less than sorting
    if (many)
      for (int64_t c = 0; c < nGroups; ++c) candidates[c] = static_cast<uint32_t>(c);
    else
      for (int64_t c = 0; c < n; ++c) {
        int64_t place = c;
        for (; place > 0 && candidates[place - 1] > order[c]; --place)
          candidates[place] = candidates[place - 1];
        candidates[place] = order[c];
      }
    for (int64_t c = 0; c < (many ? nGroups : n); ++c) {
      const double score = factors[candidates[c]] * factor;
      if (!keeps(score, candidates[c])) continue;
      emit(unit, origin, candidates[c]);
      keptMass.add(scores.blockMass(unit, origin, candidates[c]));
      ++counts[unit * nGroups + candidates[c]];
    }
  }
}

/// Lists the origins of a unit's kept slabs, ascending, and returns how many they are.
int64_t Selector::keptOrigins(int64_t unit, uint32_t* order) {
  const int64_t nOrigins = scores.nOrigins;
  int64_t n = 0, nTies = 0;
  if (request.chosen != nullptr) {
    for (; nextChosen < request.nChosen && request.chosen[nextChosen] < (unit + 1) * nOrigins; ++nextChosen)
      order[n++] = static_cast<uint32_t>(request.chosen[nextChosen] - unit * nOrigins);
    return n;
  }
  const double last = scores.lastFactors[unit];
  const double* factors = scores.originFactors.data() + unit * nOrigins;
  for (int64_t origin = 0; origin < nOrigins; ++origin) {  // without branches: many would be mispredicted
    const double score = last * factors[origin];
    order[n] = static_cast<uint32_t>(origin);
    n += score > threshold;
    nTies += score == threshold;
  }
  if (nTies == 0 || !tiesAreOpen) return n;
  n = 0;
  for (int64_t origin = 0; origin < nOrigins; ++origin)
    if (keeps(last * factors[origin], 0)) order[n++] = static_cast<uint32_t>(origin);
  return n;
}

/// `emitUnit` for one group.
void Selector::emitSlabs(int64_t unit) {
  const int64_t nOrigins = scores.nOrigins;
  uint32_t* const order = keptFirst.data() + unit * nOrigins;
  const int64_t n = keptOrigins(unit, order);
  if (2 * n >= nOrigins) {  // the error kernel reads what is removed
    int64_t k = 0, removed = n;
    for (int64_t origin = 0; origin < nOrigins; ++origin) {
      if (k < n && order[k] == origin) ++k;
      else order[removed++] = static_cast<uint32_t>(origin);
    }
  }
  counts[unit] = static_cast<uint32_t>(n);
  if (n == 0) return;
  out.gateUnits[out.nGates] = static_cast<uint32_t>(unit);
  for (int64_t k = 0; k < n; ++k, ++out.nBlocks) {
    out.gateOf[out.nBlocks] = static_cast<uint32_t>(out.nGates);
    out.originOf[out.nBlocks] = order[k];
    out.outputOf[out.nBlocks] = 0;
    keptMass.add(scores.blockMass(unit, order[k], 0));
  }
  ++out.nGates;
  out.nPaths += n * scores.groupWidth(0);
}

bool Selector::emitAll(const Cut& cut, Array<uint32_t>& candidates) {
  const int64_t nUnits = scores.nUnits, nGroups = scores.nGroups;
  const int64_t extra = request.linearSkip ? scores.nOrigins * nGroups : 0;
  const int64_t capacity = capacityFor(scores, request, cut) + extra;
  if (!out.gateUnits.resize(nUnits + 1) || !out.gateOf.resize(capacity) ||
      !out.originOf.resize(capacity) || !out.outputOf.resize(capacity) ||
      !counts.clear(nUnits * nGroups) || !keepsBias.clear(nGroups) ||
      (nGroups == 1 && !keptFirst.resize(nUnits * scores.nOrigins)))
    return false;
  out.nGates = out.nBlocks = out.nPaths = 0;
  keptMass = {};
  threshold = cut.threshold;
  ties = cut.ties;
  tiesAreOpen = true;
  nextChosen = 0;
  for (int64_t unit = 0; unit < nUnits; ++unit) {
    if (nGroups == 1) emitSlabs(unit);
    else emitUnit(unit, candidates.data());
  }
  for (int64_t group = 0; group < nGroups; ++group) {
    const double score = scores.biasScores[group];
    if (request.chosen != nullptr ? nextChosen == request.nChosen : !keeps(score, group)) continue;
    emit(nUnits, scores.nOrigins - 1, group);
    keptMass.add(scores.biasMass(group));
    keepsBias[group] = 1;
  }
  out.kept = out.nPaths;
  return true;
}

/// Replaces the output biases at the end by the empty gate with every origin and group.
void Selector::addLinearSkip() {
  while (out.nBlocks > 0 && out.gateUnits[out.gateOf[out.nBlocks - 1]] == scores.nUnits) {
    --out.nBlocks;
    out.nPaths -= scores.groupWidth(out.outputOf[out.nBlocks] / scores.span);
  }
  for (int64_t origin = 0; origin < scores.nOrigins; ++origin)
    for (int64_t group = 0; group < scores.nGroups; ++group) emit(scores.nUnits, origin, group);
}

/// w_p of every path in order; 0 for those that only linearSkip adds.
bool Selector::fillWeights() {
  Array<double> lastWeights;  // [nOutputs] of the unit
  if (!out.weights.resize(out.nPaths) || !lastWeights.resize(scores.nOutputs)) return false;
  const int64_t nInputs = network.sizes[0], nUnits = scores.nUnits;
  const int64_t firstBias = nInputs * nUnits, last = firstBias + nUnits;
  const int64_t lastBias = last + nUnits * scores.nOutputs;
  const auto parameter = [this](int64_t at) {
    return network.isDouble ? static_cast<const double*>(network.parameters)[at]
                            : static_cast<double>(static_cast<const float*>(network.parameters)[at]);
  };
  int64_t path = 0;
  for (int64_t b = 0, gate = -1; b < out.nBlocks; ++b) {
    const int64_t unit = out.gateUnits[out.gateOf[b]], origin = out.originOf[b];
    const int64_t first = out.outputOf[b], group = first / scores.span;
    const int64_t end = first + scores.groupWidth(group);
    if (unit == nUnits) {
      const bool isKept = origin == nInputs && keepsBias[group] != 0;
      for (int64_t o = first; o < end; ++o) out.weights[path++] = isKept ? parameter(lastBias + o) : 0;
      continue;
    }
    if (out.gateOf[b] != gate) {
      gate = out.gateOf[b];
      for (int64_t o = 0; o < scores.nOutputs; ++o) lastWeights[o] = parameter(last + o * nUnits + unit);
    }
    const double weight = parameter(origin < nInputs ? unit * nInputs + origin : firstBias + unit);
    for (int64_t o = first; o < end; ++o) out.weights[path++] = weight * lastWeights[o];
  }
  return true;
}

Cut cutByPaths(const BlockScores& scores, int64_t keep) {
  const double at = largestThreshold(
      keep, [&](double threshold) { return pathsAbove(scores, threshold, false, keep); });
  return {at, {keep - pathsAbove(scores, at, true, INT64_MAX), true}};
}

/// The same for slabs, whose scores are a list.
Cut cutSlabs(const BlockScores& scores, int64_t keep, uint64_t* keys) {
  const int64_t width = scores.groupWidth(0), nBlocks = scores.nUnits * scores.nOrigins + 1;
  const int64_t fitting = keep < width ? 1 : keep / width;
  const RankedScore last = nthScore(scores, fitting < nBlocks ? fitting : nBlocks, keys);
  return {last.score, {keep - last.nLarger * width, true}};
}

Cut cutByError(const BlockScores& scores, double maxError) {
  const double goal = scores.totalMass - maxError;
  if (goal <= 0) return {__builtin_inf(), {0, false}};
  const auto mass = [&](double threshold) { return massAbove(scores, threshold, false); };
  // At 0 the goal may be missed by rounding: then every block with a score is kept.
  const double at = mass(0) < goal ? 0 : largestThreshold(goal, mass);
  const double missing = at == 0 ? 0 : (goal - massAbove(scores, at, true)) / at;
  const int64_t whole = static_cast<int64_t>(missing);
  const int64_t ties = missing <= 0 ? 0 : whole + (static_cast<double>(whole) < missing ? 1 : 0);
  return {at, {ties, false}};
}

/// Bits of the patterns by unit: [nUnits, nWords] of 64 samples.
bool transposeBits(const uint32_t* words, int64_t nSamples, int64_t nUnits, Array<uint64_t>& out) {
  const int64_t perSample = 2 * ((nUnits + 63) / 64), perUnit = (nSamples + 63) / 64;
  if (!out.clear(nUnits * perUnit)) return false;
  for (int64_t sample = 0; sample < nSamples; ++sample)
    for (int64_t w = 0; w < perSample; ++w)
      for (uint32_t left = words[sample * perSample + w]; left != 0; left &= left - 1) {
        const int64_t unit = 32 * w + __builtin_ctz(left);
        if (unit < nUnits) out[unit * perUnit + sample / 64] |= uint64_t{1} << (sample % 64);
      }
  return true;
}

/// Path norms from the bits, and the scores that they give. Its scratch is free again for what follows.
template <typename T>
bool scoreBlocks(const ConversionNetwork& network, const ConversionSamples& samples, const UnitBits& bits,
                 const SelectRequest& request, BlockScores& scores, const Parallel& parallel) {
  const ConversionTable<T>& kernels = conversion(T());
  const int64_t nUnits = network.sizes[1], nOrigins = samples.nFeatures + 1;
  Array<double> sums;
  Array<char> scratch;
  if (!sums.resize(nUnits * nOrigins) ||
      !scratch.resize(kernels.normsScratch(samples, nUnits, parallel.nWorkers)))
    return false;
  kernels.normSums(samples, bits, nUnits, sums.data(), scratch.data(), parallel);
  scores.isSorted = request.chosen == nullptr && (!request.isKeep || request.span < network.sizes[2]);
  scores.isRelative = request.isRelative;
  return fillScores(network, sums.data(), samples.nSamples, request.span, scores, parallel);
}

template <typename T>
int64_t selectWith(const ConversionNetwork& network, const ConversionSamples& samples,
                   const uint32_t* words, const T* preActivations, const SelectRequest& request,
                   Selected& out, const Parallel& parallel) {
  const ConversionTable<T>& kernels = conversion(T());
  const int64_t nUnits = network.sizes[1], nOrigins = samples.nFeatures + 1;
  Array<uint64_t> unitWords;
  if (!transposeBits(words, samples.nSamples, nUnits, unitWords)) return kSelectNoMemory;
  const UnitBits bits{unitWords.data(), (samples.nSamples + 63) / 64};
  BlockScores scores;
  if (!scoreBlocks<T>(network, samples, bits, request, scores, parallel)) return kSelectNoMemory;
  Array<uint32_t> candidates;
  Array<uint64_t> keys;
  const bool isList = !scores.isSorted && request.chosen == nullptr;
  if (!candidates.resize(scores.nGroups) || (isList && !keys.resize(nUnits * nOrigins + 1)) ||
      (!request.isKeep && !sumPrefixes(scores)))
    return kSelectNoMemory;
  Selector selector{network, scores, request, out, {}, {}, {}, {}};
  for (double allowed = request.maxError;;) {
    const Cut cut = request.chosen != nullptr ? Cut{1, {0, false}}
                    : !request.isKeep         ? cutByError(scores, allowed)
                    : scores.isSorted         ? cutByPaths(scores, request.keep)
                                              : cutSlabs(scores, request.keep, keys.data());
    const double blocks = static_cast<double>(capacityFor(scores, request, cut));
    if (blocks * (3 * 4 + 8.0 * static_cast<double>(request.span)) > request.memoryLimit) return kSelectTooLarge;
    if (!selector.emitAll(cut, candidates)) return kSelectNoMemory;
    out.totalMass = scores.totalMass;
    out.keptMass = selector.keptMass.value();
    const double bound = out.totalMass - out.keptMass;
    const bool isAll = cut.threshold == 0 || request.nChosen == nUnits * nOrigins + 1;
    out.bound = isAll || bound < 0 ? 0 : bound;
    const double excess = out.bound - request.maxError;
    if (request.isKeep || excess <= 0) break;
    // A little less is allowed when the bound of the finished set exceeds maxError by rounding.
    const double step = 0x1p-52 * out.totalMass;
    allowed -= 2 * excess > step ? 2 * excess : step;
  }
  if (request.linearSkip) selector.addLinearSkip();
  const KeptPrefixes kept{nUnits,
                          nOrigins,
                          scores.nOutputs,
                          scores.nGroups,
                          request.span,
                          scores.nGroups > 1 ? scores.originOrder.data() : selector.keptFirst.data(),
                          selector.counts.data(),
                          selector.keepsBias.data()};
  Array<char> scratch;
  if (!selector.fillWeights() ||
      !scratch.resize(kernels.errorScratch(samples, kept, parallel.nWorkers)))
    return kSelectNoMemory;
  out.measuredError =
      kernels.removedError(network, samples, bits, kept, preActivations, scratch.data(), parallel);
  return kSelected;
}

}  // namespace

int64_t selectPaths(const ConversionNetwork& network, const ConversionSamples& samples,
                    const uint32_t* words, const void* preActivations, const SelectRequest& request,
                    Selected& out, const Parallel& parallel) {
  if (samples.isDouble)
    return selectWith<double>(network, samples, words, static_cast<const double*>(preActivations), request, out,
                              parallel);
  return selectWith<float>(network, samples, words, static_cast<const float*>(preActivations), request, out,
                           parallel);
}

}  // namespace glai
