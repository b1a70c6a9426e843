#include "slots.h"
#include <algorithm>
#include <cstdint>
#include <string>

namespace glai::cuda {

namespace {

constexpr int kLargestWidth = 32;   // lanes of a warp
constexpr int kWarps = 4;           // of a forward block
constexpr int kRowsPerBlock = 16;   // of a forward block
constexpr int kRoundsPerWarp = 8;   // slots one after another: fewer would not pay for the block's reduction
constexpr int kBlocksWanted = 1056;  // 8 on each of an H100's 132 multiprocessors; fixed, so that bits do not move

int widthFor(uint32_t blockWidth, int nOutputs) {
  const int widest = std::min(static_cast<int>(blockWidth), nOutputs);
  int width = 1;
  while (width < widest && width < kLargestWidth) width *= 2;
  return width;
}

}  // namespace

SlotTables makeSlots(const SelectionTables& selection, int nOutputs) {
  SlotTables tables;
  tables.width = widthFor(selection.blockWidth, nOutputs);
  const uint32_t width = tables.width;
  const uint32_t nGroups = (nOutputs + width - 1) / width;
  const auto widthOf = [&](uint32_t group) { return std::min(width, nOutputs - group * width); };
  /// visit(block, group, first parameter) for every slot, in the order of the parameters
  const auto walk = [&](const auto& visit) {
    size_t parameter = 0;
    for (size_t b = 0; b < selection.gateOf.size(); b++) {
      const uint32_t end = std::min(selection.outputOf[b] + selection.blockWidth, static_cast<uint32_t>(nOutputs));
      for (uint32_t output = selection.outputOf[b]; output < end; output += width) {
        visit(b, output / width, parameter);
        parameter += widthOf(output / width);
      }
    }
    return parameter;
  };
  std::vector<size_t> slotsOf(nGroups, 0);
  const size_t nPaths = walk([&](size_t, uint32_t group, size_t) { slotsOf[group]++; });
  if (nPaths > UINT32_MAX)
    throw Failure{"unsupported",
                  "Expected at most 4294967295 paths for backend cuda but the selection has " +
                      std::to_string(nPaths) + ".",
                  "Keep fewer paths: a smaller keep, mu or a larger maxError."};
  tables.firstSlot.assign(nGroups + 1, 0);
  size_t nWeights = 0;
  for (uint32_t group = 0; group < nGroups; group++) {
    tables.largestGroup = std::max(tables.largestGroup, static_cast<uint32_t>(slotsOf[group]));
    tables.firstSlot[group + 1] = tables.firstSlot[group] + static_cast<uint32_t>(slotsOf[group]);
    tables.firstWeight.push_back(nWeights);
    nWeights += slotsOf[group] * widthOf(group);
  }
  tables.slots.resize(tables.firstSlot.back());
  tables.order.resize(nPaths);
  std::vector<uint32_t> next(tables.firstSlot.begin(), tables.firstSlot.end() - 1);
  walk([&](size_t b, uint32_t group, size_t parameter) {
    const uint32_t s = next[group]++;
    tables.slots[s] = {selection.originOf[b], selection.gateOf[b]};
    const size_t weight = tables.firstWeight[group] + size_t{s - tables.firstSlot[group]} * widthOf(group);
    for (uint32_t j = 0; j < widthOf(group); j++) tables.order[weight + j] = static_cast<uint32_t>(parameter + j);
  });
  return tables;
}

int chunksFor(const SlotTables& tables, unsigned capacity) {
  if (tables.slots.empty()) return 0;
  const long long perRound = kWarps * (kLargestWidth / tables.width);
  const long long perChunk = perRound * kRoundsPerWarp;
  const long long most = (tables.largestGroup + perChunk - 1) / perChunk;
  const long long nGroups = static_cast<long long>(tables.firstSlot.size()) - 1;
  const long long rowBlocks = (static_cast<long long>(capacity) + kRowsPerBlock - 1) / kRowsPerBlock;
  return static_cast<int>(std::clamp(kBlocksWanted / (nGroups * rowBlocks), 1LL, most));
}

}  // namespace glai::cuda
