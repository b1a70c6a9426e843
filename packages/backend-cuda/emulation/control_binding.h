#pragma once
#include <napi.h>

namespace emulation {

/// Adds `emulation`: what tests may turn and ask (control.h).
void registerControl(Napi::Env, Napi::Object exports);

}  // namespace emulation
