// Memory for sessions and scratch. Defined by native_memory.cc and wasm_runtime.cc.
#pragma once
#include <stddef.h>

namespace glai {

/// 64-byte aligned memory, not cleared; nullptr when there is none. `release(nullptr)` is fine.
void* allocate(size_t bytes);
void release(void* memory);

}  // namespace glai
