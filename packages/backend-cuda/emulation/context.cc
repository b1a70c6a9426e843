#include "context.h"
#include <cstdint>
#include <cstdlib>
#include <new>

#if defined(__x86_64__) && !defined(GLAI_EMULATION_UCONTEXT)
#define GLAI_EMULATION_ASSEMBLY 1
#else
#include <ucontext.h>
#endif

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

namespace emulation {

namespace {

struct Entry {
  void (*body)(void*);
  void* argument;
};

// Set just before the first switch into a context and read at once in it.
Entry entry;
Context* previous = nullptr;
Context* arriving = nullptr;

void finishSwitch() {
#ifdef __SANITIZE_ADDRESS__
  const void* bottom = nullptr;
  size_t size = 0;
  __sanitizer_finish_switch_fiber(arriving->fakeStack, &bottom, &size);
  if (previous != nullptr && previous->stack == nullptr) {  // the thread's own stack, seen for the first time
    previous->stack = const_cast<char*>(static_cast<const char*>(bottom));
    previous->stackBytes = size;
  }
#endif
}

void start() {
  const Entry mine = entry;
  finishSwitch();
  mine.body(mine.argument);
  std::abort();
}

}  // namespace

#ifdef GLAI_EMULATION_ASSEMBLY

// System V: rbx, rbp, r12 … r15 belong to the caller; the rest was saved by the compiler around the call.
extern "C" void glai_emulation_switch(void** save, void* load);
asm(R"(
.text
.type glai_emulation_switch, @function
glai_emulation_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size glai_emulation_switch, .-glai_emulation_switch
)");

static void prepare(Context& context) {
  // The first switch pops six registers and returns into `start`, with the stack aligned as after a call.
  uintptr_t top = reinterpret_cast<uintptr_t>(context.stack + context.stackBytes) & ~uintptr_t{15};
  void** slot = reinterpret_cast<void**>(top) - 8;
  for (int i = 0; i < 6; i++) slot[i] = nullptr;
  slot[6] = reinterpret_cast<void*>(&start);
  slot[7] = nullptr;
  context.stackPointer = slot;
}

static void swap(Context& from, Context& to) {
  glai_emulation_switch(&from.stackPointer, to.stackPointer);
}

#else

static ucontext_t& nativeOf(Context& context) {
  if (context.native == nullptr) context.native = new ucontext_t();
  return *static_cast<ucontext_t*>(context.native);
}

static void prepare(Context& context) {
  ucontext_t& native = nativeOf(context);
  getcontext(&native);
  native.uc_stack.ss_sp = context.stack;
  native.uc_stack.ss_size = context.stackBytes;
  native.uc_link = nullptr;
  makecontext(&native, &start, 0);
}

static void swap(Context& from, Context& to) {
  swapcontext(&nativeOf(from), &nativeOf(to));
}

#endif

void makeContext(Context& context, size_t stackBytes, void (*body)(void*), void* argument) {
  if (context.stack == nullptr) {
    context.stack = static_cast<char*>(std::malloc(stackBytes));
    if (context.stack == nullptr) throw std::bad_alloc();
    context.stackBytes = stackBytes;
  }
  prepare(context);
  entry = {body, argument};
}

void switchTo(Context& from, Context& to) {
  previous = &from;
  arriving = &to;
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_start_switch_fiber(&from.fakeStack, to.stack, to.stackBytes);
#endif
  swap(from, to);
  finishSwitch();
}

}  // namespace emulation
