// What WASM has no library for: memory, the three functions that compilers call unasked, and the names
// of the instruction set.
#include <stddef.h>
#include <stdint.h>
#include "isa.h"
#include "memory.h"
#include "wasm_export.h"

extern "C" {

void* memset(void* to, int value, size_t n) { return __builtin_memset(to, value, n); }
void* memcpy(void* to, const void* from, size_t n) { return __builtin_memcpy(to, from, n); }
void* memmove(void* to, const void* from, size_t n) { return __builtin_memmove(to, from, n); }

extern uint8_t __heap_base;
}

namespace glai {

Isa isa() { return Isa::baseline; }
const char* isaName() { return "WASM SIMD128"; }

namespace {

// A first-fit allocator: blocks in address order, each with a header of one 64-byte line; freed
// neighbours merge. Sessions allocate a few large blocks, so the list stays short.
constexpr size_t kLine = 64;
constexpr size_t kPage = 65536;

struct Header {
  size_t size;  // of the block, header included
  bool isFree;
};

uint8_t* heapStart() {
  const size_t base = reinterpret_cast<size_t>(&__heap_base);
  return reinterpret_cast<uint8_t*>((base + kLine - 1) / kLine * kLine);
}

uint8_t* heapEnd = nullptr;

Header* headerAt(uint8_t* at) { return reinterpret_cast<Header*>(at); }

void mergeWithNext(uint8_t* at) {
  Header* const header = headerAt(at);
  while (at + header->size < heapEnd && headerAt(at + header->size)->isFree) {
    header->size += headerAt(at + header->size)->size;
  }
}

#if defined(__wasm_atomics__)
uint32_t locked = 0;

/// Uploads allocate on the page's thread while a worker trains.
class Lock {
 public:
  Lock() {
    while (__atomic_exchange_n(&locked, 1, __ATOMIC_ACQUIRE) != 0) {
    }
  }
  ~Lock() { __atomic_store_n(&locked, 0, __ATOMIC_RELEASE); }
};
#else
class Lock {
 public:
  Lock() {}
};
#endif

uint8_t* extend(size_t size) {
  uint8_t* const at = heapEnd;
  const size_t needed = reinterpret_cast<size_t>(at) + size;
  if (needed < size) return nullptr;
  const size_t have = __builtin_wasm_memory_size(0) * kPage;
  if (needed > have &&
      __builtin_wasm_memory_grow(0, (needed - have + kPage - 1) / kPage) == SIZE_MAX) {
    return nullptr;
  }
  heapEnd = at + size;
  *headerAt(at) = {size, false};
  return at;
}

}  // namespace

void* allocate(size_t bytes) {
  const Lock lock;
  if (heapEnd == nullptr) heapEnd = heapStart();
  if (bytes > SIZE_MAX - 4 * kLine) return nullptr;
  const size_t size = (bytes + 2 * kLine - 1) / kLine * kLine;
  for (uint8_t* at = heapStart(); at < heapEnd; at += headerAt(at)->size) {
    Header* const header = headerAt(at);
    if (!header->isFree) continue;
    mergeWithNext(at);
    if (header->size < size) continue;
    if (header->size > size) *headerAt(at + size) = {header->size - size, true};
    *header = {size, false};
    return at + kLine;
  }
  uint8_t* const at = extend(size);
  return at == nullptr ? nullptr : at + kLine;
}

void release(void* memory) {
  if (memory == nullptr) return;
  const Lock lock;
  uint8_t* const at = static_cast<uint8_t*>(memory) - kLine;
  headerAt(at)->isFree = true;
  mergeWithNext(at);
}

}  // namespace glai

GLAI_EXPORT(allocate) void* glai_allocate(size_t bytes) { return glai::allocate(bytes); }
GLAI_EXPORT(release) void glai_release(void* memory) { glai::release(memory); }
