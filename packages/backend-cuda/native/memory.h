// Owners of what the runtime hands out.
#pragma once
#include <cuda_runtime.h>
#include <cstddef>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>
#include "failure.h"
#ifdef GLAI_EMULATION
#include "control.h"
#endif

namespace glai::cuda {

/// Bytes on the device, or a Failure `out-of-memory` that says how many were asked for and how many are free.
void* allocateDevice(size_t bytes, const char* what);
void freeDevice(void* pointer);

/// An array of the host, or a Failure `out-of-memory` that says how many bytes were asked for.
template <typename T>
std::vector<T> hostArray(size_t n, const char* what) {
  try {
#ifdef GLAI_EMULATION
    if (emulation::takeFailure("host memory")) throw std::bad_alloc();
#endif
    return std::vector<T>(n);
  } catch (const std::bad_alloc&) {
    throw noHostMemory(n * sizeof(T), what);
  } catch (const std::length_error&) {
    throw noHostMemory(n * sizeof(T), what);
  }
}

/// A stream of its own, so that sessions do not wait for each other.
class Stream {
 public:
  Stream() { check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "creating a stream"); }
  ~Stream() { cudaStreamDestroy(stream_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  operator cudaStream_t() const { return stream_; }
  void synchronize(const char* doing) const { check(cudaStreamSynchronize(stream_), doing); }

 private:
  cudaStream_t stream_ = nullptr;
};

/// An array on the device that only ever grows. Contents are lost when it does.
template <typename T>
class DeviceArray {
 public:
  explicit DeviceArray(const char* what) : what_(what) {}
  ~DeviceArray() { freeDevice(data_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  /// Returns true when the array moved. One entry at least, so that there is always an address.
  bool reserve(size_t n) {
    if (n <= capacity_ && data_ != nullptr) return false;
    freeDevice(data_);
    data_ = nullptr;
    capacity_ = 0;
    const size_t wanted = n == 0 ? 1 : n;
    data_ = static_cast<T*>(allocateDevice(wanted * sizeof(T), what_));
    capacity_ = wanted;
    return true;
  }

  T* get() const { return data_; }
  bool isEmpty() const { return data_ == nullptr; }

  void zero(size_t n, cudaStream_t stream) const {
    check(cudaMemsetAsync(data_, 0, n * sizeof(T), stream), what_);
  }

 private:
  const char* what_;
  T* data_ = nullptr;
  size_t capacity_ = 0;
};

/// Copies between pageable memory and the device through two pinned halves: one fills while the other travels.
class Transfer {
 public:
  Transfer();
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// When this returns, `from` may be changed; the copy itself is in the stream.
  void upload(void* to, const void* from, size_t bytes, cudaStream_t stream);
  /// When this returns, `to` is filled.
  void download(void* to, const void* from, size_t bytes, cudaStream_t stream);

  template <typename T>
  void upload(const DeviceArray<T>& to, const T* from, size_t n, cudaStream_t stream) {
    upload(static_cast<void*>(to.get()), from, n * sizeof(T), stream);
  }

 private:
  static constexpr size_t kHalfBytes = size_t{4} << 20;
  char* halves_[2] = {nullptr, nullptr};
  cudaEvent_t free_[2] = {nullptr, nullptr};
  int next_ = 0;
  void release();
};

}  // namespace glai::cuda
