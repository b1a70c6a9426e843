// Exact selection for one hidden layer without visiting all paths (MATH.md, closed form 3): by Theorem 2's scores, by
// their share of the mass of the origin, or slabs that somebody else chose.
#pragma once
#include "array.h"
#include "conversion.h"

namespace glai {

struct SelectRequest {
  int64_t span;         // outputs per block; the last group may be narrower
  bool isKeep;          // budget in paths, else by the largest bound
  int64_t keep;         // paths
  double maxError;
  bool isRelative;      // ranked by the share of the origin's mass; budgets in paths only
  bool linearSkip;      // always-open gates for every input and a bias, weight 0
  double memoryLimit;   // bytes
  const uint32_t* chosen = nullptr;  // [nChosen] ascending unit · nOrigins + origin, the bias last: span = nOutputs
  int64_t nChosen = 0;
};

/// A PathSelection with its certificate; arrays as in core's selection.ts.
struct Selected {
  Array<uint32_t> gateUnits;  // [nGates] ascending; the number of units stands for the empty gate
  Array<uint32_t> gateOf, originOf, outputOf;  // [nBlocks]
  Array<double> weights;                       // [nPaths]
  int64_t nGates = 0, nBlocks = 0, nPaths = 0, kept = 0;
  double totalMass = 0, keptMass = 0, bound = 0, measuredError = 0;
};

// Statuses of a conversion call.
constexpr int64_t kSelected = -1;
constexpr int64_t kSelectNoMemory = -2;
constexpr int64_t kSelectNotFinite = -3;  // a feature is NaN or infinite
constexpr int64_t kSelectTooLarge = -4;   // over memoryLimit: nothing was made
constexpr int64_t kSelectNan = -5;        // a pre-activation is NaN

/// `words`: [nSamples, 2 ceil(nUnits / 64)] activation patterns of the hidden layer; `preActivations`:
/// [nSamples, nUnits] in the features' precision, or null.
int64_t selectPaths(const ConversionNetwork&, const ConversionSamples&, const uint32_t* words,
                    const void* preActivations, const SelectRequest&, Selected&, const Parallel&);

}  // namespace glai
