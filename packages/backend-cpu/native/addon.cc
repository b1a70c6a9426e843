// The addon only registers. Each binding_<family>.cc brings `register_<family>(env, exports)`; the list
// of calls is written by CMake from the files that are there.
#include <napi.h>
#include "isa.h"
#include "registrations.h"

namespace {

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("instructionSet", Napi::String::New(env, glai::isaName()));
  register_families(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(glai_cpu, initialize)
