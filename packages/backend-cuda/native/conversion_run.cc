#include "conversion_run.h"
#include <algorithm>
#include <memory>
#include "conversion.h"
#include "dense.h"
#include "memory.h"

namespace glai::cuda {

namespace {

constexpr uint32_t kRowsPerPass = 4096;  // bounds the memory of activations

/// What every call needs. Members are freed in reverse order, the stream last.
struct Device {
  Stream stream;
  Transfer transfer;

  template <typename T>
  void put(DeviceArray<T>& to, const T* from, size_t n) {
    to.reserve(n);
    transfer.upload(to, from, n, stream);
  }

  template <typename T>
  std::vector<T> take(const DeviceArray<T>& from, size_t n) {
    std::vector<T> values = hostArray<T>(n, "results that are read");
    transfer.download(values.data(), from.get(), n * sizeof(T), stream);
    return values;
  }
};

int wordsFor(int nColumns) {
  return 2 * ((nColumns + 63) / 64);
}

/// A network and its samples on the device, walked through in passes of consecutive rows.
class LayerWalk {
 public:
  LayerWalk(Device& device, const std::vector<int>& sizes, const float* parameters, const HostFeatures& features)
      : device_(device), sizes_(sizes), nSamples_(features.nSamples) {
    size_t nParameters = 0;
    for (size_t l = 0; l + 1 < sizes.size(); l++) nParameters += (static_cast<size_t>(sizes[l]) + 1) * sizes[l + 1];
    device.put(parameters_, parameters, nParameters);
    device.put(features_, features.values, static_cast<size_t>(features.nSamples) * features.nFeatures);
    std::vector<uint32_t> rows = hostArray<uint32_t>(features.nSamples, "row numbers");
    std::vector<StepPlan> plans;
    for (uint32_t row = 0; row < features.nSamples; row++) rows[row] = row;
    for (uint32_t first = 0; first < features.nSamples; first += kRowsPerPass) {
      StepPlan plan{};
      plan.firstRow = first;
      plan.nSources = plan.nRows = std::min(kRowsPerPass, features.nSamples - first);
      plans.push_back(plan);
    }
    device.put(rows_, rows.data(), rows.size());
    device.put(plans_, plans.data(), plans.size());
    cursor_.reserve(1);
    cursor_.zero(1, device.stream);
    for (size_t l = 0; l + 1 < sizes.size(); l++) {
      outputs_.push_back(std::make_unique<DeviceArray<float>>("activations"));
      outputs_.back()->reserve(static_cast<size_t>(std::min(kRowsPerPass, nSamples_)) * sizes[l + 1]);
    }
  }

  /// Runs layers 0 … nLayers − 1 for every pass. `change` may set gates; `visit` sees each layer's output.
  template <typename Change, typename Visit>
  void run(size_t nLayers, const Change& change, const Visit& visit) {
    for (uint32_t first = 0; first < nSamples_; first += kRowsPerPass) {
      const uint32_t nRows = std::min(kRowsPerPass, nSamples_ - first);
      size_t parameter = 0;
      for (size_t l = 0; l < nLayers; l++) {
        DenseForward p{};
        p.step = {plans_.get() + first / kRowsPerPass, cursor_.get(), rows_.get(), 0};
        p.input = l == 0 ? DenseInput{features_.get(), 1, 0} : DenseInput{outputs_[l - 1]->get(), 0, 0};
        p.parameters = parameters_.get() + parameter;
        p.output = outputs_[l]->get();
        p.nIn = sizes_[l];
        p.nOut = sizes_[l + 1];
        p.hidden = l + 2 < sizes_.size();
        change(p, l);
        check(denseForward(p, nRows, device_.stream), "running a layer forward");
        visit(l, first, nRows, outputs_[l]->get());
        parameter += (static_cast<size_t>(sizes_[l]) + 1) * sizes_[l + 1];
      }
    }
  }

 private:
  Device& device_;
  std::vector<int> sizes_;
  uint32_t nSamples_;
  DeviceArray<float> parameters_{"parameters"};
  DeviceArray<float> features_{"features"};
  DeviceArray<uint32_t> rows_{"row numbers"};
  DeviceArray<StepPlan> plans_{"step plans"};
  DeviceArray<uint32_t> cursor_{"the step cursor"};
  std::vector<std::unique_ptr<DeviceArray<float>>> outputs_;
};

/// Bits of the hidden layers, left on the device: layer l starts at word firstWord[l].
struct PatternsOnDevice {
  DeviceArray<uint32_t> words{"activation bits"};
  std::vector<uint64_t> firstWord;
  std::vector<int> rowWords;
  size_t nWords = 0;

  PatternsOnDevice(const std::vector<int>& rowWords, uint32_t nSamples) : rowWords(rowWords) {
    for (const int n : rowWords) {
      firstWord.push_back(nWords);
      nWords += static_cast<size_t>(n) * nSamples;
    }
    words.reserve(nWords);
  }
};

std::vector<int> hiddenWords(const std::vector<int>& sizes) {
  std::vector<int> words;
  for (size_t l = 1; l + 1 < sizes.size(); l++) words.push_back(wordsFor(sizes[l]));
  return words;
}

void findPatterns(Device& device, LayerWalk& walk, const std::vector<int>& sizes, PatternsOnDevice& patterns) {
  const size_t depth = sizes.size() - 2;
  DeviceArray<uint32_t> firstNan("a place of NaN");
  const std::vector<uint32_t> none(depth, 0xffffffffu);
  device.put(firstNan, none.data(), depth);
  const auto report = [&](uint32_t firstRow) {
    const std::vector<uint32_t> places = device.take(firstNan, depth);
    for (size_t l = 0; l < depth; l++) {
      if (places[l] == 0xffffffffu) continue;
      throw Failure{"bad-data",
                    "Expected numbers but the pre-activation of layer " + std::to_string(l + 1) + " unit " +
                        std::to_string(places[l] % sizes[l + 1]) + " is NaN for sample " +
                        std::to_string(firstRow + places[l] / sizes[l + 1]) + ".",
                    "Look for NaN or Inf in the features or the weights: glai inspect."};
    }
  };
  walk.run(depth, [](DenseForward&, size_t) {},
           [&](size_t l, uint32_t firstRow, uint32_t nRows, const float* activations) {
             const ActivationBits p{activations,
                                    patterns.words.get() + patterns.firstWord[l] +
                                        static_cast<size_t>(firstRow) * patterns.rowWords[l],
                                    firstNan.get() + l,
                                    nRows,
                                    sizes[l + 1],
                                    patterns.rowWords[l]};
             check(activationBits(p, device.stream), "taking activation bits");
             if (l + 1 == depth) report(firstRow);
           });
}

/// The tables that kernels read a PatternBits through.
struct PatternTables {
  DeviceArray<uint64_t> firstWord{"layers of activation bits"};
  DeviceArray<int> rowWords{"layers of activation bits"};

  PatternTables(Device& device, const PatternsOnDevice& patterns) {
    device.put(firstWord, patterns.firstWord.data(), patterns.firstWord.size());
    device.put(rowWords, patterns.rowWords.data(), patterns.rowWords.size());
  }

  PatternBits of(const PatternsOnDevice& patterns) const {
    return {patterns.words.get(), firstWord.get(), rowWords.get(), static_cast<int>(patterns.rowWords.size())};
  }
};

}  // namespace

HostPatterns runActivationPatterns(const std::vector<int>& sizes, const float* parameters,
                                   const HostFeatures& features) {
  Device device;
  LayerWalk walk(device, sizes, parameters, features);
  PatternsOnDevice patterns(hiddenWords(sizes), features.nSamples);
  findPatterns(device, walk, sizes, patterns);
  return {device.take(patterns.words, patterns.nWords), patterns.rowWords};
}

double runTotalMass(const std::vector<int>& sizes, const float* parameters, const HostFeatures& features) {
  Device device;
  LayerWalk walk(device, sizes, parameters, features);
  PatternsOnDevice patterns(hiddenWords(sizes), features.nSamples);
  findPatterns(device, walk, sizes, patterns);
  DeviceArray<double> mass("the total mass");
  mass.reserve(1);
  mass.zero(1, device.stream);
  const size_t nLayers = sizes.size() - 1;
  walk.run(nLayers,
           [&](DenseForward& p, size_t l) {
             p.absolute = 1;
             if (l + 1 == nLayers) return;
             p.gates = patterns.words.get() + patterns.firstWord[l];
             p.gateWords = patterns.rowWords[l];
           },
           [&](size_t l, uint32_t, uint32_t nRows, const float* output) {
             if (l + 1 == nLayers)
               check(sum(Sum<float>{output, mass.get(), static_cast<size_t>(nRows) * sizes.back()}, device.stream),
                     "adding up the total mass");
           });
  return device.take(mass, 1)[0] / features.nSamples;
}

double runStructuralShift(const HostPatterns& before, const HostPatterns& after, const HostFeatures& features) {
  Device device;
  PatternsOnDevice patterns(before.rowWords, features.nSamples);
  DeviceArray<uint32_t> other("activation bits");
  DeviceArray<float> values("features");
  DeviceArray<double> shift("shifts of samples");
  DeviceArray<double> total("the structural shift");
  device.put(patterns.words, before.words.data(), patterns.nWords);
  device.put(other, after.words.data(), patterns.nWords);
  device.put(values, features.values, static_cast<size_t>(features.nSamples) * features.nFeatures);
  const PatternTables tables(device, patterns);
  shift.reserve(features.nSamples);
  total.reserve(1);
  total.zero(1, device.stream);
  const StructuralShift p{tables.of(patterns), other.get(), values.get(), shift.get(), features.nSamples,
                          features.nFeatures};
  check(structuralShift(p, device.stream), "measuring the structural shift");
  check(sum(Sum<double>{shift.get(), total.get(), features.nSamples}, device.stream), "adding up the shift");
  return device.take(total, 1)[0];
}

std::vector<uint32_t> runGateBits(const HostGates& gates, const HostPatterns& from, uint32_t nSamples) {
  Device device;
  PatternsOnDevice patterns(from.rowWords, nSamples);
  device.put(patterns.words, from.words.data(), patterns.nWords);
  const PatternTables tables(device, patterns);
  std::vector<uint32_t> units, layers, firstUnit{0};
  for (int gate = 0; gate < gates.nGates; gate++) {
    for (int l = static_cast<int>(gates.firstLayer[gate]) - 1; l < gates.depth; l++) {
      units.push_back(gates.units[static_cast<size_t>(gate) * gates.depth + l]);
      layers.push_back(l);
    }
    firstUnit.push_back(static_cast<uint32_t>(units.size()));
  }
  DeviceArray<uint32_t> unitsThere("units of gates"), layersThere("layers of gates"), firstThere("gates");
  DeviceArray<uint32_t> bits("gate bits");
  device.put(unitsThere, units.data(), units.size());
  device.put(layersThere, layers.data(), layers.size());
  device.put(firstThere, firstUnit.data(), firstUnit.size());
  const int words = wordsFor(gates.nGates);
  const size_t n = static_cast<size_t>(nSamples) * words;
  bits.reserve(n);
  const GateBits p{tables.of(patterns), unitsThere.get(), layersThere.get(), firstThere.get(), bits.get(),
                   nSamples,            gates.nGates,     words};
  if (n > 0) check(gateBits(p, device.stream), "taking gate bits");
  return device.take(bits, n);
}

std::vector<double> runPathNorms(const std::vector<uint32_t>& gates, int nGates, const HostFeatures& features) {
  Device device;
  DeviceArray<float> values("features");
  DeviceArray<uint32_t> bits("gate bits");
  DeviceArray<double> norms("path norms");
  const size_t n = static_cast<size_t>(nGates) * (features.nFeatures + 1);
  device.put(values, features.values, static_cast<size_t>(features.nSamples) * features.nFeatures);
  device.put(bits, gates.data(), gates.size());
  norms.reserve(n);
  norms.zero(n, device.stream);
  const PathNorms p{values.get(), bits.get(),         norms.get(),           features.nSamples,
                    features.nFeatures, nGates, wordsFor(nGates), 0};
  if (n > 0) check(pathNorms(p, device.stream), "adding up path norms");
  return device.take(norms, n);
}

}  // namespace glai::cuda
