// A growable array on allocate() of memory.h: the containers of both builds, WASM having no C++ library.
// Not for kernel headers: they take plain pointers.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "memory.h"

namespace glai {

/// Owns `size` plain values, not initialised. Moves with its owner, never copies.
template <typename T>
class Array {
 public:
  Array() = default;
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  ~Array() { release(data_); }

  /// Room for `size` values; the contents are lost when the array grows. False when memory ran out.
  bool resize(size_t size) {
    if (size > capacity_) {
      release(data_);
      data_ = size > SIZE_MAX / sizeof(T) ? nullptr : static_cast<T*>(allocate(size * sizeof(T)));
      capacity_ = data_ == nullptr ? 0 : size;
    }
    size_ = capacity_ < size ? 0 : size;
    return capacity_ >= size;
  }

  /// `resize` to zeros.
  bool clear(size_t size) {
    if (!resize(size)) return false;
    if (size > 0) __builtin_memset(data_, 0, size * sizeof(T));
    return true;
  }

  /// `resize` to a copy.
  bool copy(const T* from, size_t size) {
    if (!resize(size)) return false;
    if (size > 0) __builtin_memcpy(data_, from, size * sizeof(T));
    return true;
  }

  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  T* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace glai
