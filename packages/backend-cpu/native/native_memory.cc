// Memory of the addon. Large blocks that were released are kept for the next session or conversion: the first
// touch of fresh pages costs more than the arithmetic on them.
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <unordered_map>
#include <vector>
#include "memory.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace glai {

namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kHugePage = size_t{1} << 21;
constexpr size_t kLeastKept = size_t{1} << 16;  // smaller blocks are the C library's business
#if defined(__SANITIZE_ADDRESS__)
constexpr size_t kMostKept = 0;  // a block in use after its release must not look alive
#else
constexpr size_t kMostKept = size_t{64} << 20;  // bytes, all blocks together
#endif

struct Block {
  void* memory;
  size_t bytes;
};

/// Large blocks, in use and idle.
class Blocks {
 public:
  /// The smallest idle block of at least `bytes` and at most twice that, or nullptr.
  void* take(size_t bytes) {
    const std::lock_guard<std::mutex> guard(mutex_);
    size_t best = idle_.size();
    for (size_t i = 0; i < idle_.size(); ++i) {
      const bool fits = idle_[i].bytes >= bytes && idle_[i].bytes / 2 <= bytes;
      if (fits && (best == idle_.size() || idle_[i].bytes < idle_[best].bytes)) best = i;
    }
    if (best == idle_.size()) return nullptr;
    const Block block = idle_[best];
    idle_.erase(idle_.begin() + static_cast<int64_t>(best));
    idleBytes_ -= block.bytes;
    inUse_.emplace(block.memory, block.bytes);
    return block.memory;
  }

  void add(void* memory, size_t bytes) {
    const std::lock_guard<std::mutex> guard(mutex_);
    inUse_.emplace(memory, bytes);
  }

  /// Keeps the block, and frees the ones that were idle longest while there are too many bytes.
  void release(void* memory) {
    std::vector<void*> freed;
    {
      const std::lock_guard<std::mutex> guard(mutex_);
      const auto found = inUse_.find(memory);
      if (found == inUse_.end()) {
        freed.push_back(memory);  // a small one
      } else {
        idle_.push_back({memory, found->second});
        idleBytes_ += found->second;
        inUse_.erase(found);
      }
      while (idleBytes_ > kMostKept) {
        freed.push_back(idle_.front().memory);
        idleBytes_ -= idle_.front().bytes;
        idle_.erase(idle_.begin());
      }
    }
    for (void* block : freed) std::free(block);
  }

 private:
  std::mutex mutex_;
  std::vector<Block> idle_;  // the longest idle first
  size_t idleBytes_ = 0;
  std::unordered_map<void*, size_t> inUse_;
};

Blocks& blocks() {
  static Blocks* const instance = new Blocks;  // never destroyed: threads may outlive static destructors
  return *instance;
}

}  // namespace

void* allocate(size_t bytes) {
  // Large blocks ask for huge pages: the first touch of fresh 4 KB pages can cost more than the arithmetic.
  const bool isLarge = bytes >= 4 * kHugePage;
  const size_t alignment = isLarge ? kHugePage : kAlignment;
  const size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  if (rounded < bytes) return nullptr;
  const bool isKept = rounded >= kLeastKept;
  void* memory = isKept ? blocks().take(rounded) : nullptr;
  if (memory != nullptr) return memory;
  memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  if (memory == nullptr) return nullptr;
#if defined(__linux__)
  if (isLarge) madvise(memory, rounded, MADV_HUGEPAGE);
#endif
  if (isKept) blocks().add(memory, rounded);
  return memory;
}

void release(void* memory) {
  if (memory != nullptr) blocks().release(memory);
}

}  // namespace glai
