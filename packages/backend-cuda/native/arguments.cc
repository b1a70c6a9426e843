#include "arguments.h"
#include <algorithm>
#include <cmath>
#include <new>
#include "device.h"
#include "memory.h"

namespace glai::cuda {

Napi::Error errorOf(Napi::Env env, const Failure& failure) {
  Napi::Error error = Napi::Error::New(env, failure.message);
  error.Set("code", Napi::String::New(env, failure.code));
  error.Set("hint", Napi::String::New(env, failure.hint));
  return error;
}

namespace {

class Job final : public Napi::AsyncWorker {
 public:
  Job(Napi::Env env, std::function<Finish()> work)
      : Napi::AsyncWorker(env, "glai-cuda"),
        deferred_(Napi::Promise::Deferred::New(env)),
        work_(std::move(work)) {}

  void keep(const Napi::Value& value) {
    if (value.IsObject()) kept_.push_back(Napi::Persistent(value.As<Napi::Object>()));
  }

  Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override {
    try {
      useDevice();
      finish_ = work_();
    } catch (const Failure& failure) {
      failure_ = failure;
    } catch (const std::bad_alloc&) {
      failure_ = {"out-of-memory", "Expected memory of the host for a transfer but found none.", "Free some memory."};
    }
    work_ = nullptr;  // what it holds is freed on the thread that is bound to the GPU
  }

  void OnOK() override {
    const Napi::HandleScope scope(Env());
    if (!failure_.code.empty()) deferred_.Reject(errorOf(Env(), failure_).Value());
    else deferred_.Resolve(finish_ ? finish_(Env()) : Env().Undefined());
  }

  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  Napi::Promise::Deferred deferred_;
  std::function<Finish()> work_;
  Finish finish_;
  std::vector<Napi::ObjectReference> kept_;
  Failure failure_;
};

[[noreturn]] void wrongType(const Napi::Value& value, const char* what, const char* expected) {
  throw errorOf(value.Env(), {"bad-argument",
                              std::string("Expected ") + what + " as " + expected + " but received another type.", ""});
}

template <typename Array>
Array arrayOf(const Napi::Value& value, const char* what, napi_typedarray_type type, const char* expected) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) wrongType(value, what, expected);
  return value.As<Array>();
}

}  // namespace

Napi::Promise runJob(Napi::Env env, const std::vector<Napi::Value>& keep, std::function<Finish()> work) {
  Job* const job = new Job(env, std::move(work));  // deletes itself when done
  for (const Napi::Value& value : keep) job->keep(value);
  const Napi::Promise promise = job->promise();
  job->Queue();
  return promise;
}

Napi::Object objectOf(const Napi::Value& value, const char* what) {
  if (!value.IsObject()) wrongType(value, what, "an object");
  return value.As<Napi::Object>();
}

double numberOf(const Napi::Value& value, const char* what) {
  if (!value.IsNumber()) wrongType(value, what, "a number");
  return value.As<Napi::Number>().DoubleValue();
}

int integerOf(const Napi::Value& value, const char* what) {
  const double number = numberOf(value, what);
  if (!(number >= 0 && number <= 2147483647.0) || std::floor(number) != number)
    wrongType(value, what, "a whole number in 0..2147483647");
  return static_cast<int>(number);
}

std::string stringOf(const Napi::Value& value, const char* what) {
  if (!value.IsString()) wrongType(value, what, "a string");
  return value.As<Napi::String>().Utf8Value();
}

const float* floatsOf(const Napi::Value& value, const char* what, size_t* length) {
  Napi::Float32Array array = arrayOf<Napi::Float32Array>(value, what, napi_float32_array, "Float32Array");
  *length = array.ElementLength();
  return array.Data();
}

const uint32_t* wordsOf(const Napi::Value& value, const char* what, size_t* length) {
  Napi::Uint32Array array = arrayOf<Napi::Uint32Array>(value, what, napi_uint32_array, "Uint32Array");
  *length = array.ElementLength();
  return array.Data();
}

template <typename T>
std::vector<T> copyOf(Napi::Env env, const T* values, size_t n, const char* what) {
  try {
    std::vector<T> copy = hostArray<T>(n, what);
    std::copy(values, values + n, copy.begin());
    return copy;
  } catch (const Failure& failure) {
    throw errorOf(env, failure);
  }
}

std::vector<float> copyFloats(const Napi::Value& value, const char* what) {
  size_t n = 0;
  const float* values = floatsOf(value, what, &n);
  return copyOf(value.Env(), values, n, what);
}

std::vector<uint32_t> copyWords(const Napi::Value& value, const char* what) {
  size_t n = 0;
  const uint32_t* values = wordsOf(value, what, &n);
  return copyOf(value.Env(), values, n, what);
}

std::vector<int> copyIntegers(const Napi::Value& value, const char* what) {
  const std::vector<uint32_t> words = copyWords(value, what);
  return std::vector<int>(words.begin(), words.end());
}

void expectLength(Napi::Env env, const char* what, size_t found, size_t expected) {
  if (found == expected) return;
  throw errorOf(env, {"bad-argument",
                      "Expected " + std::to_string(expected) + " " + what + " but received " + std::to_string(found) + ".",
                      ""});
}

}  // namespace glai::cuda
