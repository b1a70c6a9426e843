// Arguments that the bindings of the linear algebra and of the conversion share: floats of either precision.
#pragma once
#include "binding.h"
#include "parallel.h"

namespace glai {

constexpr int64_t kMaxSide = int64_t{1} << 31;

struct Floats {
  void* data;
  size_t length;
  bool isDouble;
};

/// A Float32Array or Float64Array; throws `bad-argument` naming `what` on anything else.
inline Floats floatsOf(const Napi::Value& value, const char* what) {
  napi_typedarray_type type = napi_int8_array;
  size_t length = 0;
  void* data = nullptr;
  if (value.IsTypedArray() &&
      napi_get_typedarray_info(value.Env(), value, &type, &length, &data, nullptr, nullptr) == napi_ok) {
    if (type == napi_float32_array) return {data, length, false};
    if (type == napi_float64_array) return {data, length, true};
  }
  throw glaiError(value.Env(), "bad-argument",
                  std::string("Expected ") + what + " as Float32Array or Float64Array but received another type.");
}

inline Parallel threadsOf(const Napi::Value& value) {
  return workers(static_cast<int>(integerOf(value, "threads", 1, 256)));
}

}  // namespace glai
