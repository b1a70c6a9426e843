#include "control_binding.h"
#include "control.h"
#include "cublas.h"

namespace emulation {

void registerControl(Napi::Env env, Napi::Object exports) {
  Napi::Object control = Napi::Object::New(env);
  control.Set("setReverse", Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
                setOrder(info[0].ToBoolean().Value() ? Order::kReverse : Order::kForward);
              }));
  control.Set("setMemoryLimit", Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
                setMemoryLimit(static_cast<size_t>(info[0].ToNumber().DoubleValue()));
              }));
  control.Set("failNext", Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
                failNext(info[0].ToString().Utf8Value());
              }));
  control.Set("replaceDevice", Napi::Function::New(env, [](const Napi::CallbackInfo&) { replaceDevice(); }));
  control.Set("takeLaunches", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                Napi::Array names = Napi::Array::New(info.Env());
                for (const std::string& name : takeLaunches())
                  names.Set(names.Length(), Napi::String::New(info.Env(), name));
                return names;
              }));
  control.Set("takeSynchronizations", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Napi::Number::New(info.Env(), static_cast<double>(takeSynchronizations()));
              }));
  control.Set("memoryInUse", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Napi::Number::New(info.Env(), static_cast<double>(memoryInUse()));
              }));
  control.Set("setBlas", Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
                setBlas(info[0].ToBoolean().Value());
              }));
  control.Set("capturing", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Napi::Number::New(info.Env(), static_cast<double>(capturing()));
              }));
  control.Set("runFault", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Napi::String::New(info.Env(), runFault(info[0].ToString().Utf8Value()));
              }));
  exports.Set("emulation", control);
}

}  // namespace emulation
