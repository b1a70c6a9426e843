// The measured error of a pruned network with one hidden layer: Σ over outputs of the mean of
// |f(x) − f̂(x)|, from what was removed alone. For unit s the kept origins of every output are a prefix of
// one list, so running sums P along that list serve all outputs:
//   f(x)_o − f̂(x)_o = Σ_s open_s(x) W_1[o, s] (z_s(x) − P_s(x, count[s, o])) + removed output bias.
// Samples stand in the lanes. The pre-activations z are those of the patterns where they were kept.
#pragma once
#include "conversion_forward.h"

namespace glai {
namespace GLAI_ISA {

constexpr int kErrorVectors = GLAI_VECTOR_BYTES == 64 ? 4 : 8;
template <typename T>
constexpr int kErrorSamples = kErrorVectors * kLanes<T>;  // per task; divides 64
constexpr int64_t kErrorChunk = 1024;                     // samples whose pre-activations are held

template <typename T>
struct ErrorScratch {
  T* weights;         // [nUnits, nOrigins] of the origins by descending score, where they are walked
  T* lastWeights;     // [nUnits, nOutputs] W_1 transposed
  T* bias;            // [nUnits padded]
  T* z;               // [kErrorChunk, nUnits] where the pre-activations are not given
  uint32_t* byCount;  // [nUnits, nGroups] groups by ascending count
  double* partial;    // [chunk's tasks]
  T* inputs;          // [worker][nOrigins, kErrorSamples]
  T* zOfTask;         // [worker][nUnits, kErrorSamples]
  T* errors;          // [worker][nOutputs, kErrorSamples]
};

template <typename T>
inline ErrorScratch<T> takeErrorScratch(Arena& arena, const KeptPrefixes& kept, int nWorkers) {
  ErrorScratch<T> s;
  s.weights = arena.take<T>(kept.nUnits * kept.nOrigins);
  s.lastWeights = arena.take<T>(kept.nUnits * kept.nOutputs);
  s.bias = arena.take<T>(roundUp(kept.nUnits, kTileColumns<T>));
  s.z = arena.take<T>(kept.nUnits * kErrorChunk);
  s.byCount = arena.take<uint32_t>(kept.nUnits * kept.nGroups);
  s.partial = arena.take<double>(kErrorChunk / kErrorSamples<T>);
  s.inputs = arena.take<T>(nWorkers * kept.nOrigins * kErrorSamples<T>);
  s.zOfTask = arena.take<T>(nWorkers * kept.nUnits * kErrorSamples<T>);
  s.errors = arena.take<T>(nWorkers * kept.nOutputs * kErrorSamples<T>);
  return s;
}

template <typename T>
size_t errorScratch(const ConversionSamples& samples, const KeptPrefixes& kept, int nWorkers) {
  const size_t perWorker = (kept.nOrigins + kept.nUnits + kept.nOutputs) * kErrorSamples<T>;
  const size_t floats = kept.nUnits * (kept.nOrigins + kept.nOutputs + kErrorChunk) +
                        roundUp(kept.nUnits, kTileColumns<T>) + nWorkers * perWorker;
  return floats * sizeof(T) + kept.nUnits * kept.nGroups * sizeof(uint32_t) +
         kErrorChunk / kErrorSamples<T> * sizeof(double) + 9 * 64 +
         productScratch<T>(smaller(kErrorChunk, samples.nSamples), kept.nUnits, samples.nFeatures);
}

/// True for a unit whose list is walked from its end, as most is kept: the difference of two large sums would be
/// rounding.
inline bool isFromEnd(const KeptPrefixes& kept, int64_t leastCount) { return 2 * leastCount >= kept.nOrigins; }

/// What one unit adds to the errors of kErrorSamples samples.
template <typename T>
inline void addUnitErrors(const KeptPrefixes& kept, const ErrorScratch<T>& s, int64_t unit, const T* z,
                          uint64_t open, const T* inputs, T* errors) {
  constexpr int kLength = kErrorSamples<T>;
  const int64_t nOrigins = kept.nOrigins, nGroups = kept.nGroups;
  const uint32_t* origins = kept.origins + unit * nOrigins;
  const uint32_t* counts = kept.counts + unit * nGroups;
  const uint32_t* byCount = s.byCount + unit * nGroups;
  const T* weights = s.weights + unit * nOrigins;
  const T* last = s.lastWeights + unit * kept.nOutputs;
  T mask[kLength];
  for (int j = 0; j < kLength; ++j) mask[j] = static_cast<T>((open >> j) & 1);
  Vec<T> sum[kErrorVectors];
#pragma GCC unroll 16
  for (int v = 0; v < kErrorVectors; ++v) sum[v] = Vec<T>{};
  const auto walk = [&](int64_t rank) __attribute__((always_inline)) {
    const Vec<T> weight = splat(weights[rank]);
    const T* x = inputs + static_cast<int64_t>(origins[rank]) * kLength;
#pragma GCC unroll 16
    for (int v = 0; v < kErrorVectors; ++v) sum[v] += weight * load(x + v * kLanes<T>);
  };
  // Adds what is removed to the outputs of all groups from q on that keep as many, and returns the next q.
  const auto spread = [&](int64_t q, int64_t step, bool isRest) __attribute__((always_inline)) {
    const uint32_t count = counts[byCount[q]];
    Vec<T> removed[kErrorVectors];
#pragma GCC unroll 16
    for (int v = 0; v < kErrorVectors; ++v) {
      const Vec<T> rest = isRest ? sum[v] : load(z + v * kLanes<T>) - sum[v];
      removed[v] = rest * load(mask + v * kLanes<T>);
    }
    for (; q >= 0 && q < nGroups && counts[byCount[q]] == count; q += step) {
      const int64_t first = byCount[q] * kept.span, end = smaller(first + kept.span, kept.nOutputs);
      for (int64_t o = first; o < end; ++o) {
        const Vec<T> weight = splat(last[o]);
        T* to = errors + o * kLength;
#pragma GCC unroll 16
        for (int v = 0; v < kErrorVectors; ++v)
          store(to + v * kLanes<T>, load(to + v * kLanes<T>) + weight * removed[v]);
      }
    }
    return q;
  };
  if (isFromEnd(kept, counts[byCount[0]])) {
    int64_t rank = nOrigins, q = nGroups - 1;
    while (q >= 0 && counts[byCount[q]] == nOrigins) --q;  // nothing removed
    while (q >= 0) {
      while (rank > counts[byCount[q]]) walk(--rank);
      q = spread(q, -1, true);
    }
  } else {
    int64_t rank = 0, q = 0;
    while (q < nGroups && counts[byCount[q]] < nOrigins) {
      while (rank < counts[byCount[q]]) walk(rank++);
      q = spread(q, 1, false);
    }
  }
}

/// The copies of the parameters that `addUnitErrors` reads.
template <typename T>
inline void fillErrorScratch(const ConversionNetwork& network, const KeptPrefixes& kept,
                             const ErrorScratch<T>& s) {
  const LayerView first = layerView(network, 0), last = layerView(network, 1);
  const bool isDouble = network.isDouble;
  for (int64_t unit = 0; unit < kept.nUnits; ++unit) {
    for (int64_t o = 0; o < kept.nOutputs; ++o)
      s.lastWeights[unit * kept.nOutputs + o] = valueAt<T>(last.weights, isDouble, o * kept.nUnits + unit);
    uint32_t* order = s.byCount + unit * kept.nGroups;
    const uint32_t* counts = kept.counts + unit * kept.nGroups;
    for (int64_t q = 0; q < kept.nGroups; ++q) {  // by insertion
      int64_t place = q;
      for (; place > 0 && counts[order[place - 1]] > counts[q]; --place) order[place] = order[place - 1];
      order[place] = static_cast<uint32_t>(q);
    }
    const int64_t least = counts[order[0]], most = counts[order[kept.nGroups - 1]];
    const bool fromEnd = isFromEnd(kept, least);
    for (int64_t rank = fromEnd ? least : 0; rank < (fromEnd ? kept.nOrigins : most); ++rank) {
      const int64_t origin = kept.origins[unit * kept.nOrigins + rank];
      s.weights[unit * kept.nOrigins + rank] =
          origin < first.nIn ? valueAt<T>(first.weights, isDouble, unit * first.nIn + origin)
                             : valueAt<T>(first.biases, isDouble, unit);
    }
  }
}

template <typename T>
double removedError(const ConversionNetwork& network, const ConversionSamples& samples,
                    const UnitBits& bits, const KeptPrefixes& kept, const T* preActivations,
                    void* scratch, const Parallel& parallel) {
  constexpr int kLength = kErrorSamples<T>;
  Arena arena{static_cast<char*>(scratch)};
  const ErrorScratch<T> s = takeErrorScratch<T>(arena, kept, parallel.nWorkers);
  fillErrorScratch(network, kept, s);
  const LayerView first = layerView(network, 0), last = layerView(network, 1);
  const int64_t nFeatures = samples.nFeatures, nUnits = kept.nUnits;
  const T* values = static_cast<const T*>(samples.values);
  double total = 0;
  for (int64_t row0 = 0; row0 < samples.nSamples; row0 += kErrorChunk) {
    const int64_t rows = smaller(kErrorChunk, samples.nSamples - row0);
    const T* z = preActivations == nullptr ? s.z : preActivations + row0 * nUnits;
    if (preActivations == nullptr)
      affineLayer(Operand{values + row0 * nFeatures, samples.isDouble, nFeatures, 1}, first,
                  network.isDouble, rows, s.bias, s.z, arena.next, parallel);
    const int64_t nTasks = (rows + kLength - 1) / kLength;
    fork(parallel, nTasks, [&](int64_t task, int worker) {
      T* inputs = s.inputs + worker * kept.nOrigins * kLength;
      T* zOfTask = s.zOfTask + worker * nUnits * kLength;
      T* errors = s.errors + worker * kept.nOutputs * kLength;
      const int64_t begin = task * kLength, length = smaller(kLength, rows - begin);
      packFrom(inputs, kLength, values + (row0 + begin) * nFeatures, nFeatures, 1, length, nFeatures);
      for (int j = 0; j < kLength; ++j) inputs[nFeatures * kLength + j] = T(1);
      packFrom(zOfTask, kLength, z + begin * nUnits, nUnits, 1, length, nUnits);
      for (int64_t o = 0; o < kept.nOutputs; ++o) {
        const T bias = kept.keepsBias[o / kept.span] ? T(0) : valueAt<T>(last.biases, network.isDouble, o);
        for (int j = 0; j < kLength; ++j) errors[o * kLength + j] = bias;
      }
      for (int64_t unit = 0; unit < nUnits; ++unit) {
        const int64_t sample = row0 + begin;
        const uint64_t open = bits.words[unit * bits.nWords + sample / 64] >> (sample % 64);
        if (open == 0) continue;
        addUnitErrors(kept, s, unit, zOfTask + unit * kLength, open, inputs, errors);
      }
      double sum = 0;
      for (int64_t o = 0; o < kept.nOutputs; ++o)
        for (int64_t j = 0; j < length; ++j)
          sum += __builtin_fabs(static_cast<double>(errors[o * kLength + j]));
      s.partial[task] = sum;
    });
    for (int64_t task = 0; task < nTasks; ++task) total += s.partial[task];
  }
  return total / static_cast<double>(samples.nSamples);
}

}  // namespace GLAI_ISA
}  // namespace glai
