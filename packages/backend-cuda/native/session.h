// One training session on the device. Calls come one at a time, on changing threads (the queue in src/ sees to it).
#pragma once
#include <map>
#include <memory>
#include <vector>
#include "info_nce.h"
#include "model.h"

namespace glai::cuda {

enum class Loss { kCrossEntropy, kSquaredError, kInfoNce };

struct TrainingConfig {
  Loss loss = Loss::kCrossEntropy;
  std::vector<float> classWeights;  // [nOutputs] or empty
  double temperature = 1;
  Optimizer optimizer = Optimizer::kSgd;
  double momentum = 0, beta1 = 0, beta2 = 0, epsilon = 0, weightDecay = 0;
  double dropoutRate = 0;
  uint32_t dropoutSeed = 0;
  bool blas = false;  // products of large batches by cuBLAS
};

struct SampleArrays {
  const float* features;
  const uint32_t* labels;   // or null
  const float* targets;     // [nTargets] or null
  const uint32_t* gates;    // or null
  uint32_t nSamples;
  int nFeatures;
  int gateWords;
  size_t nTargets;
};

enum class Buffer { kParameters, kFirstMoment, kSecondMoment, kGradients };

class Session {
 public:
  Session(const std::vector<int>& sizes, const SelectionTables* selection, const TrainingConfig&);
  ~Session();

  void upload(int id, const SampleArrays&);
  void release(int id);
  void train(int id, const std::vector<uint32_t>& rows, uint32_t batchSize, double learningRate);
  void forward(int id, const std::vector<uint32_t>& rows);
  void write(Buffer, const std::vector<float>&);
  void writeStep(double step) { step_ = step; }
  std::vector<float> read(Buffer);
  std::vector<float> readLogits();
  double readLoss();
  double step() const { return step_; }

 private:
  /// A captured step, and many of them; valid for one batch shape while nothing moves.
  struct Graphs {
    int samples = -1;
    unsigned capacity = 0;
    cudaGraphExec_t one = nullptr;
    cudaGraphExec_t many = nullptr;
  };

  TrainingConfig training_;
  Dropout dropout_;
  Stream stream_;
  Transfer transfer_;
  std::unique_ptr<Blas> blas_;  // or null
  std::unique_ptr<Model> model_;
  DeviceArray<float> state_[4] = {DeviceArray<float>("parameters"), DeviceArray<float>("first moments"),
                                  DeviceArray<float>("second moments"), DeviceArray<float>("gradients")};
  DeviceArray<float> classWeights_{"class weights"};
  DeviceArray<uint32_t> rows_{"row numbers"};
  DeviceArray<StepPlan> plans_{"step plans"};
  DeviceArray<uint32_t> cursor_{"the step cursor"};
  DeviceArray<double> lossSum_{"the loss"};
  DeviceArray<float> rowLoss_{"row losses"};  // [kStepsPerGroup, capacity]
  DeviceArray<float> contrast_[5] = {DeviceArray<float>("unit rows"), DeviceArray<float>("row lengths"),
                                     DeviceArray<float>("similarities"), DeviceArray<float>("normalisers"),
                                     DeviceArray<float>("gradients of unit rows")};
  DeviceArray<float> result_{"logits"};  // [nResultRows_, nOutputs] of the last forward
  size_t nResultRows_ = 0;
  std::map<int, std::unique_ptr<SamplesOnDevice>> samples_;
  Graphs graphs_;
  double weightSum_ = 0;
  double step_ = 0;

  SamplesOnDevice& samplesOf(int id);
  StepRef stepRef(uint32_t offset) const { return {plans_.get(), cursor_.get(), rows_.get(), offset}; }
  float* rowLoss(uint32_t offset, unsigned capacity) const { return rowLoss_.get() + size_t{offset} * capacity; }
  Update update() const;
  bool hasTarget(const SamplesOnDevice&) const;
  StepPlan planOf(const SamplesOnDevice&, const std::vector<uint32_t>& rows, uint32_t first, uint32_t n,
                  double* weight) const;
  void addOptimizer(StepPlan&, double step, double learningRate) const;
  void reserve(unsigned capacity, unsigned pairs);
  void start(const std::vector<StepPlan>&, const std::vector<uint32_t>& rows);
  void addLoss(const SamplesOnDevice&, unsigned capacity, uint32_t offset);
  void trainSome(const SamplesOnDevice&, unsigned capacity, uint32_t nSteps);
  void runSteps(int id, const SamplesOnDevice&, unsigned capacity, size_t nSteps);
  cudaGraphExec_t capture(const SamplesOnDevice&, unsigned capacity, uint32_t nSteps);
  void dropGraphs();
};

}  // namespace glai::cuda
