// One switch between two stacks of one thread.
#pragma once
#include <cstddef>

namespace emulation {

/// A stack that runs `body(argument)`, which must never return: it calls switchTo at its end.
struct Context {
  void* stackPointer = nullptr;
  void* native = nullptr;  // ucontext_t where there is no assembly
  char* stack = nullptr;
  size_t stackBytes = 0;
  void* fakeStack = nullptr;  // AddressSanitizer's
};

void makeContext(Context& context, size_t stackBytes, void (*body)(void*), void* argument);

/// Leaves `from` and goes on in `to`.
void switchTo(Context& from, Context& to);

}  // namespace emulation
