#include "slots.h"
#include <algorithm>

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
  tables.firstSlot.assign(nGroups + 1, 0);
  uint32_t parameter = 0;
  for (size_t b = 0; b < selection.gateOf.size(); b++) {
    const uint32_t first = selection.outputOf[b];
    const uint32_t end = std::min(first + selection.blockWidth, static_cast<uint32_t>(nOutputs));
    for (uint32_t output = first; output < end; output += width) {
      tables.byParameter.push_back({selection.originOf[b], selection.gateOf[b], parameter + output - first, output});
      tables.firstSlot[output / width + 1]++;
    }
    parameter += end - first;
  }
  tables.nPaths = parameter;
  for (uint32_t group = 0; group < nGroups; group++) {
    tables.largestGroup = std::max(tables.largestGroup, tables.firstSlot[group + 1]);
    tables.firstSlot[group + 1] += tables.firstSlot[group];
  }
  tables.byGroup.resize(tables.byParameter.size());
  std::vector<uint32_t> next(tables.firstSlot.begin(), tables.firstSlot.end() - 1);
  for (const Slot& slot : tables.byParameter) tables.byGroup[next[slot.output / width]++] = slot;
  return tables;
}

int chunksFor(const SlotTables& tables, unsigned capacity) {
  if (tables.byGroup.empty()) return 0;
  const int perRound = kWarps * (kLargestWidth / tables.width);
  const int perChunk = perRound * kRoundsPerWarp;
  const int most = static_cast<int>((tables.largestGroup + perChunk - 1) / perChunk);
  const int nGroups = static_cast<int>(tables.firstSlot.size()) - 1;
  const int rowBlocks = static_cast<int>((capacity + kRowsPerBlock - 1) / kRowsPerBlock);
  return std::clamp(kBlocksWanted / (nGroups * rowBlocks), 1, most);
}

}  // namespace glai::cuda
