// The GPU that this process uses: the first one that CUDA_VISIBLE_DEVICES leaves.
#pragma once
#include <cstddef>
#include <string>

namespace glai::cuda {

struct DeviceReport {
  bool available = false;
  std::string reason;  // why not, in our own words
  std::string hint;    // what to run
  std::string name;    // "NVIDIA H100 80GB HBM3"
  size_t memoryBytes = 0;
  int major = 0, minor = 0;  // compute capability
};

/// Asks the runtime; never throws.
DeviceReport reportDevice();

/// Binds the calling thread to the device. Every job starts with it: jobs run on changing threads.
void useDevice();

}  // namespace glai::cuda
