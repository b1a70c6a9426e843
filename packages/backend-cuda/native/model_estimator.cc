#include <cmath>
#include "batch.h"
#include "model.h"
#include "slots.h"

namespace glai::cuda {

namespace {

/// Hidden units of the gates, numbered over all layers as the dropout stream does.
struct GateUnits {
  std::vector<uint32_t> units;      // [firstUnit[nGates]]
  std::vector<uint32_t> firstUnit;  // [nGates + 1]
};

GateUnits unitsOfGates(const SelectionTables& selection, const std::vector<int>& sizes) {
  GateUnits gates;
  gates.firstUnit.push_back(0);
  for (uint32_t gate = 0; gate < selection.nGates; gate++) {
    uint32_t before = 0;  // units of the layers below
    for (int layer = 1; layer <= selection.depth; layer++) {
      if (layer >= static_cast<int>(selection.firstLayer[gate]))
        gates.units.push_back(before + selection.units[static_cast<size_t>(gate) * selection.depth + layer - 1]);
      before += sizes[layer];
    }
    gates.firstUnit.push_back(static_cast<uint32_t>(gates.units.size()));
  }
  return gates;
}

constexpr unsigned kMostBlocks = 65535;  // of the second dimension of a grid

unsigned paddedRows(unsigned capacity) {
  return (capacity + kMaskRows - 1) / kMaskRows * kMaskRows;
}

class EstimatorModel final : public Model {
 public:
  EstimatorModel(const std::vector<int>& sizes, const SelectionTables& selection, const Dropout& dropout,
                 cudaStream_t stream)
      : nInputs_(sizes.front()),
        nOutputs_(sizes.back()),
        nGates_(static_cast<int>(selection.nGates)),
        dropout_(dropout),
        slots_(makeSlots(selection, sizes.back())) {
    if (batchBlocks(nInputs_, nGates_) > kMostBlocks)
      throw Failure{"unsupported",
                    "Expected a selection with fewer inputs and gates for backend cuda but it has " +
                        std::to_string(nInputs_) + " inputs and " + std::to_string(nGates_) + " gates.",
                    "Use another backend: --backend cpu"};
    const GateUnits gates = unitsOfGates(selection, sizes);
    std::vector<float> scales(nGates_);
    for (int gate = 0; gate < nGates_; gate++)
      scales[gate] = std::pow(dropout.keepScale, static_cast<float>(gates.firstUnit[gate + 1] - gates.firstUnit[gate]));
    Transfer transfer;
    const auto put = [&](auto& to, const auto& from) {
      to.reserve(from.size());
      transfer.upload(to, from.data(), from.size(), stream);
    };
    put(slotsThere_, slots_.slots);
    put(firstSlot_, slots_.firstSlot);
    put(firstWeight_, slots_.firstWeight);
    put(units_, gates.units);
    put(firstUnit_, gates.firstUnit);
    put(gateScale_, scales);
    put(copies_, std::vector<float>(selection.copies.begin(), selection.copies.end()));
    check(cudaStreamSynchronize(stream), "uploading a selection");
  }

  size_t nParameters() const override { return slots_.order.size(); }
  const std::vector<uint32_t>& order() const override { return slots_.order; }
  int nInputs() const override { return nInputs_; }
  int nOutputs() const override { return nOutputs_; }
  const float* logits() const override { return logits_.get(); }

  bool reserve(unsigned capacity) override {
    const size_t stride = paddedRows(capacity);
    bool moved = inputs_.reserve((static_cast<size_t>(nInputs_) + 1) * stride);
    moved = masks_.reserve(nGates_ * (stride / kMaskRows)) || moved;
    moved = partial_.reserve(chunksFor(slots_, capacity) * nOutputs_ * stride) || moved;
    moved = logits_.reserve(static_cast<size_t>(capacity) * nOutputs_) || moved;
    return dLogits_.reserve(nOutputs_ * stride) || moved;
  }

  LogitGradient dLogits() const override { return {dLogits_.get(), nOutputs_, 2}; }

  void forward(const StepRef& step, const SamplesOnDevice& samples, const float* parameters, unsigned capacity,
               cudaStream_t stream) override {
    const unsigned stride = paddedRows(capacity);
    const Batch batch{step,
                      samples.features.get(),
                      inputs_.get(),
                      nInputs_,
                      stride,
                      samples.gates.get(),
                      masks_.get(),
                      nGates_,
                      samples.gateWords,
                      units_.get(),
                      firstUnit_.get(),
                      dropout_};
    check(gatherBatch(batch, capacity, stream), "gathering a batch");
    const int nChunks = chunksFor(slots_, capacity);
    const EstimatorForward paths{step, shape(stride), parameters, nChunks, partial_.get()};
    check(estimatorForward(paths, capacity, stream), "running an estimator forward");
    const EstimatorSum sum{step, partial_.get(), logits_.get(), nOutputs_, nChunks, stride};
    check(estimatorSum(sum, capacity, stream), "adding up an estimator");
  }

  void backward(const StepRef& step, const SamplesOnDevice&, const Update& update, unsigned capacity,
                cudaStream_t stream) override {
    const EstimatorUpdate p{step,
                            shape(paddedRows(capacity)),
                            slots_.largestGroup,
                            dLogits_.get(),
                            update};
    check(estimatorUpdate(p, stream), "updating an estimator");
  }

 private:
  int nInputs_, nOutputs_, nGates_;
  Dropout dropout_;
  SlotTables slots_;
  DeviceArray<Slot> slotsThere_{"slots of the selection"};
  DeviceArray<uint32_t> firstSlot_{"groups of the selection"};
  DeviceArray<uint64_t> firstWeight_{"groups of the selection"};
  DeviceArray<uint32_t> units_{"units of the gates"};
  DeviceArray<uint32_t> firstUnit_{"units of the gates"};
  DeviceArray<float> gateScale_{"scales of the gates"};
  DeviceArray<float> copies_{"copies of the gates"};
  DeviceArray<float> inputs_{"the inputs of a batch"};        // [stride / 4, nInputs + 1, 4]
  DeviceArray<uint32_t> masks_{"the gates of a batch"};       // [nGates, stride / 32]
  DeviceArray<float> partial_{"partial logits"};              // [nChunks, nOutputs, stride]
  DeviceArray<float> logits_{"logits"};                       // [capacity, nOutputs]
  DeviceArray<float> dLogits_{"gradients of logits"};         // [stride / 4, nOutputs, 4]

  EstimatorShape shape(unsigned stride) const {
    return {nInputs_,
            nOutputs_,
            slots_.width,
            static_cast<int>(slots_.firstWeight.size()),
            stride,
            slotsThere_.get(),
            firstSlot_.get(),
            firstWeight_.get(),
            gateScale_.get(),
            copies_.get(),
            masks_.get(),
            inputs_.get()};
  }
};

}  // namespace

std::unique_ptr<Model> createEstimatorModel(const std::vector<int>& sizes, const SelectionTables& selection,
                                            const Dropout& dropout, cudaStream_t stream) {
  return std::make_unique<EstimatorModel>(sizes, selection, dropout, stream);
}

}  // namespace glai::cuda
