// What tests may turn, and what they may ask. Exported by the emulated addon as `emulation`.
#pragma once
#include <cstddef>
#include <string>
#include <vector>
#include "cuda_runtime.h"

namespace emulation {

enum class Order { kForward, kReverse };

/// Order in which the blocks of a grid and the threads of a block run.
void setOrder(Order order);

/// Bytes of device memory in all; a request beyond them fails as on a full GPU.
void setMemoryLimit(size_t bytes);

/// The next call of this kind fails: "launch" and "captured launch" lose the device, "device" finds none, "driver" finds
/// none or an old one ("driver version"), "exclusive" finds the GPU held by another process. Out of memory are "pinned
/// memory", "host memory", "graph memory" (its instantiation), "graph launch memory", "stream memory" and "cuBLAS memory".
void failNext(const std::string& what);
bool takeFailure(const char* what);

/// Forgets a lost device, which a process on a GPU cannot, and failures that nobody met.
void replaceDevice();

/// Names of the kernels launched since this was last called, in order.
std::vector<std::string> takeLaunches();

/// Host waits (stream and event synchronisations) since this was last called.
size_t takeSynchronizations();

/// Device memory in use, in bytes.
size_t memoryInUse();

/// Streams that still capture.
size_t capturing();

/// Runs a kernel with a known mistake (faults.cu); what was noticed, or "" when its result is right.
std::string runFault(const std::string& name);

// Between the files of the emulation.
cudaError_t runGrid(const char* name, dim3 grid, dim3 block, size_t sharedBytes, const std::function<void()>& kernel);
cudaError_t setSticky(cudaError_t error, const std::string& why);

}  // namespace emulation
