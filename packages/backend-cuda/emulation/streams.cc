// Memory, lazy streams and graphs: host code must wait for what it reads.
#include <algorithm>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>
#include "control.h"

struct EmulatedGraph {
  std::vector<std::function<void()>> work;
};

struct EmulatedStream {
  std::deque<std::function<void()>> queue;
  EmulatedGraph* capture = nullptr;
};

struct EmulatedEvent {
  bool reached = true;
  EmulatedStream* stream = nullptr;
};

namespace emulation {

namespace {

// One device for all host threads: whoever calls, waits.
std::recursive_mutex device;
using Guard = std::lock_guard<std::recursive_mutex>;

cudaError_t sticky = cudaSuccess;
std::string stickyReason;
std::set<std::string> failures;  // of failNext
std::vector<std::string> launches;
size_t synchronizations = 0;
std::set<EmulatedStream*> streams;
std::unordered_map<void*, size_t> allocations;
size_t inUse = 0;
size_t memoryLimit = size_t{4} << 30;

void runOne(EmulatedStream& stream) {
  const std::function<void()> work = std::move(stream.queue.front());
  stream.queue.pop_front();
  if (sticky == cudaSuccess) work();
}

void runAll(EmulatedStream& stream) {
  while (!stream.queue.empty()) runOne(stream);
}

void put(EmulatedStream* stream, std::function<void()> work) {
  if (stream->capture != nullptr) stream->capture->work.push_back(std::move(work));
  else stream->queue.push_back(std::move(work));
}

}  // namespace

bool takeFailure(const char* what) {
  const Guard guard(device);
  return failures.erase(what) > 0;
}

cudaError_t setSticky(cudaError_t error, const std::string& why) {
  sticky = error;
  stickyReason = why;
  return error;
}

void replaceDevice() {
  const Guard guard(device);
  sticky = cudaSuccess;
  stickyReason.clear();
  failures.clear();
}

void setMemoryLimit(size_t bytes) {
  const Guard guard(device);
  memoryLimit = bytes;
}

void failNext(const std::string& what) {
  const Guard guard(device);
  failures.insert(what);
}

std::vector<std::string> takeLaunches() {
  const Guard guard(device);
  return std::exchange(launches, {});
}

size_t takeSynchronizations() {
  const Guard guard(device);
  return std::exchange(synchronizations, 0);
}

size_t memoryInUse() {
  const Guard guard(device);
  return inUse;
}

size_t capturing() {
  const Guard guard(device);
  return std::count_if(streams.begin(), streams.end(), [](EmulatedStream* one) { return one->capture != nullptr; });
}

cudaError_t enqueueLaunch(const char* name, dim3 grid, dim3 block, size_t sharedBytes, cudaStream_t stream,
                          std::function<void()> kernel) {
  const Guard guard(device);
  if (sticky != cudaSuccess) return sticky;
  if (takeFailure("launch") || (stream->capture != nullptr && takeFailure("captured launch")))
    return setSticky(cudaErrorIllegalAddress, "asked for by a test");
  put(stream, [name, grid, block, sharedBytes, kernel = std::move(kernel)] {
    launches.push_back(name);
    runGrid(name, grid, block, sharedBytes, kernel);
  });
  return cudaSuccess;
}

cudaError_t enqueueHost(const char* name, cudaStream_t stream, std::function<void()> work) {
  const Guard guard(device);
  if (sticky != cudaSuccess) return sticky;
  put(stream, [name, work = std::move(work)] {
    launches.push_back(name);
    work();
  });
  return cudaSuccess;
}

}  // namespace emulation

using emulation::Guard;

const char* cudaGetErrorString(cudaError_t error) {
  if (error == cudaSuccess) return "no error";
  if (error == emulation::sticky) return emulation::stickyReason.c_str();
  return error == cudaErrorMemoryAllocation ? "out of memory" : "emulated error";
}

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "cudaSuccess";
    case cudaErrorInvalidValue: return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation: return "cudaErrorMemoryAllocation";
    case cudaErrorInvalidConfiguration: return "cudaErrorInvalidConfiguration";
    case cudaErrorInsufficientDriver: return "cudaErrorInsufficientDriver";
    case cudaErrorDevicesUnavailable: return "cudaErrorDevicesUnavailable";
    case cudaErrorNoDevice: return "cudaErrorNoDevice";
    case cudaErrorNoKernelImageForDevice: return "cudaErrorNoKernelImageForDevice";
    case cudaErrorIllegalAddress: return "cudaErrorIllegalAddress";
    case cudaErrorLaunchFailure: return "cudaErrorLaunchFailure";
    default: return "cudaErrorUnknown";
  }
}

/// Errors that are not sticky are returned where they happen; there is nothing to pick up later.
cudaError_t cudaGetLastError() {
  return emulation::sticky;
}

/// 0 is what the runtime says where there is no driver at all.
cudaError_t cudaDriverGetVersion(int* version) {
  const Guard guard(emulation::device);
  *version = emulation::takeFailure("driver version") ? 0 : 12020;
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int* count) {
  const Guard guard(emulation::device);
  *count = 0;
  if (emulation::takeFailure("driver")) return cudaErrorInsufficientDriver;
  if (emulation::takeFailure("device")) return cudaErrorNoDevice;
  *count = 1;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  const Guard guard(emulation::device);
  if (emulation::takeFailure("exclusive")) return cudaErrorDevicesUnavailable;
  return device == 0 ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {"emulated GPU", size_t{4} << 30, 9, 0, 132};
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  const Guard guard(emulation::device);
  *total = emulation::memoryLimit;
  *free = emulation::memoryLimit - std::min(emulation::inUse, emulation::memoryLimit);
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  const Guard guard(emulation::device);
  *pointer = nullptr;
  if (emulation::sticky != cudaSuccess) return emulation::sticky;
  if (emulation::inUse + bytes > emulation::memoryLimit) return cudaErrorMemoryAllocation;
  if (posix_memalign(pointer, 256, bytes) != 0) return cudaErrorMemoryAllocation;
  std::memset(*pointer, 0xff, bytes);  // NaN
  emulation::allocations[*pointer] = bytes;
  emulation::inUse += bytes;
  return cudaSuccess;
}

/// As on a device, freeing waits for all work.
cudaError_t cudaFree(void* pointer) {
  const Guard guard(emulation::device);
  for (EmulatedStream* stream : emulation::streams) emulation::runAll(*stream);
  if (pointer == nullptr) return emulation::sticky;
  const auto found = emulation::allocations.find(pointer);
  if (found == emulation::allocations.end()) return cudaErrorInvalidValue;
  emulation::inUse -= found->second;
  emulation::allocations.erase(found);
  std::free(pointer);
  return emulation::sticky;
}

cudaError_t cudaMallocHost(void** pointer, size_t bytes) {
  *pointer = emulation::takeFailure("pinned memory") ? nullptr : std::malloc(bytes);
  return *pointer == nullptr ? cudaErrorMemoryAllocation : cudaSuccess;
}

cudaError_t cudaFreeHost(void* pointer) {
  std::free(pointer);
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind, cudaStream_t stream) {
  const Guard guard(emulation::device);
  if (emulation::sticky != cudaSuccess) return emulation::sticky;
  emulation::put(stream, [to, from, bytes] { std::memcpy(to, from, bytes); });
  return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t stream) {
  const Guard guard(emulation::device);
  if (emulation::sticky != cudaSuccess) return emulation::sticky;
  emulation::put(stream, [to, value, bytes] { std::memset(to, value, bytes); });
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  const Guard guard(emulation::device);
  if (emulation::sticky != cudaSuccess) return emulation::sticky;
  if (emulation::takeFailure("stream memory")) return cudaErrorMemoryAllocation;
  *stream = new EmulatedStream();
  emulation::streams.insert(*stream);
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const Guard guard(emulation::device);
  emulation::runAll(*stream);
  emulation::streams.erase(stream);
  delete stream;
  return emulation::sticky;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  const Guard guard(emulation::device);
  if (stream->capture != nullptr) return cudaErrorStreamCaptureUnsupported;
  emulation::synchronizations++;
  emulation::runAll(*stream);
  return emulation::sticky;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new EmulatedEvent();
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  const Guard guard(emulation::device);
  if (event->stream != nullptr && !event->reached) emulation::runAll(*event->stream);
  delete event;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  const Guard guard(emulation::device);
  event->reached = false;
  event->stream = stream;
  emulation::put(stream, [event] { event->reached = true; });
  return emulation::sticky;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  const Guard guard(emulation::device);
  emulation::synchronizations++;
  while (!event->reached && !event->stream->queue.empty()) emulation::runOne(*event->stream);
  event->reached = true;
  return emulation::sticky;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  const Guard guard(emulation::device);
  stream->capture = new EmulatedGraph();
  return emulation::sticky;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  const Guard guard(emulation::device);
  *graph = std::exchange(stream->capture, nullptr);
  if (emulation::sticky == cudaSuccess) return cudaSuccess;
  delete std::exchange(*graph, nullptr);  // an invalid capture leaves no graph
  return emulation::sticky;
}

/// Only how many there are.
cudaError_t cudaGraphGetNodes(cudaGraph_t graph, void**, size_t* count) {
  *count = graph->work.size();
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  *executable = nullptr;
  if (emulation::takeFailure("graph memory")) return cudaErrorMemoryAllocation;
  *executable = new EmulatedGraph(*graph);
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t stream) {
  const Guard guard(emulation::device);
  if (emulation::sticky != cudaSuccess) return emulation::sticky;
  if (emulation::takeFailure("graph launch memory")) return cudaErrorMemoryAllocation;
  for (const auto& work : graph->work) stream->queue.push_back(work);
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph) {
  delete graph;
  return cudaSuccess;
}
