#include "device.h"
#include <cuda_runtime.h>
#include "failure.h"

namespace glai::cuda {

namespace {

constexpr int kLeastMajor = 8;  // kernels are built for sm_80 and newer

std::string versionText(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

/// The runtime has one error for "no driver" and "driver too old"; the version tells them apart.
DeviceReport withoutDriver() {
  DeviceReport report;
  int driver = 0, runtime = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  if (driver == 0) {
    report.reason = "No NVIDIA driver answers on this machine.";
    report.hint = "On a machine with an NVIDIA GPU install its driver, then run: nvidia-smi";
  } else {
    report.reason = "The NVIDIA driver serves CUDA up to " + versionText(driver) + " and the kernels were built with " +
                    versionText(runtime) + ".";
    report.hint = "Update the NVIDIA driver, or build with an older toolkit: pnpm --filter @glai/backend-cuda build:native";
  }
  return report;
}

/// Makes the process's context, or finds the error that an earlier kernel left in it.
cudaError_t contextError() {
  cudaError_t error = cudaSetDevice(0);
  if (error == cudaSuccess) error = cudaFree(nullptr);
  if (error != cudaSuccess) cudaGetLastError();
  return error;
}

void describeContextError(DeviceReport& report, cudaError_t error) {
  const std::string name = cudaGetErrorName(error);
  if (isLost(error)) {
    report.reason = report.name + " stopped answering earlier in this process (" + name + ").";
    report.hint = kLostHint;
  } else if (error == cudaErrorDevicesUnavailable) {
    report.reason = "Another process holds " + report.name + " for itself.";
    report.hint = "Run: nvidia-smi, end that process or set the compute mode to DEFAULT.";
  } else if (error == cudaErrorMemoryAllocation) {
    report.reason = report.name + " has no memory left for another process.";
    report.hint = "Run: nvidia-smi, it shows who holds the memory.";
  } else {
    report.reason = report.name + " cannot be used (" + name + ").";
    report.hint = "Run: nvidia-smi";
  }
}

}  // namespace

DeviceReport reportDevice() {
  DeviceReport report;
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess) cudaGetLastError();
  if (error == cudaErrorInsufficientDriver) return withoutDriver();
  if (error == cudaErrorNoDevice || (error == cudaSuccess && count == 0)) {
    report.reason = "The NVIDIA driver answers but shows this process no GPU.";
    report.hint = "Run: nvidia-smi -L, look at CUDA_VISIBLE_DEVICES, and give a container its GPUs (--gpus all).";
    return report;
  }
  cudaDeviceProp properties{};
  if (error != cudaSuccess || cudaGetDeviceProperties(&properties, 0) != cudaSuccess) {
    report.reason = std::string("CUDA cannot describe the GPU: ") + cudaGetErrorString(cudaGetLastError()) + ".";
    report.hint = "Run: nvidia-smi";
    return report;
  }
  report.name = properties.name;
  report.memoryBytes = properties.totalGlobalMem;
  report.major = properties.major;
  report.minor = properties.minor;
  if (properties.major < kLeastMajor) {
    report.reason = report.name + " has compute capability " + std::to_string(properties.major) + "." +
                    std::to_string(properties.minor) + "; the kernels need 8.0 (Ampere) or newer.";
    report.hint = "Use a newer GPU, or --backend cpu.";
    return report;
  }
  if (const cudaError_t use = contextError(); use != cudaSuccess) {
    describeContextError(report, use);
    return report;
  }
  report.available = true;
  return report;
}

void useDevice() {
  check(cudaSetDevice(0), "choosing the GPU");
}

}  // namespace glai::cuda
