// Checked arguments of the binding, and work off the event loop.
#pragma once
#include <napi.h>
#include <cstring>
#include <functional>
#include <string>
#include <vector>
#include "failure.h"

namespace glai::cuda {

/// Makes the value that a promise resolves with, on the event loop.
using Finish = std::function<Napi::Value(Napi::Env)>;

/// Runs `work` on a libuv thread that is bound to the GPU, then what it returned on the event loop. A Failure
/// rejects with { code, message, hint }. `keep` (typed arrays that `work` reads) are referenced until then.
Napi::Promise runJob(Napi::Env env, const std::vector<Napi::Value>& keep, std::function<Finish()> work);

Napi::Object objectOf(const Napi::Value& value, const char* what);
double numberOf(const Napi::Value& value, const char* what);
int integerOf(const Napi::Value& value, const char* what);
std::string stringOf(const Napi::Value& value, const char* what);

/// Views; the caller keeps the array alive. Throws `bad-argument` on another type.
const float* floatsOf(const Napi::Value& value, const char* what, size_t* length);
const uint32_t* wordsOf(const Napi::Value& value, const char* what, size_t* length);

/// Copies.
std::vector<float> copyFloats(const Napi::Value& value, const char* what);
std::vector<uint32_t> copyWords(const Napi::Value& value, const char* what);
std::vector<int> copyIntegers(const Napi::Value& value, const char* what);

/// Throws `bad-argument` unless found == expected.
void expectLength(Napi::Env env, const char* what, size_t found, size_t expected);

template <typename Array, typename T>
Array toTypedArray(Napi::Env env, const std::vector<T>& values) {
  Array array = Array::New(env, values.size());
  if (!values.empty()) std::memcpy(array.Data(), values.data(), values.size() * sizeof(T));
  return array;
}

Napi::Error errorOf(Napi::Env env, const Failure& failure);

}  // namespace glai::cuda
