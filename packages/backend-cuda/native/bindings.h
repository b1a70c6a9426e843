// One function per binding file; addon.cc calls them.
#pragma once
#include <napi.h>

namespace glai::cuda {

void registerSession(Napi::Env, Napi::Object exports);
void registerConversion(Napi::Env, Napi::Object exports);

}  // namespace glai::cuda
