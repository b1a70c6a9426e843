// A model as a sequence of launches. Two of them: layers (model_mlp.cc) and an estimator (model_estimator.cc).
#pragma once
#include <cstdint>
#include <memory>
#include <vector>
#include "blas.h"
#include "dropout.h"
#include "loss.h"
#include "memory.h"
#include "update.h"

namespace glai::cuda {

/// Samples on the device.
struct SamplesOnDevice {
  DeviceArray<float> features{"features"};  // [nSamples, nFeatures]
  DeviceArray<uint32_t> labels{"labels"};   // [nSamples]
  DeviceArray<float> targets{"targets"};    // [nSamples, nOutputs]
  DeviceArray<uint32_t> gates{"gate bits"};  // [nSamples, gateWords]
  std::vector<uint32_t> labelsOnHost;       // [nSamples] weights of a batch are added up there
  uint32_t nSamples = 0;
  int gateWords = 0;
};

class Model {
 public:
  virtual ~Model() = default;
  virtual size_t nParameters() const = 0;
  /// Parameter of each weight on the device; empty when they stand in the order of the parameters.
  virtual const std::vector<uint32_t>& order() const = 0;
  virtual int nInputs() const = 0;
  virtual int nOutputs() const = 0;
  /// Makes room for passes of `capacity` rows. Returns true when an array moved.
  virtual bool reserve(unsigned capacity) = 0;
  /// Where the loss leaves ∂loss/∂logits.
  virtual LogitGradient dLogits() const = 0;
  virtual const float* logits() const = 0;  // [capacity, nOutputs]
  virtual void forward(const StepRef&, const SamplesOnDevice&, const float* parameters, unsigned capacity,
                       cudaStream_t) = 0;
  /// Gradients and optimiser step, from what the last forward pass of the same capacity left.
  virtual void backward(const StepRef&, const SamplesOnDevice&, const Update&, unsigned capacity, cudaStream_t) = 0;
};

/// Blocks of a selection as they come from JavaScript; all arrays are copied.
struct SelectionTables {
  uint32_t nGates = 0;
  int depth = 0;
  std::vector<uint32_t> firstLayer;  // [nGates]
  std::vector<uint32_t> units;       // [nGates, depth]
  std::vector<uint32_t> gateOf;      // [nBlocks]
  std::vector<uint32_t> originOf;    // [nBlocks]
  std::vector<uint32_t> outputOf;    // [nBlocks]
  uint32_t blockWidth = 0;           // outputs of a whole block: 1, 16, or all
  std::vector<uint32_t> copies;      // [nGates] equal paths that each path of a gate stands for
};

/// With `blas`, passes of more than 32 rows leave their products to it.
std::unique_ptr<Model> createMlpModel(const std::vector<int>& sizes, const Dropout&, Blas* blas);
std::unique_ptr<Model> createEstimatorModel(const std::vector<int>& sizes, const SelectionTables&, const Dropout&,
                                            cudaStream_t);

}  // namespace glai::cuda
