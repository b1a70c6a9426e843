import { activationPatterns } from "../activation-patterns.js";
import type { ConversionKernels } from "../conversion.js";
import { selectPaths } from "../select-paths.js";
import { structuralShift } from "../structural-shift.js";
import { totalMass } from "../total-mass.js";

/** The conversion phase in float64 on the calling thread: the oracle, and what serves when a backend has none. */
export const referenceConversion: ConversionKernels = {
  activationPatterns: async (network, features) => activationPatterns(network, features),
  selectPaths: async (network, features, patterns, request) =>
    selectPaths(network, features, patterns, request),
  async convert(network, features, request) {
    const patterns = activationPatterns(network, features);
    return { patterns, selection: selectPaths(network, features, patterns, request) };
  },
  structuralShift: async (before, after, features, nOutputs) =>
    structuralShift(before, after, features, nOutputs),
  totalMass: async (network, features) => totalMass(network, features),
};
