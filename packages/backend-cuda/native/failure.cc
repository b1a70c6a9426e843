#include "failure.h"
#include <cstdio>

namespace glai::cuda {

/// Errors that stay: every later call of the process returns them.
bool isLost(cudaError_t error) {
  switch (error) {
    case cudaErrorECCUncorrectable:
    case cudaErrorNvlinkUncorrectable:
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorLaunchFailure:
    case cudaErrorUnknown: return true;
    default: return false;
  }
}

void check(cudaError_t error, const char* doing) {
  if (error == cudaSuccess) return;
  const std::string name = cudaGetErrorName(error);
  switch (error) {
    case cudaErrorMemoryAllocation:
      cudaGetLastError();  // not sticky: forget it
      throw Failure{"out-of-memory", std::string("The GPU ran out of memory while ") + doing + ": " + freeText() + ".",
                    "Use a smaller batch, or free memory: nvidia-smi shows who holds it."};
    case cudaErrorDevicesUnavailable:
      throw Failure{"unavailable", "Another process holds the GPU for itself (" + name + ").",
                    "Run: nvidia-smi, end that process or set the compute mode to DEFAULT."};
    case cudaErrorNoDevice:
    case cudaErrorInsufficientDriver:
      throw Failure{"unavailable", "The GPU or its driver cannot be reached (" + name + ").", "Run: nvidia-smi"};
    case cudaErrorNoKernelImageForDevice:
      throw Failure{"unavailable", "The kernels were not built for this GPU (" + name + ").",
                    "Build them here: pnpm --filter @glai/backend-cuda build:native"};
    default:
      if (isLost(error))
        throw Failure{"device-lost",
                      std::string("The GPU stopped answering while ") + doing + ": " + name + " (" +
                          cudaGetErrorString(error) + ").",
                      kLostHint};
      throw Failure{"internal", std::string("Expected a valid CUDA call while ") + doing + " but received " + name +
                                    " (" + cudaGetErrorString(error) + ").",
                    "Please report this with the model's sizes."};
  }
}

std::string sizeText(size_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " bytes";
  const char* units[] = {"KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes) / 1024;
  int unit = 0;
  while (value >= 1024 && unit < 3) {
    value /= 1024;
    unit++;
  }
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f %s", value, units[unit]);
  return text;
}

std::string askedText(size_t bytes) {
  return bytes < 1024 ? sizeText(bytes) : sizeText(bytes) + " (" + std::to_string(bytes) + " bytes)";
}

std::string freeText() {
  size_t free = 0, total = 0;
  cudaMemGetInfo(&free, &total);
  return sizeText(free) + " of " + sizeText(total) + " are free";
}

Failure noHostMemory(size_t bytes, const char* what) {
  return {"out-of-memory", "Expected " + askedText(bytes) + " of host memory for " + what + " but the system has none left.",
          "Free memory, or work on fewer samples at a time."};
}

}  // namespace glai::cuda
