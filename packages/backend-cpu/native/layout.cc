#include "layout.h"

namespace glai {

namespace {

/// Weights of a run or of a path gate, at most (one row or segment may be longer): their gradients stay in L1.
constexpr int64_t kMostWeights = 4096;

constexpr int64_t aligned(int64_t n) { return (n + 15) / 16 * 16; }

uint32_t originOffset(uint32_t origin) { return origin * kPanelRows; }

/// Blocks of gate g are starts[g] … starts[g + 1] − 1; paths of block b begin at firstPath[b].
struct Starts {
  Array<uint32_t> blocks;     // [nGates + 1]
  Array<uint32_t> firstPath;  // [nBlocks + 1]
};

bool findStarts(const SelectionArrays& s, Starts& starts) {
  if (!starts.blocks.clear(s.nGates + 1) || !starts.firstPath.resize(s.nBlocks + 1)) return false;
  starts.firstPath[0] = 0;
  for (int64_t b = 0; b < s.nBlocks; ++b) {
    ++starts.blocks[s.gateOf[b] + 1];
    starts.firstPath[b + 1] = starts.firstPath[b] + static_cast<uint32_t>(blockWidth(s, b));
  }
  for (int64_t g = 0; g < s.nGates; ++g) starts.blocks[g + 1] += starts.blocks[g];
  return true;
}

/// Runs: per gate and group of outputs, the origins that keep it, cut to kMostWeights.
class RunBuilder {
 public:
  RunBuilder(const SelectionArrays& arrays, Layout& layout) : s_(arrays), layout_(layout) {}

  bool build(const Starts& starts) {
    const int64_t groupWidth = s_.block == BlockKind::slab ? s_.nOutputs : 16;
    const int64_t nGroups = (s_.nOutputs + groupWidth - 1) / groupWidth;
    Array<uint32_t> count;  // [nGroups + 1] blocks of this gate before group j
    Array<uint32_t> order;  // [nBlocks] blocks of this gate by group
    if (!count.resize(nGroups + 1) || !order.resize(s_.nBlocks)) return false;
    // A run has kMostWeights weights, or is the last of its gate and group, or is one origin.
    const int64_t perRun = kMostWeights / groupWidth < 1 ? 1 : kMostWeights / groupWidth;
    if (!layout_.runs.resize(s_.nBlocks / perRun + countGroups(groupWidth)) ||
        !layout_.originOffsets.resize(s_.nBlocks + s_.nInputs + 1)) {
      return false;
    }
    for (int64_t g = 0; g < s_.nGates; ++g) {
      const uint32_t begin = starts.blocks[g], end = starts.blocks[g + 1];
      for (int64_t j = 0; j <= nGroups; ++j) count[j] = 0;
      for (uint32_t b = begin; b < end; ++b) ++count[s_.outputOf[b] / groupWidth + 1];
      for (int64_t j = 0; j < nGroups; ++j) count[j + 1] += count[j];
      for (uint32_t b = begin; b < end; ++b) order[count[s_.outputOf[b] / groupWidth]++] = b;
      for (uint32_t i = 0; i < end - begin;) i += addRun(starts, order.data() + i, end - begin - i, perRun);
    }
    layout_.selection.nRuns = nRuns_;
    layout_.selection.nWeights = nextWeight_;
    return findUsed();
  }

 private:
  /// The different origins, behind those of the runs, and the place of every run's origin among them.
  bool findUsed() {
    Array<uint32_t> slotOf;  // [nInputs + 1] 1 where an origin is used, then its place
    if (!slotOf.clear(s_.nInputs + 1) || !layout_.slots.resize(nextOrigin_)) return false;
    for (int64_t b = 0; b < s_.nBlocks; ++b) slotOf[s_.originOf[b]] = 1;
    Selection& selection = layout_.selection;
    selection.firstUsed = nextOrigin_;
    for (uint32_t i = 0; i <= s_.nInputs; ++i) {
      if (slotOf[i] == 0) continue;
      layout_.originOffsets[nextOrigin_ + selection.nUsed] = originOffset(i);
      slotOf[i] = static_cast<uint32_t>(selection.nUsed++);
    }
    for (uint32_t i = 0; i < nextOrigin_; ++i) layout_.slots[i] = slotOf[layout_.originOffsets[i] / kPanelRows];
    return true;
  }

  /// Number of (gate, group) pairs with a block: as many runs may be shorter than perRun.
  int64_t countGroups(int64_t groupWidth) const {
    const int64_t nGroups = (s_.nOutputs + groupWidth - 1) / groupWidth;
    const int64_t most = s_.nGates * nGroups;
    return most < s_.nBlocks ? most : s_.nBlocks;
  }

  /// One run from the front of `blocks`; returns its length.
  uint32_t addRun(const Starts& starts, const uint32_t* blocks, uint32_t left, int64_t perRun) {
    const uint32_t output = s_.outputOf[blocks[0]];
    const uint32_t width = static_cast<uint32_t>(blockWidth(s_, blocks[0]));
    uint32_t n = 0;
    while (n < left && n < perRun && s_.outputOf[blocks[n]] == output) {
      const uint32_t b = blocks[n];
      layout_.originOffsets[nextOrigin_ + n] = originOffset(s_.originOf[b]);
      for (uint32_t j = 0; j < width; ++j) {
        layout_.place[starts.firstPath[b] + j] = static_cast<uint32_t>(nextWeight_ + n * width + j);
      }
      ++n;
    }
    layout_.runs[nRuns_++] = {s_.gateOf[blocks[0]], output, width, n, nextOrigin_, 0, nextWeight_};
    Selection& selection = layout_.selection;
    if (n * static_cast<int64_t>(width) > selection.largestRun) {
      selection.largestRun = n * static_cast<int64_t>(width);
    }
    nextOrigin_ += n;
    nextWeight_ += aligned(static_cast<int64_t>(n) * width);
    return n;
  }

  const SelectionArrays& s_;
  Layout& layout_;
  int64_t nRuns_ = 0;
  uint32_t nextOrigin_ = 0;
  int64_t nextWeight_ = 0;
};

/// Segments: origins and outputs of a gate by falling degree, so that for a Young diagram every
/// output's origins are a prefix of one list.
class SegmentBuilder {
 public:
  SegmentBuilder(const SelectionArrays& arrays, Layout& layout) : s_(arrays), layout_(layout) {}

  bool build(const Starts& starts) {
    const int64_t nPaths = s_.nBlocks;
    if (!rows_.resize(s_.nInputs + 2) || !byDegree_.resize(s_.nInputs + 2) ||
        !degree_.resize(s_.nOutputs + 1) || !outputs_.resize(s_.nOutputs) ||
        !cursor_.resize(s_.nOutputs) || !bucket_.resize(largerSide() + 2) ||
        !lists_.resize(nPaths) || !places_.resize(nPaths) || !layout_.segments.resize(nPaths) ||
        !layout_.quads.resize(nPaths) || !layout_.pathGates.resize(nPaths) ||
        !layout_.originOffsets.resize(2 * nPaths)) {
      return false;
    }
    for (int64_t g = 0; g < s_.nGates; ++g) {
      if (starts.blocks[g] < starts.blocks[g + 1]) addGate(starts.blocks[g], starts.blocks[g + 1]);
    }
    layout_.selection.nPathGates = nPathGates_;
    layout_.selection.nWeights = nextWeight_;
    return true;
  }

 private:
  int64_t largerSide() const { return s_.nInputs + 1 > s_.nOutputs ? s_.nInputs + 1 : s_.nOutputs; }

  /// Paths begin … end − 1 of one gate; consecutive paths of one origin are a row.
  void addGate(uint32_t begin, uint32_t end) {
    const int64_t nRows = findRows(begin, end);
    const int64_t nOutputs = sortOutputs(begin, end);
    const uint32_t sharedList = nextOrigin_;  // all origins of the gate, by falling degree
    for (int64_t i = 0; i < nRows; ++i) {
      layout_.originOffsets[nextOrigin_++] = originOffset(s_.originOf[rows_[byDegree_[i]]]);
    }
    fillSegments(nRows);
    uint32_t first = 0;  // of the outputs
    while (first < nOutputs) first = addPathGate(s_.gateOf[begin], sharedList, first, nOutputs);
  }

  /// rows_: first path of every origin's row; byDegree_: rows by falling length, ties in order.
  int64_t findRows(uint32_t begin, uint32_t end) {
    int64_t nRows = 0;
    for (uint32_t b = begin; b < end; ++b) {
      if (b == begin || s_.originOf[b] != s_.originOf[b - 1]) rows_[nRows++] = b;
    }
    rows_[nRows] = end;
    sortFalling(nRows, s_.nOutputs, byDegree_, [&](int64_t i) { return rows_[i + 1] - rows_[i]; });
    return nRows;
  }

  /// outputs_: outputs with a path by falling degree; cursor_[o]: where o's segment starts in lists_.
  int64_t sortOutputs(uint32_t begin, uint32_t end) {
    for (int64_t o = 0; o < s_.nOutputs; ++o) degree_[o] = 0;
    for (uint32_t b = begin; b < end; ++b) ++degree_[s_.outputOf[b]];
    sortFalling(s_.nOutputs, s_.nInputs + 1, outputs_, [&](int64_t o) { return degree_[o]; });
    int64_t nOutputs = 0;
    uint32_t next = 0;
    for (; nOutputs < s_.nOutputs && degree_[outputs_[nOutputs]] > 0; ++nOutputs) {
      cursor_[outputs_[nOutputs]] = next;
      next += degree_[outputs_[nOutputs]];
    }
    return nOutputs;
  }

  /// order[0 … n): indices by falling key ≤ largest, ties ascending (counting sort).
  template <typename Key>
  void sortFalling(int64_t n, int64_t largest, Array<uint32_t>& order, const Key& key) {
    for (int64_t d = 0; d <= largest + 1; ++d) bucket_[d] = 0;
    for (int64_t i = 0; i < n; ++i) ++bucket_[largest - key(i) + 1];
    for (int64_t d = 0; d <= largest; ++d) bucket_[d + 1] += bucket_[d];
    for (int64_t i = 0; i < n; ++i) order[bucket_[largest - key(i)]++] = static_cast<uint32_t>(i);
  }

  /// lists_: origins of every segment in the gate's order; places_: the canonical path of each entry.
  void fillSegments(int64_t nRows) {
    for (int64_t i = 0; i < nRows; ++i) {
      const uint32_t row = byDegree_[i];
      for (uint32_t b = rows_[row]; b < rows_[row + 1]; ++b) {
        const uint32_t at = cursor_[s_.outputOf[b]]++;
        lists_[at] = originOffset(s_.originOf[b]);
        places_[at] = b;
      }
    }
  }

  /// Segments of outputs_[first …] until kMostWeights; returns the first output left.
  uint32_t addPathGate(uint32_t gate, uint32_t sharedList, uint32_t first, int64_t nOutputs) {
    PathGate& pathGate = layout_.pathGates[nPathGates_++];
    pathGate = {gate, nQuads_, 0, 0, sharedList, 0, nextWeight_};
    uint32_t output = first;
    int64_t nest = 0;
    while (output < nOutputs && pathGate.nWeights < kMostWeights) {
      const uint32_t n = nOutputs - output < 4 ? static_cast<uint32_t>(nOutputs - output) : 4;
      Quad& quad = layout_.quads[nQuads_++];
      quad = {nSegments_, n, 0, 1};
      for (uint32_t j = 0; j < n; ++j) {
        if (!addSegment(pathGate, sharedList, outputs_[output + j])) quad.isNested = 0;
      }
      quad.shared = sharedPrefix(quad);
      if (quad.isNested != 0) {
        const uint32_t longest = layout_.segments[quad.firstSegment].nOrigins;
        if (longest > pathGate.nOrigins) pathGate.nOrigins = longest;
        nest += 4 * ((longest + 31) / 32 * 32);
      }
      ++pathGate.nQuads;
      output += n;
    }
    Selection& selection = layout_.selection;
    if (pathGate.nWeights > selection.largestGate) selection.largestGate = pathGate.nWeights;
    if (nest > selection.largestNest) selection.largestNest = nest;
    if (pathGate.nOrigins > selection.longestNested) selection.longestNested = pathGate.nOrigins;
    nextWeight_ += aligned(pathGate.nWeights);
    return output;
  }

  /// True when the segment is a prefix of the shared list.
  bool addSegment(PathGate& pathGate, uint32_t sharedList, uint32_t output) {
    const uint32_t n = degree_[output], start = cursor_[output] - n;  // fillSegments moved the cursor
    uint32_t common = 0;
    while (common < n && lists_[start + common] == layout_.originOffsets[sharedList + common]) ++common;
    uint32_t list = sharedList;
    if (common < n) {
      list = nextOrigin_;
      for (uint32_t k = 0; k < n; ++k) layout_.originOffsets[nextOrigin_++] = lists_[start + k];
    }
    for (uint32_t k = 0; k < n; ++k) {
      layout_.place[places_[start + k]] =
          static_cast<uint32_t>(pathGate.firstWeight + pathGate.nWeights + k);
    }
    layout_.segments[nSegments_++] = {output, n, list, pathGate.nWeights};
    pathGate.nWeights += n;
    return list == sharedList;
  }

  uint32_t sharedPrefix(const Quad& quad) const {
    const Segment* const segments = layout_.segments.data() + quad.firstSegment;
    const uint32_t* const offsets = layout_.originOffsets.data();
    for (uint32_t k = 0;; ++k) {
      for (uint32_t j = 0; j < quad.nSegments; ++j) {
        if (k >= segments[j].nOrigins ||
            offsets[segments[j].firstOrigin + k] != offsets[segments[0].firstOrigin + k]) {
          return k;
        }
      }
    }
  }

  const SelectionArrays& s_;
  Layout& layout_;
  Array<uint32_t> rows_, byDegree_, degree_, outputs_, cursor_, bucket_, lists_, places_;
  int64_t nPathGates_ = 0, nextWeight_ = 0;
  uint32_t nQuads_ = 0, nSegments_ = 0, nextOrigin_ = 0;
};

}  // namespace

int64_t blockWidth(const SelectionArrays& s, int64_t b) {
  const int64_t widest = s.block == BlockKind::path ? 1 : s.block == BlockKind::block16 ? 16 : s.nOutputs;
  const int64_t left = s.nOutputs - s.outputOf[b];
  return widest < left ? widest : left;
}

const char* checkSelection(const SelectionArrays& s) {
  const int64_t step = s.block == BlockKind::path ? 1 : s.block == BlockKind::block16 ? 16 : s.nOutputs;
  for (int64_t b = 0; b < s.nBlocks; ++b) {
    if (s.gateOf[b] >= s.nGates) return "gateOf below nGates";
    if (s.originOf[b] > s.nInputs) return "originOf at most the number of inputs";
    if (s.outputOf[b] >= s.nOutputs) return "outputOf below the number of outputs";
    if (s.outputOf[b] % step != 0) return "outputOf at the start of a block";
    if (b == 0) continue;
    const bool ascends =
        s.gateOf[b] != s.gateOf[b - 1]     ? s.gateOf[b] > s.gateOf[b - 1]
        : s.originOf[b] != s.originOf[b - 1] ? s.originOf[b] > s.originOf[b - 1]
                                             : s.outputOf[b] > s.outputOf[b - 1];
    if (!ascends) return "blocks that ascend by gate, origin and output";
  }
  return nullptr;
}

bool buildLayout(const SelectionArrays& arrays, Layout& layout) {
  Starts starts;
  if (!findStarts(arrays, starts)) return false;
  layout.nPaths = starts.firstPath[arrays.nBlocks];
  if (!layout.place.resize(layout.nPaths)) return false;
  const bool built = arrays.block == BlockKind::path ? SegmentBuilder(arrays, layout).build(starts)
                                                     : RunBuilder(arrays, layout).build(starts);
  if (!built) return false;
  Selection& s = layout.selection;
  s.nInputs = arrays.nInputs;
  s.nOutputs = arrays.nOutputs;
  s.nGates = arrays.nGates;
  s.originOffsets = layout.originOffsets.data();
  s.runs = layout.runs.data();
  s.slots = layout.slots.data();
  s.pathGates = layout.pathGates.data();
  s.quads = layout.quads.data();
  s.segments = layout.segments.data();
  return true;
}

}  // namespace glai
