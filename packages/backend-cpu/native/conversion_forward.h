// Forward passes over chunks of samples: activation patterns as bits, and the absolute pass of the total
// mass. The products are those of linalg_product.h; only the bias is fused.
#pragma once
#include "conversion.h"
#include "linalg_product.h"

namespace glai {
namespace GLAI_ISA {

constexpr int64_t kChunkRows = 2048;  // samples whose activations are held at once
constexpr int64_t kBitRows = 64;      // samples per task of the passes between products

/// One affine layer of a network, in the network's precision.
struct LayerView {
  const void* weights;
  const void* biases;
  int64_t nIn, nOut;
};

inline LayerView layerView(const ConversionNetwork& network, int64_t layer) {
  const size_t size = network.isDouble ? sizeof(double) : sizeof(float);
  const char* at = static_cast<const char*>(network.parameters);
  for (int64_t l = 0; l < layer; ++l)
    at += size * (network.sizes[l] + size_t{1}) * network.sizes[l + 1];
  const int64_t nIn = network.sizes[layer], nOut = network.sizes[layer + 1];
  return {at, at + size * nIn * nOut, nIn, nOut};
}

template <typename T>
GLAI_INLINE T valueAt(const void* values, bool isDouble, int64_t at) {
  return isDouble ? static_cast<T>(static_cast<const double*>(values)[at])
                  : static_cast<T>(static_cast<const float*>(values)[at]);
}

/// Adds the bias of column j (of the tile's columns when the samples are the rows).
template <typename T>
struct ColumnBias {
  const T* bias;  // padded to tiles
  GLAI_INLINE void operator()(Tile<T>& tile, int64_t, int64_t j) const {
#pragma GCC unroll 16
    for (int r = 0; r < kTileRows; ++r)
#pragma GCC unroll 16
      for (int v = 0; v < kTileVectors; ++v) tile.at[r][v] += load(bias + j + v * kLanes<T>);
  }
};

inline int64_t widestHidden(const ConversionNetwork& network) {
  int64_t widest = 0;
  for (int64_t l = 1; l < network.nLayers; ++l)
    if (network.sizes[l] > widest) widest = network.sizes[l];
  return widest;
}

/// Scratch of the largest product of a chunk over all hidden layers.
template <typename T>
inline size_t layerProductScratch(const ConversionNetwork& network, int64_t rows) {
  size_t most = 0;
  for (int64_t l = 0; l + 1 < network.nLayers; ++l) {
    const size_t bytes = productScratch<T>(rows, network.sizes[l + 1], network.sizes[l]);
    if (bytes > most) most = bytes;
  }
  return most;
}

/// out = in Wᵀ + b for `rows` samples. `bias` is scratch of roundUp(nOut, kTileColumns).
template <typename T>
inline void affineLayer(const Operand& in, const LayerView& layer, bool isDouble, int64_t rows, T* bias,
                        T* out, void* scratch, const Parallel& parallel) {
  const int64_t padded = roundUp(layer.nOut, kTileColumns<T>);
  for (int64_t j = 0; j < padded; ++j)
    bias[j] = j < layer.nOut ? valueAt<T>(layer.biases, isDouble, j) : T(0);
  const Operand weights{layer.weights, isDouble, layer.nIn, 1};
  productWith(ColumnBias<T>{bias}, in, weights, rows, layer.nOut, layer.nIn, false, out, scratch,
              parallel);
}

/// Bits of z > 0 for one sample, padding 0; true when a z is NaN.
template <typename T>
GLAI_INLINE bool signBits(const T* z, int64_t n, uint32_t* words, int64_t nWords) {
  for (int64_t w = 0; w < nWords; ++w) words[w] = 0;
  bool hasNan = false;
  int64_t unit = 0;
  for (; unit + kLanes<T> <= n; unit += kLanes<T>) {
    const Vec<T> value = load(z + unit);
    const Mask<T> isActive = value > Vec<T>{};
    words[unit / 32] |= laneBits(isActive) << (unit % 32);
    hasNan |= anyLane<T>(value != value);
  }
  for (; unit < n; ++unit) {
    words[unit / 32] |= static_cast<uint32_t>(z[unit] > T(0)) << (unit % 32);
    hasNan |= z[unit] != z[unit];
  }
  return hasNan;
}

template <typename T>
size_t patternsScratch(const ConversionNetwork& network, const ConversionSamples& samples) {
  const int64_t rows = smaller(kChunkRows, samples.nSamples), widest = widestHidden(network);
  return 2 * arenaBytes(rows * widest, sizeof(T)) +
         arenaBytes(roundUp(widest, kTileColumns<T>), sizeof(T)) + arenaBytes(kChunkRows / kBitRows, 1) +
         layerProductScratch<T>(network, rows) + 64;
}

template <typename T>
NanPlace patterns(const ConversionNetwork& network, const ConversionSamples& samples,
                  uint32_t* const* words, T* preActivations, void* scratch, const Parallel& parallel) {
  const int64_t chunkRows = smaller(kChunkRows, samples.nSamples), widest = widestHidden(network);
  Arena arena{static_cast<char*>(scratch)};
  T* activations[2] = {arena.take<T>(chunkRows * widest), arena.take<T>(chunkRows * widest)};
  T* bias = arena.take<T>(roundUp(widest, kTileColumns<T>));
  uint8_t* hasNan = arena.take<uint8_t>(kChunkRows / kBitRows);
  const int64_t last = network.nLayers - 2;  // the last hidden layer
  for (int64_t first = 0; first < samples.nSamples; first += chunkRows) {
    const int64_t rows = smaller(chunkRows, samples.nSamples - first);
    const int64_t size = samples.isDouble ? sizeof(double) : sizeof(float);
    Operand in{static_cast<const char*>(samples.values) + first * samples.nFeatures * size,
               samples.isDouble, samples.nFeatures, 1};
    for (int64_t l = 0; l <= last; ++l) {
      const LayerView layer = layerView(network, l);
      const int64_t n = layer.nOut;
      T* z = preActivations == nullptr ? activations[l % 2] : preActivations + first * n;
      affineLayer(in, layer, network.isDouble, rows, bias, z, arena.next, parallel);
      const int64_t nWords = 2 * ((n + 63) / 64), nTasks = (rows + kBitRows - 1) / kBitRows;
      fork(parallel, nTasks, [&](int64_t task, int) {
        hasNan[task] = 0;
        for (int64_t row = task * kBitRows; row < smaller((task + 1) * kBitRows, rows); ++row) {
          T* of = z + row * n;
          if (signBits(of, n, words[l] + (first + row) * nWords, nWords)) hasNan[task] = 1;
          if (l < last)
            for (int64_t unit = 0; unit < n; ++unit) of[unit] = of[unit] > T(0) ? of[unit] : T(0);
        }
      });
      for (int64_t task = 0; task < nTasks; ++task) {
        if (hasNan[task] == 0) continue;
        // The rectifier has turned NaN into 0 in all but the last layer: compute the block again to name it.
        affineLayer(in, layer, network.isDouble, rows, bias, z, arena.next, parallel);
        for (int64_t at = task * kBitRows * n; at < rows * n; ++at)
          if (z[at] != z[at]) return {l, first + at / n, at % n};
      }
      in = {z, sizeof(T) == sizeof(double), n, 1};
    }
  }
  return {};
}

template <typename T>
size_t massScratch(const ConversionNetwork& network, const ConversionSamples& samples) {
  const int64_t rows = smaller(kChunkRows, samples.nSamples), widest = widestHidden(network);
  size_t largest = 0;  // |W_l| of one layer
  for (int64_t l = 0; l < network.nLayers; ++l) {
    const size_t n = (network.sizes[l] + size_t{1}) * network.sizes[l + 1];
    if (n > largest) largest = n;
  }
  return 4 * arenaBytes(rows * widest, sizeof(T)) + arenaBytes(rows * samples.nFeatures, sizeof(T)) +
         arenaBytes(largest, sizeof(T)) + arenaBytes(roundUp(widest, kTileColumns<T>), sizeof(T)) +
         arenaBytes(rows, sizeof(double)) + arenaBytes(network.sizes[network.nLayers - 1], sizeof(double)) +
         layerProductScratch<T>(network, rows) + 64;
}

template <typename T>
double totalMass(const ConversionNetwork& network, const ConversionSamples& samples, void* scratch,
                 const Parallel& parallel) {
  const int64_t chunkRows = smaller(kChunkRows, samples.nSamples), widest = widestHidden(network);
  const int64_t last = network.nLayers - 1, nLast = network.sizes[last];
  Arena arena{static_cast<char*>(scratch)};
  T* values[2] = {arena.take<T>(chunkRows * widest), arena.take<T>(chunkRows * widest)};
  T* masses[2] = {arena.take<T>(chunkRows * widest), arena.take<T>(chunkRows * widest)};
  T* inputs = arena.take<T>(chunkRows * samples.nFeatures);  // |x|
  size_t largest = 0;
  for (int64_t l = 0; l <= last; ++l) {
    const size_t n = (network.sizes[l] + size_t{1}) * network.sizes[l + 1];
    if (n > largest) largest = n;
  }
  T* absolutes = arena.take<T>(largest);  // |W_l|, |b_l|
  T* bias = arena.take<T>(roundUp(widest, kTileColumns<T>));
  double* rowMass = arena.take<double>(chunkRows);
  double* column = arena.take<double>(nLast);  // Σ over outputs of |W_L|
  const LayerView output = layerView(network, last);
  double biasMass = 0, total = 0;
  for (int64_t s = 0; s < nLast; ++s) column[s] = 0;
  for (int64_t o = 0; o < output.nOut; ++o) {
    const double b = valueAt<double>(output.biases, network.isDouble, o);
    biasMass += __builtin_fabs(b);
    for (int64_t s = 0; s < nLast; ++s) {
      const double w = valueAt<double>(output.weights, network.isDouble, o * nLast + s);
      column[s] += __builtin_fabs(w);
    }
  }
  const auto size = [](T x) { return static_cast<T>(__builtin_fabs(x)); };
  for (int64_t first = 0; first < samples.nSamples; first += chunkRows) {
    const int64_t rows = smaller(chunkRows, samples.nSamples - first), width = samples.nFeatures;
    for (int64_t at = 0; at < rows * width; ++at)
      inputs[at] = size(valueAt<T>(samples.values, samples.isDouble, first * width + at));
    const int64_t bytes = samples.isDouble ? sizeof(double) : sizeof(float);
    Operand in{static_cast<const char*>(samples.values) + first * width * bytes, samples.isDouble, width, 1};
    Operand mass{inputs, sizeof(T) == sizeof(double), width, 1};
    const T* lastMass = inputs;
    for (int64_t l = 0; l < last; ++l) {
      const LayerView layer = layerView(network, l);
      const int64_t n = layer.nOut, nWeights = layer.nIn * n;
      T *z = values[l % 2], *y = masses[l % 2];
      affineLayer(in, layer, network.isDouble, rows, bias, z, arena.next, parallel);
      for (int64_t at = 0; at < nWeights + n; ++at)
        absolutes[at] = size(valueAt<T>(layer.weights, network.isDouble, at));
      const LayerView absolute{absolutes, absolutes + nWeights, layer.nIn, n};
      affineLayer(mass, absolute, sizeof(T) == sizeof(double), rows, bias, y, arena.next, parallel);
      fork(parallel, (rows + kBitRows - 1) / kBitRows, [&](int64_t task, int) {
        const int64_t end = smaller((task + 1) * kBitRows, rows) * n;
        for (int64_t at = task * kBitRows * n; at < end; ++at) {
          y[at] = z[at] > T(0) ? y[at] : T(0);
          z[at] = z[at] > T(0) ? z[at] : T(0);
        }
      });
      in = {z, sizeof(T) == sizeof(double), n, 1};
      mass = {y, sizeof(T) == sizeof(double), n, 1};
      lastMass = y;
    }
    fork(parallel, (rows + kBitRows - 1) / kBitRows, [&](int64_t task, int) {
      for (int64_t row = task * kBitRows; row < smaller((task + 1) * kBitRows, rows); ++row) {
        double sum = 0;
        for (int64_t s = 0; s < nLast; ++s) sum += column[s] * lastMass[row * nLast + s];
        rowMass[row] = sum;
      }
    });
    for (int64_t row = 0; row < rows; ++row) total += rowMass[row];
  }
  return total / static_cast<double>(samples.nSamples) + biasMass;
}

}  // namespace GLAI_ISA
}  // namespace glai
