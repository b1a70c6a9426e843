// Threads of the WASM build. kernels.wasm has one; in kernels-threads.wasm (shared memory) Web Workers or
// worker threads enter pool_help and take tasks from a shared counter, as native_pool.cc does. Only
// workers run kernels there, so waiting is allowed.
#include "parallel.h"
#include "wasm_export.h"

namespace glai {

#if !defined(__wasm_atomics__)

Parallel workers(int) { return alone(); }

#else

namespace {

constexpr uint32_t kOpen = 1u << 31;  // helpers may enter the current job
constexpr int kSpins = 4000;          // about 20 µs

struct Job {
  TaskBody body;
  void* context;
  uint32_t nTasks;
  uint32_t nWorkers;
};

Job job;
uint32_t nextTask, inside, generation, busy, nHelpers;

uint32_t get(const uint32_t& value) { return __atomic_load_n(&value, __ATOMIC_SEQ_CST); }

void work(uint32_t worker) {
  for (;;) {
    const uint32_t task = __atomic_fetch_add(&nextTask, 1, __ATOMIC_RELAXED);
    if (task >= job.nTasks) return;
    job.body(job.context, task, static_cast<int>(worker));
  }
}

void run(const Parallel& parallel, int64_t nTasks, TaskBody body, void* context) {
  if (nTasks < 2 || __atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE) != 0) {
    for (int64_t task = 0; task < nTasks; ++task) body(context, task, 0);
    return;
  }
  job = {body, context, static_cast<uint32_t>(nTasks), static_cast<uint32_t>(parallel.nWorkers)};
  __atomic_store_n(&nextTask, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&inside, kOpen, __ATOMIC_SEQ_CST);
  __atomic_fetch_add(&generation, 1, __ATOMIC_SEQ_CST);
  __builtin_wasm_memory_atomic_notify(reinterpret_cast<int*>(&generation), get(nHelpers));
  work(0);
  __atomic_fetch_and(&inside, ~kOpen, __ATOMIC_ACQ_REL);
  while (get(inside) != 0) {
  }
  __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
}

uint32_t await(uint32_t seen) {
  for (int spins = 0; spins < kSpins; ++spins) {
    if (get(generation) != seen) return get(generation);
  }
  while (get(generation) == seen) {
    __builtin_wasm_memory_atomic_wait32(reinterpret_cast<int*>(&generation), static_cast<int>(seen), -1);
  }
  return get(generation);
}

}  // namespace

Parallel workers(int threads) {
  const uint32_t most = get(nHelpers) + 1;
  if (threads <= 1 || most == 1) return alone();
  return {nullptr, static_cast<uint32_t>(threads) < most ? threads : static_cast<int>(most), run};
}

/// What a helper runs; it never returns. Helpers are workers 1, 2, …
GLAI_EXPORT(pool_help) void pool_help() {
  const uint32_t worker = __atomic_add_fetch(&nHelpers, 1, __ATOMIC_SEQ_CST);
  uint32_t seen = 0;
  for (;;) {
    seen = await(seen);
    uint32_t now = get(inside);
    while ((now & kOpen) != 0) {
      if (!__atomic_compare_exchange_n(&inside, &now, now + 1, true, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        continue;
      if (worker < job.nWorkers) work(worker);
      __atomic_fetch_sub(&inside, 1, __ATOMIC_ACQ_REL);
      break;
    }
  }
}

#endif

}  // namespace glai

/// Helpers that have arrived.
GLAI_EXPORT(pool_helpers) uint32_t pool_helpers() {
#if defined(__wasm_atomics__)
  return glai::get(glai::nHelpers);
#else
  return 0;
#endif
}
