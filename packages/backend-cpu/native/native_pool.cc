// One set of threads for the whole process. The caller of a kernel is worker 0. Every worker begins with a share of
// the tasks that is its own in every job of as many tasks, so that what it wrote in one is still in its cache in the
// next, and then takes what is left of the others'. Helpers spin for about 20 µs when there is nothing to do, then park.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>
#include "native_denormals.h"
#include "parallel.h"

#if defined(__x86_64__)
#define GLAI_PAUSE() _mm_pause()
#else
#define GLAI_PAUSE() std::this_thread::yield()
#endif

namespace glai {

namespace {

constexpr uint32_t kOpen = 1u << 31;  // helpers may enter the current job
constexpr int kMaxThreads = 256;
constexpr auto kSpin = std::chrono::microseconds(20);

struct Job {
  TaskBody body;
  void* context;
  int64_t nTasks;
  int nWorkers;
};

class Pool {
 public:
  /// Makes sure that `threads` − 1 helpers exist.
  void grow(int threads) {
    const std::lock_guard<std::mutex> guard(growing_);
    while (nHelpers_ < threads - 1) {
      const int worker = ++nHelpers_;
      std::thread([this, worker] { help(worker); }).detach();  // lives as long as the process
    }
  }

  void run(int nWorkers, int64_t nTasks, TaskBody body, void* context) {
    if (nTasks < 2 || busy_.test_and_set(std::memory_order_acquire)) {
      for (int64_t task = 0; task < nTasks; ++task) body(context, task, 0);
      return;
    }
    job_ = {body, context, nTasks, nWorkers};
    for (int worker = 0; worker < nWorkers; ++worker)
      shares_[worker].next.store(nTasks * worker / nWorkers, std::memory_order_relaxed);
    inside_.store(kOpen, std::memory_order_seq_cst);
    generation_.fetch_add(1, std::memory_order_seq_cst);
    if (nParked_.load(std::memory_order_seq_cst) > 0) {
      { const std::lock_guard<std::mutex> parking(parking_); }
      wake_.notify_all();
    }
    work(job_, 0);
    // No helper enters from here on; those inside finish the task they hold.
    inside_.fetch_and(~kOpen, std::memory_order_acq_rel);
    for (int spins = 0; inside_.load(std::memory_order_acquire) != 0; ++spins) {
      if (spins < 4000) GLAI_PAUSE();
      else std::this_thread::yield();
    }
    busy_.clear(std::memory_order_release);
  }

 private:
  /// Tasks nTasks · w / nWorkers … of worker w that nobody has taken yet begin at `next`.
  struct alignas(64) Share {
    std::atomic<int64_t> next{0};
  };

  void work(const Job& job, int worker) {
    for (int i = 0; i < job.nWorkers; ++i) {
      const int owner = worker + i < job.nWorkers ? worker + i : worker + i - job.nWorkers;
      const int64_t end = job.nTasks * (owner + 1) / job.nWorkers;
      std::atomic<int64_t>& next = shares_[owner].next;
      while (next.load(std::memory_order_relaxed) < end) {
        const int64_t task = next.fetch_add(1, std::memory_order_relaxed);
        if (task >= end) break;
        job.body(job.context, task, worker);
      }
    }
  }

  void help(int worker) {
    const FlushDenormals flush;
    uint32_t seen = 0;
    for (;;) {
      seen = await(seen);
      uint32_t inside = inside_.load(std::memory_order_acquire);
      while ((inside & kOpen) != 0) {
        if (!inside_.compare_exchange_weak(inside, inside + 1, std::memory_order_acq_rel)) continue;
        if (worker < job_.nWorkers) work(job_, worker);
        inside_.fetch_sub(1, std::memory_order_acq_rel);
        break;
      }
    }
  }

  /// Returns the number of a job newer than `seen`.
  uint32_t await(uint32_t seen) {
    const auto start = std::chrono::steady_clock::now();
    for (int spins = 0;; ++spins) {
      const uint32_t generation = generation_.load(std::memory_order_acquire);
      if (generation != seen) return generation;
      GLAI_PAUSE();
      if (spins % 64 == 63 && std::chrono::steady_clock::now() - start > kSpin) break;
    }
    std::unique_lock<std::mutex> parking(parking_);
    nParked_.fetch_add(1, std::memory_order_seq_cst);
    wake_.wait(parking, [&] { return generation_.load(std::memory_order_seq_cst) != seen; });
    nParked_.fetch_sub(1, std::memory_order_seq_cst);
    return generation_.load(std::memory_order_acquire);
  }

  std::mutex growing_;
  int nHelpers_ = 0;
  std::atomic_flag busy_ = ATOMIC_FLAG_INIT;  // set while a caller's job runs
  Job job_{};
  Share shares_[kMaxThreads];
  std::atomic<uint32_t> inside_{0};  // kOpen + number of helpers inside
  std::atomic<uint32_t> generation_{0};
  std::mutex parking_;
  std::condition_variable wake_;
  std::atomic<int> nParked_{0};
};

Pool& pool() {
  static Pool* const instance = new Pool;  // never destroyed: helpers outlive static destructors
  return *instance;
}

}  // namespace

Parallel workers(int threads) {
  if (threads <= 1) {
    return {nullptr, 1, [](const Parallel&, int64_t nTasks, TaskBody body, void* context) {
              const FlushDenormals flush;
              for (int64_t task = 0; task < nTasks; ++task) body(context, task, 0);
            }};
  }
  const int count = threads < kMaxThreads ? threads : kMaxThreads;
  pool().grow(count);
  return {&pool(), count,
          [](const Parallel& parallel, int64_t nTasks, TaskBody body, void* context) {
            const FlushDenormals flush;
            static_cast<Pool*>(parallel.pool)->run(parallel.nWorkers, nTasks, body, context);
          }};
}

}  // namespace glai
