// The conversion phase as whole calls: upload, launches, download.
#pragma once
#include <cstdint>
#include <vector>

namespace glai::cuda {

struct HostFeatures {
  const float* values;  // [nSamples, nFeatures]
  uint32_t nSamples;
  int nFeatures;
};

/// Bit matrices of the hidden layers, one after another: layer l is [nSamples, rowWords[l]].
struct HostPatterns {
  std::vector<uint32_t> words;
  std::vector<int> rowWords;  // [depth]
};

struct HostGates {
  int nGates;
  int depth;
  std::vector<uint32_t> firstLayer;  // [nGates]
  std::vector<uint32_t> units;       // [nGates, depth]
};

/// Throws `bad-data` on NaN, naming layer, unit and sample.
HostPatterns runActivationPatterns(const std::vector<int>& sizes, const float* parameters, const HostFeatures&);
double runTotalMass(const std::vector<int>& sizes, const float* parameters, const HostFeatures&);
/// Per sample the weighted number of gates that differ; the caller divides by samples and paths.
double runStructuralShift(const HostPatterns& before, const HostPatterns& after, const HostFeatures&);
std::vector<uint32_t> runGateBits(const HostGates&, const HostPatterns&, uint32_t nSamples);
/// [nGates, nFeatures + 1]
std::vector<double> runPathNorms(const std::vector<uint32_t>& gates, int nGates, const HostFeatures&);

}  // namespace glai::cuda
