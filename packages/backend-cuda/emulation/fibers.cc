// Runs a grid: block after block, the threads of a block as contexts that take turns at barriers.
#include <cstdlib>
#include <memory>
#include <new>
#include <unordered_map>
#include <vector>
#include "context.h"
#include "control.h"

uint3 threadIdx;
uint3 blockIdx;
dim3 blockDim;
dim3 gridDim;

namespace emulation {

namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr size_t kStackBytes = 256 << 10;  // redzones make frames larger
#else
constexpr size_t kStackBytes = 64 << 10;
#endif

constexpr size_t kSharedLimit = 48 << 10;  // of a block on every architecture; more has to be asked for, which nobody does
constexpr size_t kThreadLimit = 1024;

enum class State { kReady, kAtBarrier, kAtExchange, kDone };

struct Thread {
  Context context;
  uint3 index;
  State state = State::kDone;
  const char* file = nullptr;  // of the barrier it waits at
  int line = 0;
  int exchangeKind = 0;
  unsigned parity = 0;  // which of the warp's two value arrays the next exchange uses
  bool started = false;
};

struct Warp {
  uint64_t values[2][32];
};

struct SharedArray {
  std::unique_ptr<char[]> bytes;
  size_t size = 0;
  bool fresh = false;  // used by the block that runs
};

Order order = Order::kForward;
std::vector<std::unique_ptr<Thread>> threads;  // reused by every block
std::vector<Warp> warps;
std::unordered_map<const void*, SharedArray> sharedArrays;
size_t sharedBytes = 0;  // of the block that runs
SharedArray dynamic;     // as large as the launch said, to the byte: the sanitizer sees what goes past
Context* scheduler = nullptr;
Thread* running = nullptr;
const std::function<void()>* kernelOfBlock = nullptr;
std::string fault;  // why the block cannot go on; empty while it can

void yield(State state) {
  Thread& self = *running;
  self.state = state;
  switchTo(self.context, *scheduler);
}

/// A thread outlives its block: it runs one kernel after another.
void threadBody(void*) {
  for (;;) {
    (*kernelOfBlock)();
    yield(State::kDone);
  }
}

void resume(Thread& thread) {
  running = &thread;
  threadIdx = thread.index;
  if (!thread.started) {
    thread.started = true;
    makeContext(thread.context, kStackBytes, threadBody, nullptr);
  }
  switchTo(*scheduler, thread.context);
}

void fail(const std::string& why) {
  if (fault.empty()) fault = why;
}

/// Lets warps go on whose 32 lanes stand at the same exchange. Returns whether any could.
bool releaseWarps(size_t nThreads) {
  bool any = false;
  for (size_t first = 0; first < nThreads; first += 32) {
    size_t waiting = 0;
    for (size_t t = first; t < first + 32; t++) waiting += threads[t]->state == State::kAtExchange;
    if (waiting < 32) continue;
    for (size_t t = first; t < first + 32; t++) {
      if (threads[t]->exchangeKind != threads[first]->exchangeKind)
        fail("lanes of one warp stand at different warp functions");
      threads[t]->state = State::kReady;
    }
    any = true;
  }
  return any;
}

/// Lets the block go on when all its threads stand at the same barrier.
bool releaseBarrier(size_t nThreads) {
  for (size_t t = 0; t < nThreads; t++)
    if (threads[t]->state != State::kAtBarrier) return false;
  for (size_t t = 0; t < nThreads; t++) {
    if (threads[t]->line != threads[0]->line || threads[t]->file != threads[0]->file)
      fail("threads of one block stand at different barriers");
    threads[t]->state = State::kReady;
  }
  return true;
}

bool allDone(size_t nThreads) {
  for (size_t t = 0; t < nThreads; t++)
    if (threads[t]->state != State::kDone) return false;
  return true;
}

void abandonThreads(size_t nThreads) {
  for (size_t t = 0; t < nThreads; t++) {
    // The stack of a thread that is stuck in a kernel is not used again: a new one is made next time.
    if (threads[t]->state == State::kDone) continue;
    std::free(threads[t]->context.stack);
    threads[t] = std::make_unique<Thread>();
  }
}

void runBlock(size_t nThreads) {
  for (auto& [declaration, array] : sharedArrays) array.fresh = false;
  sharedBytes = dynamic.size;
  if (dynamic.size > 0) std::memset(dynamic.bytes.get(), 0xff, dynamic.size);  // NaN
  for (size_t t = 0; t < nThreads; t++) {
    Thread& thread = *threads[t];
    thread.index = {static_cast<unsigned>(t % blockDim.x),
                    static_cast<unsigned>(t / blockDim.x % blockDim.y),
                    static_cast<unsigned>(t / (blockDim.x * blockDim.y))};
    thread.state = State::kReady;
    thread.parity = 0;
  }
  while (fault.empty()) {
    for (size_t i = 0; i < nThreads; i++) {
      Thread& thread = *threads[order == Order::kForward ? i : nThreads - 1 - i];
      if (thread.state == State::kReady) resume(thread);
    }
    const bool warpsWentOn = releaseWarps(nThreads);
    if (warpsWentOn || releaseBarrier(nThreads)) continue;
    if (allDone(nThreads)) return;
    fail("some threads of a block wait for others that have ended or wait elsewhere");
  }
  abandonThreads(nThreads);
}

}  // namespace

void setOrder(Order wanted) {
  order = wanted;
}

void barrier(const char* file, int line) {
  running->file = file;
  running->line = line;
  yield(State::kAtBarrier);
}

const uint64_t* exchange(unsigned mask, uint64_t value, int kind) {
  if (mask != 0xffffffffu) fail("a warp function was called for part of a warp");
  Thread& self = *running;
  const size_t linear = self.index.x + blockDim.x * (self.index.y + size_t{blockDim.y} * self.index.z);
  // Two arrays in turn: a lane may be one exchange ahead of those that still read.
  uint64_t* values = warps[linear / 32].values[self.parity];
  self.parity ^= 1;
  values[linear % 32] = value;
  self.exchangeKind = kind;
  yield(State::kAtExchange);
  return values;
}

void* sharedArray(const void* declaration, size_t bytes) {
  SharedArray& array = sharedArrays[declaration];
  if (array.size != bytes) {
    array.bytes.reset(new char[bytes]);
    array.size = bytes;
  }
  if (!array.fresh) {
    array.fresh = true;
    std::memset(array.bytes.get(), 0xff, bytes);  // NaN
    sharedBytes += bytes;
    if (sharedBytes > kSharedLimit) fail("a block uses more than 48 KiB of shared memory");
  }
  return array.bytes.get();
}

void* dynamicShared() {
  if (dynamic.size > 0) return dynamic.bytes.get();
  fail("a kernel uses dynamic shared memory but was launched with none");
  static char somewhere[kSharedLimit];  // the thread goes on until its next wait
  return somewhere;
}

cudaError_t runGrid(const char* name, dim3 grid, dim3 block, size_t dynamicBytes,
                    const std::function<void()>& kernel) {
  const size_t nThreads = size_t{block.x} * block.y * block.z;
  const size_t nBlocks = size_t{grid.x} * grid.y * grid.z;
  if (nThreads == 0 || nThreads > kThreadLimit || nThreads % 32 != 0 || nBlocks == 0 ||
      grid.y > 65535 || grid.z > 65535 || dynamicBytes > kSharedLimit) {
    return setSticky(cudaErrorInvalidConfiguration, std::string(name) + ": impossible launch");
  }
  dynamic.bytes.reset(dynamicBytes == 0 ? nullptr : new char[dynamicBytes]);
  dynamic.size = dynamicBytes;
  while (threads.size() < nThreads) threads.push_back(std::make_unique<Thread>());
  if (warps.size() < nThreads / 32) warps.resize(nThreads / 32);
  Context here;
  scheduler = &here;
  kernelOfBlock = &kernel;
  gridDim = grid;
  blockDim = block;
  for (size_t i = 0; i < nBlocks && fault.empty(); i++) {
    const size_t b = order == Order::kForward ? i : nBlocks - 1 - i;
    blockIdx = {static_cast<unsigned>(b % grid.x), static_cast<unsigned>(b / grid.x % grid.y),
                static_cast<unsigned>(b / (size_t{grid.x} * grid.y))};
    runBlock(nThreads);
  }
  scheduler = nullptr;
  if (fault.empty()) return cudaSuccess;
  const std::string why = std::string(name) + ": " + fault;
  fault.clear();
  return setSticky(cudaErrorLaunchFailure, why);
}

}  // namespace emulation
