#include <algorithm>
#include "dense_blas.h"
#include "model.h"

namespace glai::cuda {

namespace {

struct Layer {
  int nIn, nOut;
  size_t firstParameter;
  uint32_t firstUnit;  // in the dropout stream
};

class MlpModel final : public Model {
 public:
  MlpModel(const std::vector<int>& sizes, const Dropout& dropout, Blas* blas) : dropout_(dropout), blas_(blas) {
    uint32_t units = 0;
    for (size_t l = 0; l + 1 < sizes.size(); l++) {
      layers_.push_back({sizes[l], sizes[l + 1], nParameters_, units});
      nParameters_ += (static_cast<size_t>(sizes[l]) + 1) * sizes[l + 1];
      units += sizes[l + 1];
      outputs_.push_back(std::make_unique<DeviceArray<float>>("activations"));
      dOutputs_.push_back(std::make_unique<DeviceArray<float>>("gradients of activations"));
    }
  }

  size_t nParameters() const override { return nParameters_; }
  const std::vector<uint32_t>& order() const override { return order_; }
  int nInputs() const override { return layers_.front().nIn; }
  int nOutputs() const override { return layers_.back().nOut; }
  const float* logits() const override { return outputs_.back()->get(); }

  bool reserve(unsigned capacity) override {
    bool moved = false;
    for (size_t l = 0; l < layers_.size(); l++) {
      const size_t n = static_cast<size_t>(capacity) * layers_[l].nOut;
      moved = outputs_[l]->reserve(n) || moved;
      moved = dOutputs_[l]->reserve(n) || moved;
    }
    if (!leavesProducts(capacity)) return moved;
    size_t largest = 0;
    for (const Layer& layer : layers_) largest = std::max(largest, size_t(layer.nIn) * layer.nOut);
    moved = gathered_.reserve(size_t{capacity} * layers_.front().nIn) || moved;
    return gradient_.reserve(largest) || moved;
  }

  LogitGradient dLogits() const override { return {dOutputs_.back()->get(), layers_.back().nOut, 0}; }

  void forward(const StepRef& step, const SamplesOnDevice& samples, const float* parameters, unsigned capacity,
               cudaStream_t stream) override {
    for (size_t l = 0; l < layers_.size(); l++) {
      const Layer& layer = layers_[l];
      DenseForward p{};
      p.step = step;
      p.input = inputOf(l, samples);
      p.parameters = parameters + layer.firstParameter;
      p.output = outputs_[l]->get();
      p.nIn = layer.nIn;
      p.nOut = layer.nOut;
      p.hidden = l + 1 < layers_.size();
      p.firstUnit = layer.firstUnit;
      p.dropout = dropout_;
      if (!leavesProducts(capacity)) {
        check(denseForward(p, capacity, stream), "running a layer forward");
        continue;
      }
      if (l == 0)
        check(gatherRows({step, p.input, dropout_, gathered_.get(), p.nIn, capacity}, stream), "gathering a batch");
      blas_->timesTransposed(capacity, p.nOut, p.nIn, inputsOf(l), p.parameters, p.output);
      check(activateRows(p, capacity, stream), "running a layer forward");
    }
  }

  void backward(const StepRef& step, const SamplesOnDevice& samples, const Update& update, unsigned capacity,
                cudaStream_t stream) override {
    const bool leaves = leavesProducts(capacity);
    if (leaves)
      check(clearTail(step, dOutputs_.back()->get(), nOutputs(), capacity, stream), "running a layer backward");
    for (size_t l = layers_.size(); l-- > 0;) {
      const Layer& layer = layers_[l];
      if (l > 0) {  // before the weights change
        DenseBackward p{};
        p.step = step;
        p.dOutput = dOutputs_[l]->get();
        p.parameters = update.parameters + layer.firstParameter;
        p.activation = outputs_[l - 1]->get();
        p.dInput = dOutputs_[l - 1]->get();
        p.nIn = layer.nIn;
        p.nOut = layer.nOut;
        p.dropout = dropout_;
        if (leaves) blas_->times(capacity, p.nIn, p.nOut, p.dOutput, p.parameters, p.dInput);
        check(leaves ? maskRows(p, capacity, stream) : denseBackward(p, capacity, stream), "running a layer backward");
      }
      if (leaves) {
        blas_->transposedTimes(layer.nOut, layer.nIn, capacity, dOutputs_[l]->get(), inputsOf(l), gradient_.get());
        check(updateFromGradient({step, gradient_.get(), dOutputs_[l]->get(), layer.nIn, layer.nOut,
                                  layer.firstParameter, update},
                                 stream),
              "updating a layer");
        continue;
      }
      DenseUpdate p{};
      p.step = step;
      p.input = inputOf(l, samples);
      p.dOutput = dOutputs_[l]->get();
      p.nIn = layer.nIn;
      p.nOut = layer.nOut;
      p.firstParameter = layer.firstParameter;
      p.dropout = dropout_;
      p.update = update;
      check(denseUpdate(p, stream), "updating a layer");
    }
  }

 private:
  std::vector<Layer> layers_;
  std::vector<std::unique_ptr<DeviceArray<float>>> outputs_;   // per layer [capacity, nOut]
  std::vector<std::unique_ptr<DeviceArray<float>>> dOutputs_;  // per layer [capacity, nOut]
  size_t nParameters_ = 0;
  std::vector<uint32_t> order_;  // empty
  Dropout dropout_;
  Blas* blas_;                                  // or null
  DeviceArray<float> gathered_{"gathered rows"};  // [capacity, nInputs]
  DeviceArray<float> gradient_{"gradients of a layer"};

  bool leavesProducts(unsigned capacity) const { return blas_ != nullptr && capacity > kThinCapacity; }
  const float* inputsOf(size_t l) const { return l == 0 ? gathered_.get() : outputs_[l - 1]->get(); }

  /// The first layer reads the samples by row number. A linear head has no hidden unit: inputs are dropped.
  DenseInput inputOf(size_t l, const SamplesOnDevice& samples) const {
    if (l > 0) return {outputs_[l - 1]->get(), 0, 0};
    return {samples.features.get(), 1, layers_.size() == 1};
  }
};

}  // namespace

std::unique_ptr<Model> createMlpModel(const std::vector<int>& sizes, const Dropout& dropout, Blas* blas) {
  return std::make_unique<MlpModel>(sizes, dropout, blas);
}

}  // namespace glai::cuda
