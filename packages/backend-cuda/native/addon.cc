// The addon only registers. The same file serves the GPU and, with GLAI_EMULATION, the emulation for tests.
#include <napi.h>
#include "bindings.h"
#include "blas.h"
#include "device.h"
#ifdef GLAI_EMULATION
#include "control_binding.h"
#endif

namespace {

/// What src/addon.ts expects; a platform package of another release may have another one.
constexpr int kInterfaceVersion = 2;

/// device() → { available, reason, hint, whyNoBlas, name, memoryBytes, computeCapability }
Napi::Value device(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const glai::cuda::DeviceReport report = glai::cuda::reportDevice();
  Napi::Object out = Napi::Object::New(env);
  out.Set("available", report.available);
  out.Set("reason", report.reason);
  out.Set("hint", report.hint);
  out.Set("whyNoBlas", glai::cuda::whyNoBlas());
  out.Set("name", report.name);
  out.Set("memoryBytes", static_cast<double>(report.memoryBytes));
  out.Set("computeCapability", std::to_string(report.major) + "." + std::to_string(report.minor));
  return out;
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("interfaceVersion", kInterfaceVersion);
  exports.Set("device", Napi::Function::New(env, device));
  glai::cuda::registerSession(env, exports);
  glai::cuda::registerConversion(env, exports);
#ifdef GLAI_EMULATION
  emulation::registerControl(env, exports);
#endif
  return exports;
}

}  // namespace

NODE_API_MODULE(glai_cuda, initialize)
