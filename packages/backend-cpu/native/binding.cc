#include "binding.h"
#include <cmath>

namespace glai {

Napi::Error glaiError(Napi::Env env, const char* code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("name", Napi::String::New(env, "GlaiError"));
  error.Set("code", Napi::String::New(env, code));
  return error;
}

namespace {

[[noreturn]] void wrongType(const Napi::Value& value, const char* what, const char* expected) {
  throw glaiError(value.Env(), "bad-argument",
                  std::string("Expected ") + what + " as " + expected + " but received another type.");
}

template <typename Array>
Array typedArrayOf(const Napi::Value& value, const char* what, napi_typedarray_type type,
                   const char* expected) {
  if (!value.IsTypedArray()) wrongType(value, what, expected);
  const Napi::TypedArray array = value.As<Napi::TypedArray>();
  if (array.TypedArrayType() != type) wrongType(value, what, expected);
  return value.As<Array>();
}

}  // namespace

Napi::Float32Array float32Of(const Napi::Value& value, const char* what) {
  return typedArrayOf<Napi::Float32Array>(value, what, napi_float32_array, "Float32Array");
}

Napi::Float64Array float64Of(const Napi::Value& value, const char* what) {
  return typedArrayOf<Napi::Float64Array>(value, what, napi_float64_array, "Float64Array");
}

Napi::Uint32Array uint32Of(const Napi::Value& value, const char* what) {
  return typedArrayOf<Napi::Uint32Array>(value, what, napi_uint32_array, "Uint32Array");
}

Napi::Uint8Array uint8Of(const Napi::Value& value, const char* what) {
  return typedArrayOf<Napi::Uint8Array>(value, what, napi_uint8_array, "Uint8Array");
}

Napi::Object objectOf(const Napi::Value& value, const char* what) {
  if (!value.IsObject()) wrongType(value, what, "an object");
  return value.As<Napi::Object>();
}

double numberOf(const Napi::Value& value, const char* what) {
  if (!value.IsNumber()) wrongType(value, what, "a number");
  return value.As<Napi::Number>().DoubleValue();
}

int64_t integerOf(const Napi::Value& value, const char* what, int64_t least, int64_t most) {
  const double number = numberOf(value, what);
  if (!(number >= static_cast<double>(least) && number <= static_cast<double>(most)) ||
      std::floor(number) != number) {
    throw glaiError(value.Env(), "bad-argument",
                    std::string("Expected ") + what + " to be a whole number in " +
                        std::to_string(least) + ".." + std::to_string(most) + " but received " +
                        std::to_string(number) + ".");
  }
  return static_cast<int64_t>(number);
}

void expectLength(Napi::Env env, const char* what, size_t found, size_t expected) {
  if (found == expected) return;
  throw glaiError(env, "bad-argument",
                  "Expected " + std::to_string(expected) + " " + what + " but received " +
                      std::to_string(found) + ".");
}

namespace {

class Job : public Napi::AsyncWorker {
 public:
  Job(Napi::Env env, std::function<JobResult()> work, std::function<Napi::Value(Napi::Env)> finish,
      std::function<void()> settled)
      : Napi::AsyncWorker(env, "glai"),
        deferred_(Napi::Promise::Deferred::New(env)),
        work_(std::move(work)),
        finish_(std::move(finish)),
        settled_(std::move(settled)) {}

  void keep(const Napi::Value& value) {
    if (value.IsObject()) kept_.push_back(Napi::Persistent(value.As<Napi::Object>()));
  }

  Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override { result_ = work_(); }

  void OnOK() override {
    const Napi::HandleScope scope(Env());
    if (settled_) settled_();
    if (result_.code != nullptr) {
      deferred_.Reject(glaiError(Env(), result_.code, result_.message).Value());
      return;
    }
    try {
      deferred_.Resolve(finish_(Env()));
    } catch (const Napi::Error& error) {
      deferred_.Reject(error.Value());
    }
  }

  void OnError(const Napi::Error& error) override {
    if (settled_) settled_();
    deferred_.Reject(error.Value());
  }

 private:
  Napi::Promise::Deferred deferred_;
  std::function<JobResult()> work_;
  std::function<Napi::Value(Napi::Env)> finish_;
  std::function<void()> settled_;
  std::vector<Napi::ObjectReference> kept_;
  JobResult result_;
};

}  // namespace

Napi::Promise runAsync(Napi::Env env, const std::vector<Napi::Value>& keepAlive,
                       std::function<JobResult()> work,
                       std::function<Napi::Value(Napi::Env)> finish, std::function<void()> settled) {
  Job* const job =
      new Job(env, std::move(work), std::move(finish), std::move(settled));  // deletes itself when done
  for (const Napi::Value& value : keepAlive) job->keep(value);
  const Napi::Promise promise = job->promise();
  job->Queue();
  return promise;
}

Napi::Value runHere(Napi::Env env, const std::function<JobResult()>& work,
                    const std::function<Napi::Value(Napi::Env)>& finish) {
  const JobResult result = work();
  if (result.code != nullptr) throw glaiError(env, result.code, result.message);
  return finish(env);
}

}  // namespace glai
