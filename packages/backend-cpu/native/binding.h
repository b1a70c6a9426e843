// What bindings share: checked arguments, and work off the event loop.
#pragma once
#include <napi.h>
#include <functional>
#include <string>
#include <vector>

namespace glai {

/// An error that core's isGlaiError recognises. Throw it: `throw glaiError(env, "bad-argument", "…")`.
Napi::Error glaiError(Napi::Env env, const char* code, const std::string& message);

/// Views of arguments; they throw `bad-argument` naming `what` on any other type or a detached buffer.
Napi::Float32Array float32Of(const Napi::Value& value, const char* what);
Napi::Float64Array float64Of(const Napi::Value& value, const char* what);
Napi::Uint32Array uint32Of(const Napi::Value& value, const char* what);
Napi::Uint8Array uint8Of(const Napi::Value& value, const char* what);
Napi::Object objectOf(const Napi::Value& value, const char* what);
double numberOf(const Napi::Value& value, const char* what);
/// A whole number in least … most.
int64_t integerOf(const Napi::Value& value, const char* what, int64_t least, int64_t most);
/// Throws `bad-argument` unless found == expected.
void expectLength(Napi::Env env, const char* what, size_t found, size_t expected);

/// What a job may say: nothing is thrown on a worker thread.
struct JobResult {
  const char* code = nullptr;  // a GlaiErrorCode, or nullptr when it went well
  std::string message;
};

/// Runs `work` on a libuv thread and settles the returned promise with `finish(env)` or the job's error.
/// `keepAlive` (typed arrays that `work` touches) are referenced until then. `settled` is called on the
/// JavaScript thread just before, however the job went.
Napi::Promise runAsync(Napi::Env env, const std::vector<Napi::Value>& keepAlive,
                       std::function<JobResult()> work,
                       std::function<Napi::Value(Napi::Env)> finish,
                       std::function<void()> settled = {});

/// `work` on the JavaScript thread, then `finish(env)`: for work so short that handing it to another thread and
/// back would take longer. Throws the job's error.
Napi::Value runHere(Napi::Env env, const std::function<JobResult()>& work,
                    const std::function<Napi::Value(Napi::Env)>& finish);

}  // namespace glai
