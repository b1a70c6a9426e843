// How kernels fork. A kernel receives a Parallel and never knows whether threads, WASM workers or
// nobody stands behind it.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace glai {

/// Runs `body(context, task, worker)` for task = 0 … nTasks − 1 and returns when all are done.
/// A task's result depends on `task` alone; `worker` < nWorkers only picks a private scratch. That is
/// why the bits are the same whatever the number of threads.
using TaskBody = void (*)(void* context, int64_t task, int worker);
struct Parallel {
  void* pool;
  int nWorkers;
  void (*run)(const Parallel&, int64_t nTasks, TaskBody body, void* context);
};

/// Forks a callable `body(task, worker)`.
template <typename Body>
inline __attribute__((always_inline)) void fork(const Parallel& parallel, int64_t nTasks,
                                                const Body& body) {
  parallel.run(
      parallel, nTasks,
      [](void* context, int64_t task, int worker) { (*static_cast<const Body*>(context))(task, worker); },
      const_cast<Body*>(&body));
}

/// Runs everything on the calling thread.
inline Parallel alone() {
  return {nullptr, 1, [](const Parallel&, int64_t nTasks, TaskBody body, void* context) {
            for (int64_t task = 0; task < nTasks; ++task) body(context, task, 0);
          }};
}

/// The process's threads as `threads` workers (the caller is one of them). Defined by native_pool.cc
/// and, for WASM, wasm_pool.cc. While another kernel holds the threads, the caller works alone: same
/// bits, no waiting.
Parallel workers(int threads);

}  // namespace glai
