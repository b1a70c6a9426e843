// The conversion phase: activation bits, gate bits, path norms from bits, structural shift and total mass.
#pragma once
#include <cstdint>
#include <cuda_runtime.h>

namespace glai::cuda {

/// Bits of activations that are > 0. NaN is reported, never "inactive".
struct ActivationBits {
  const float* activations;  // [nRows, nUnits] after the ReLU
  uint32_t* bits;            // [nRows, words]
  uint32_t* firstNan;        // [1] smallest row · nUnits + unit with NaN, 0xffffffff without
  unsigned nRows;
  int nUnits;
  int words;
};

/// Bit matrices of the hidden layers, one after another in memory.
struct PatternBits {
  const uint32_t* words;
  const uint64_t* firstWord;  // [depth] where layer l starts, in rows of all samples
  const int* rowWords;        // [depth] words of a row
  int depth;
};

struct GateBits {
  PatternBits patterns;
  const uint32_t* units;      // [firstUnit[nGates]] units of each gate
  const uint32_t* layers;     // [firstUnit[nGates]] their layers, from 0
  const uint32_t* firstUnit;  // [nGates + 1]
  uint32_t* bits;             // [nSamples, words]
  unsigned nSamples;
  int nGates;
  int words;
};

/// norms[g, i] = mean over samples of open_g |x_i|; column nFeatures is the share of samples with an open gate.
struct PathNorms {
  const float* features;  // [nSamples, nFeatures]
  const uint32_t* gates;  // [nSamples, gateWords]
  double* norms;          // [nGates, nFeatures + 1], 0 before
  unsigned nSamples;
  int nFeatures;
  int nGates;
  int gateWords;
  int firstSample;  // 0; the launches of one call go on from each other
};

/// Per sample the number of gates that differ, weighted by ‖x‖₁ or 1 (MATH.md, closed form 1).
struct StructuralShift {
  PatternBits before;
  const uint32_t* after;  // words laid out as in `before`
  const float* features;  // [nSamples, nFeatures]
  double* shift;          // [nSamples]
  unsigned nSamples;
  int nFeatures;
};

template <typename T>
struct Sum {
  const T* values;  // [n]
  double* sum;      // [1] += Σ values
  size_t n;
};

cudaError_t activationBits(const ActivationBits&, cudaStream_t);
cudaError_t gateBits(const GateBits&, cudaStream_t);
cudaError_t pathNorms(const PathNorms&, cudaStream_t);
cudaError_t structuralShift(const StructuralShift&, cudaStream_t);
cudaError_t sum(const Sum<float>&, cudaStream_t);
cudaError_t sum(const Sum<double>&, cudaStream_t);

}  // namespace glai::cuda
