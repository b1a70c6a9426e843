#include <cstdlib>
#include "memory.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace glai {

namespace {
constexpr size_t kAlignment = 64;
constexpr size_t kHugePage = size_t{1} << 21;
}  // namespace

void* allocate(size_t bytes) {
  // Large blocks ask for huge pages: the first touch of fresh 4 KB pages can cost more than the arithmetic.
  const bool isLarge = bytes >= 4 * kHugePage;
  const size_t alignment = isLarge ? kHugePage : kAlignment;
  const size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  if (rounded < bytes) return nullptr;
  void* memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
#if defined(__linux__)
  if (isLarge && memory != nullptr) madvise(memory, rounded, MADV_HUGEPAGE);
#endif
  return memory;
}

void release(void* memory) { std::free(memory); }

}  // namespace glai
