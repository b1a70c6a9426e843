#include "session.h"
#include <algorithm>
#include <cmath>

namespace glai::cuda {

namespace {

constexpr uint32_t kEvaluationStep = 0xffffffffu;  // fixed dropout stream in which infoNCE is evaluated
constexpr uint32_t kRowsPerForward = 1024;         // bounds the memory of an evaluation
constexpr uint32_t kStepsPerGroup = 16;  // of a graph, and between two sums of losses
constexpr size_t kLeastGraphSteps = 8;  // capturing costs about as much as a few steps

Dropout dropoutOf(const TrainingConfig& training) {
  return {static_cast<uint32_t>(std::floor(training.dropoutRate * 4294967296.0)),
          static_cast<float>(1.0 / (1.0 - training.dropoutRate))};
}

void expectLength(const char* what, size_t found, size_t expected) {
  if (found == expected) return;
  throw Failure{"bad-argument",
                "Expected " + std::to_string(expected) + " " + what + " but received " + std::to_string(found) + ".",
                ""};
}

void expectRows(const SamplesOnDevice& samples, const std::vector<uint32_t>& rows) {
  for (const uint32_t row : rows)
    if (row >= samples.nSamples)
      throw Failure{"bad-argument",
                    "Expected rows below " + std::to_string(samples.nSamples) + " but received " +
                        std::to_string(row) + ".",
                    ""};
}

uint32_t lowWord(double step) {
  return static_cast<uint32_t>(static_cast<uint64_t>(step));
}

}  // namespace

Session::Session(const std::vector<int>& sizes, const SelectionTables* selection, const TrainingConfig& training)
    : training_(training), dropout_(dropoutOf(training)) {
  if (training.blas) blas_ = std::make_unique<Blas>(stream_);
  model_ = selection == nullptr ? createMlpModel(sizes, dropout_, blas_.get())
                                : createEstimatorModel(sizes, *selection, dropout_, stream_);
  const size_t n = model_->nParameters();
  for (DeviceArray<float>& array : state_) {
    array.reserve(n);
    array.zero(n, stream_);
  }
  cursor_.reserve(1);
  lossSum_.reserve(1);
  lossSum_.zero(1, stream_);
  if (!training.classWeights.empty()) {
    classWeights_.reserve(training.classWeights.size());
    transfer_.upload(classWeights_, training.classWeights.data(), training.classWeights.size(), stream_);
  }
  stream_.synchronize("preparing a session");
}

Session::~Session() {
  dropGraphs();
}

void Session::upload(int id, const SampleArrays& from) {
  expectLength("features of a sample", from.nFeatures, model_->nInputs());
  if (from.targets != nullptr)
    expectLength("target values", from.nTargets, size_t{from.nSamples} * model_->nOutputs());
  auto samples = std::make_unique<SamplesOnDevice>();
  samples->nSamples = from.nSamples;
  samples->gateWords = from.gateWords;
  const auto put = [&](auto& to, const auto* values, size_t n) {
    if (values == nullptr) return;
    to.reserve(n);
    transfer_.upload(to, values, n, stream_);
  };
  const size_t n = from.nSamples;
  put(samples->features, from.features, n * from.nFeatures);
  put(samples->targets, from.targets, n * model_->nOutputs());
  put(samples->gates, from.gates, n * from.gateWords);
  if (from.labels != nullptr) {
    put(samples->labels, from.labels, n);
    samples->labelsOnHost.assign(from.labels, from.labels + n);
  }
  stream_.synchronize("uploading samples");
  samples_[id] = std::move(samples);
}

void Session::release(int id) {
  if (graphs_.samples == id) dropGraphs();
  samples_.erase(id);
}

SamplesOnDevice& Session::samplesOf(int id) {
  const auto found = samples_.find(id);
  if (found != samples_.end()) return *found->second;
  throw Failure{"internal", "Expected uploaded samples " + std::to_string(id) + " but they are gone.", ""};
}

bool Session::hasTarget(const SamplesOnDevice& samples) const {
  switch (training_.loss) {
    case Loss::kCrossEntropy: return !samples.labels.isEmpty();
    case Loss::kSquaredError: return !samples.targets.isEmpty();
    case Loss::kInfoNce: return true;
  }
  return false;
}

Update Session::update() const {
  Update update{};
  update.parameters = state_[0].get();
  update.firstMoment = state_[1].get();
  update.secondMoment = state_[2].get();
  update.gradients = state_[3].get();
  update.optimizer = training_.optimizer;
  update.momentum = static_cast<float>(training_.momentum);
  update.beta1 = static_cast<float>(training_.beta1);
  update.beta2 = static_cast<float>(training_.beta2);
  update.epsilon = static_cast<float>(training_.epsilon);
  update.weightDecay = static_cast<float>(training_.weightDecay);
  return update;
}

/// A pass over rows[first … first + n − 1]; `weight` is Σ of class weights, or of rows.
StepPlan Session::planOf(const SamplesOnDevice& samples, const std::vector<uint32_t>& rows, uint32_t first,
                         uint32_t n, double* weight) const {
  *weight = n;
  if (!training_.classWeights.empty() && !samples.labelsOnHost.empty()) {
    *weight = 0;
    for (uint32_t i = first; i < first + n; i++)
      *weight += training_.classWeights[samples.labelsOnHost[rows[i]]];
  }
  StepPlan plan{};
  plan.firstRow = first;
  plan.nSources = n;
  plan.nRows = n;
  plan.inverseWeight = static_cast<float>(1.0 / *weight);
  return plan;
}

void Session::addOptimizer(StepPlan& plan, double step, double learningRate) const {
  plan.learningRate = static_cast<float>(learningRate);
  plan.stepSize = static_cast<float>(learningRate / (1 - std::pow(training_.beta1, step + 1)));
  plan.rootCorrection = static_cast<float>(std::sqrt(1 - std::pow(training_.beta2, step + 1)));
  plan.shrink = static_cast<float>(1 - learningRate * training_.weightDecay);
}

/// Room for passes of `capacity` rows, and `pairs` of views in infoNCE. What moves invalidates the graphs.
void Session::reserve(unsigned capacity, unsigned pairs) {
  bool moved = model_->reserve(capacity);
  moved = rowLoss_.reserve(size_t{kStepsPerGroup} * capacity) || moved;
  if (pairs > 0) {
    const size_t units = size_t{2} * pairs * model_->nOutputs();
    const size_t sizes[5] = {units, size_t{2} * pairs, size_t{pairs} * pairs, size_t{2} * pairs, units};
    for (int i = 0; i < 5; i++) moved = contrast_[i].reserve(sizes[i]) || moved;
  }
  if (moved) dropGraphs();
}

/// Puts plans and rows on the device and the cursor to 0.
void Session::start(const std::vector<StepPlan>& plans, const std::vector<uint32_t>& rows) {
  const bool moved = rows_.reserve(rows.size());
  if (plans_.reserve(plans.size()) || moved) dropGraphs();
  transfer_.upload(rows_, rows.data(), rows.size(), stream_);
  transfer_.upload(plans_, plans.data(), plans.size(), stream_);
  cursor_.zero(1, stream_);
}

/// Loss and ∂loss/∂logits of the logits that the model has just left.
void Session::addLoss(const SamplesOnDevice& samples, unsigned capacity, uint32_t offset) {
  const LogitGradient dLogits = model_->dLogits();
  float* const rowLosses = rowLoss(offset, capacity);
  const int nOutputs = model_->nOutputs();
  switch (training_.loss) {
    case Loss::kCrossEntropy:
      return check(crossEntropy({stepRef(offset), model_->logits(), samples.labels.get(), classWeights_.get(),
                                 rowLosses, dLogits, nOutputs},
                                capacity, stream_),
                   "computing the loss");
    case Loss::kSquaredError:
      return check(squaredError({stepRef(offset), model_->logits(), samples.targets.get(), rowLosses, dLogits,
                                 nOutputs},
                                capacity, stream_),
                   "computing the loss");
    case Loss::kInfoNce:
      return check(infoNce({stepRef(offset), model_->logits(), contrast_[0].get(), contrast_[1].get(), contrast_[2].get(),
                            contrast_[3].get(), contrast_[4].get(), rowLosses, dLogits, nOutputs,
                            static_cast<float>(1 / training_.temperature)},
                           capacity / 2, stream_),
                   "computing the loss");
  }
}

/// At most kStepsPerGroup steps.
void Session::trainSome(const SamplesOnDevice& samples, unsigned capacity, uint32_t nSteps) {
  for (uint32_t step = 0; step < nSteps; step++) {
    model_->forward(stepRef(step), samples, state_[0].get(), capacity, stream_);
    addLoss(samples, capacity, step);
    model_->backward(stepRef(step), samples, update(), capacity, stream_);
  }
  check(finishSteps({plans_.get(), cursor_.get(), rowLoss_.get(), lossSum_.get(), nSteps, capacity}, stream_),
        "adding up the loss");
}

void Session::train(int id, const std::vector<uint32_t>& rows, uint32_t batchSize, double learningRate) {
  if (rows.empty()) return;
  const SamplesOnDevice& samples = samplesOf(id);
  expectRows(samples, rows);
  const bool twoViews = training_.loss == Loss::kInfoNce;
  const uint32_t n = static_cast<uint32_t>(rows.size());
  const uint32_t batch = std::min(batchSize, n);
  const unsigned capacity = twoViews ? 2 * batch : batch;
  reserve(capacity, twoViews ? batch : 0);
  std::vector<StepPlan> plans;
  for (uint32_t first = 0; first < n; first += batch) {
    double weight = 0;
    StepPlan plan = planOf(samples, rows, first, std::min(batch, n - first), &weight);
    const double step = step_ + static_cast<double>(plans.size());
    if (twoViews) plan.nRows = 2 * plan.nSources;
    if (training_.dropoutRate > 0) plan.flags |= kDrop;
    plan.stepKey = stepKeyOf(training_.dropoutSeed, lowWord(step));
    addOptimizer(plan, step, learningRate);
    weightSum_ += weight;
    plans.push_back(plan);
  }
  plans.back().flags |= kKeepGradients;
  start(plans, rows);
  runSteps(id, samples, capacity, plans.size());
  stream_.synchronize("training");
  step_ += static_cast<double>(plans.size());
}

/// Few steps one launch at a time; many as graphs, after one step that loads every kernel.
void Session::runSteps(int id, const SamplesOnDevice& samples, unsigned capacity, size_t nSteps) {
  if (nSteps < kLeastGraphSteps) {
    trainSome(samples, capacity, static_cast<uint32_t>(nSteps));
    return;
  }
  if (graphs_.samples != id || graphs_.capacity != capacity || graphs_.one == nullptr) {
    dropGraphs();
    trainSome(samples, capacity, 1);
    nSteps--;
    graphs_.one = capture(samples, capacity, 1);
    graphs_.many = capture(samples, capacity, kStepsPerGroup);
    graphs_.samples = id;
    graphs_.capacity = capacity;
  }
  for (; nSteps >= kStepsPerGroup; nSteps -= kStepsPerGroup)
    check(cudaGraphLaunch(graphs_.many, stream_), "launching steps");
  for (; nSteps > 0; nSteps--) check(cudaGraphLaunch(graphs_.one, stream_), "launching a step");
}

cudaGraphExec_t Session::capture(const SamplesOnDevice& samples, unsigned capacity, uint32_t nSteps) {
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "capturing a step");
  try {
    trainSome(samples, capacity, nSteps);
  } catch (const Failure&) {
    if (cudaStreamEndCapture(stream_, &graph) == cudaSuccess) cudaGraphDestroy(graph);
    throw;  // a stream that still captured could not even be freed
  }
  check(cudaStreamEndCapture(stream_, &graph), "capturing a step");
  size_t nLaunches = 0;
  cudaGraphGetNodes(graph, nullptr, &nLaunches);
  const cudaError_t error = cudaGraphInstantiate(&executable, graph, 0);
  cudaGraphDestroy(graph);
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();  // not sticky: forget it
    throw Failure{"out-of-memory",
                  "Expected GPU memory for a graph of " + std::to_string(nSteps) + " training steps (" +
                      std::to_string(nLaunches) + " launches) but " + freeText() + ".",
                  "Use fewer samples or a smaller batch, free memory (nvidia-smi shows who holds it), or train fewer than " +
                      std::to_string(kLeastGraphSteps) + " steps a call, which needs no graph."};
  }
  check(error, "capturing a step");
  return executable;
}

void Session::dropGraphs() {
  if (graphs_.one != nullptr) cudaGraphExecDestroy(graphs_.one);
  if (graphs_.many != nullptr) cudaGraphExecDestroy(graphs_.many);
  graphs_ = Graphs{};
}

void Session::forward(int id, const std::vector<uint32_t>& rows) {
  const SamplesOnDevice& samples = samplesOf(id);
  expectRows(samples, rows);
  const uint32_t n = static_cast<uint32_t>(rows.size());
  nResultRows_ = n;
  if (n == 0) return;
  const bool twoViews = training_.loss == Loss::kInfoNce;
  const bool hasLoss = !twoViews && hasTarget(samples);
  const uint32_t perPass = std::min(n, kRowsPerForward);
  reserve(perPass, 0);
  if (twoViews) reserve(2 * n, n);  // both: a smaller pass may need more room for partial sums
  const size_t nOutputs = model_->nOutputs();
  result_.reserve(n * nOutputs);

  std::vector<StepPlan> plans;
  for (uint32_t first = 0; first < n; first += perPass) {
    double weight = 0;
    plans.push_back(planOf(samples, rows, first, std::min(perPass, n - first), &weight));
    if (hasLoss) weightSum_ += weight;
  }
  if (twoViews) {
    double weight = 0;
    StepPlan views = planOf(samples, rows, 0, n, &weight);
    views.nRows = 2 * n;
    views.stepKey = stepKeyOf(training_.dropoutSeed, kEvaluationStep);
    if (training_.dropoutRate > 0) views.flags |= kDrop;
    weightSum_ += weight;
    plans.push_back(views);
  }
  start(plans, rows);
  for (const StepPlan& plan : plans) {
    const bool views = plan.nRows != plan.nSources;
    const unsigned capacity = views ? 2 * n : perPass;
    model_->forward(stepRef(0), samples, state_[0].get(), capacity, stream_);
    if (hasLoss || views) addLoss(samples, capacity, 0);
    if (!views)
      check(cudaMemcpyAsync(result_.get() + plan.firstRow * nOutputs, model_->logits(),
                            plan.nRows * nOutputs * sizeof(float), cudaMemcpyDeviceToDevice, stream_),
            "keeping logits");
    const float* rowLoss = hasLoss || views ? rowLoss_.get() : nullptr;
    check(finishSteps({plans_.get(), cursor_.get(), rowLoss, lossSum_.get(), 1, capacity}, stream_),
          "adding up the loss");
  }
  stream_.synchronize("evaluating");
}

void Session::write(Buffer buffer, const std::vector<float>& from) {
  expectLength("numbers to write", from.size(), model_->nParameters());
  const std::vector<uint32_t>& order = model_->order();
  std::vector<float> ordered = hostArray<float>(order.size(), "parameters in another order");
  for (size_t i = 0; i < order.size(); i++) ordered[i] = from[order[i]];
  const float* values = order.empty() ? from.data() : ordered.data();
  transfer_.upload(state_[static_cast<int>(buffer)], values, from.size(), stream_);
  stream_.synchronize("writing a buffer");
}

std::vector<float> Session::read(Buffer buffer) {
  std::vector<float> values = hostArray<float>(model_->nParameters(), "a buffer that is read");
  transfer_.download(values.data(), state_[static_cast<int>(buffer)].get(), values.size() * sizeof(float), stream_);
  const std::vector<uint32_t>& order = model_->order();
  if (order.empty()) return values;
  std::vector<float> parameters = hostArray<float>(values.size(), "a buffer that is read");
  for (size_t i = 0; i < order.size(); i++) parameters[order[i]] = values[i];
  return parameters;
}

std::vector<float> Session::readLogits() {
  std::vector<float> values = hostArray<float>(nResultRows_ * model_->nOutputs(), "logits that are read");
  transfer_.download(values.data(), result_.get(), values.size() * sizeof(float), stream_);
  return values;
}

/// Mean since the last read, NaN when there was none; starts a new one.
double Session::readLoss() {
  double sum = 0;
  transfer_.download(&sum, lossSum_.get(), sizeof(sum), stream_);
  const double mean = sum / weightSum_;
  lossSum_.zero(1, stream_);
  stream_.synchronize("reading the loss");
  weightSum_ = 0;
  return mean;
}

}  // namespace glai::cuda
