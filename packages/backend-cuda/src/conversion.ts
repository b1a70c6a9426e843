import {
  type ActivationPatterns,
  type BitMatrix,
  checkFeatures,
  type ConversionKernels,
  createBitMatrix,
  type Features,
  type FloatArray,
  type GateTable,
  GlaiError,
  type Matrix,
  type Mlp,
  parameterCount,
  pathCount,
  selectPaths,
  validateSizes,
} from "@glai/core";
import { type CudaAddon, native, type NativeFeatures } from "./addon.js";

/** The conversion phase on the GPU, and the two pieces of it that stand on their own. */
export interface CudaConversion extends ConversionKernels {
  /** Which gates are open for which sample: core's `gateBits`. */
  gateBits(gates: GateTable, patterns: ActivationPatterns): Promise<BitMatrix>;
  /**
   * N[g, i] = mean over samples of open_g(x) |x_i|, [nGates, nFeatures + 1] in float64; the last column is the share
   * of samples for which the gate is open. Path norms ‖c_p‖₁ of all paths through the gates.
   */
  pathNorms(gates: BitMatrix, features: Features): Promise<Matrix>;
}

/**
 * Activation patterns in float32 (a unit whose pre-activation is within rounding of 0 may differ from core's),
 * everything else from bits and in float64. `selectPaths` is core's own function, on the host, from the patterns
 * it is given: exact selection is a search, not a kernel.
 */
export function createConversion(addon: () => CudaAddon): CudaConversion {
  const conversion: CudaConversion = {
    async activationPatterns(network, features) {
      checkNetwork(network, features);
      const { sizes } = network;
      const words = await native(() =>
        addon().activationPatterns(
          Uint32Array.from(sizes),
          asFloat32(network.parameters),
          nativeFeatures(features),
        ),
      );
      let start = 0;
      const layers = sizes.slice(1, -1).map((nUnits) => {
        const bits = createBitMatrix(features.nSamples, nUnits);
        bits.words.set(words.subarray(start, start + bits.words.length));
        start += bits.words.length;
        return bits;
      });
      return { layers, nSamples: features.nSamples };
    },

    async selectPaths(network, features, patterns, request) {
      return selectPaths(network, features, patterns, request);
    },

    async convert(network, features, request) {
      const patterns = await conversion.activationPatterns(network, features);
      return { patterns, selection: selectPaths(network, features, patterns, request) };
    },

    async structuralShift(before, after, features, nOutputs) {
      checkFeatures(features, { name: "the features" });
      checkPatterns(before, features.nSamples);
      checkPatterns(after, features.nSamples);
      checkSameWidths(before, after);
      const shift = await native(() =>
        addon().structuralShift(
          concatenated(before),
          concatenated(after),
          rowWords(before),
          nativeFeatures(features),
        ),
      );
      const hidden = before.layers.map((layer) => layer.nColumns);
      const paths = pathCount([features.nFeatures, ...hidden, nOutputs]);
      return (nOutputs * shift) / (features.nSamples * Number(paths));
    },

    async totalMass(network, features) {
      checkNetwork(network, features);
      return native(() =>
        addon().totalMass(
          Uint32Array.from(network.sizes),
          asFloat32(network.parameters),
          nativeFeatures(features),
        ),
      );
    },

    async gateBits(gates, patterns) {
      checkPatterns(patterns, patterns.nSamples);
      checkGates(gates, patterns);
      const bits = createBitMatrix(patterns.nSamples, gates.nGates);
      const words = await native(() =>
        addon().gateBits(
          { ...gates, firstLayer: Uint32Array.from(gates.firstLayer) },
          concatenated(patterns),
          rowWords(patterns),
          patterns.nSamples,
        ),
      );
      return { ...bits, words };
    },

    async pathNorms(gates, features) {
      checkFeatures(features, { name: "the features" });
      checkBits("gates", gates, features.nSamples);
      const values = await native(() =>
        addon().pathNorms(gates.words, gates.nColumns, nativeFeatures(features)),
      );
      return { values, nRows: gates.nColumns, nColumns: features.nFeatures + 1 };
    },
  };
  return conversion;
}

function nativeFeatures({ values, nSamples, nFeatures }: Features): NativeFeatures {
  return { values: asFloat32(values), nSamples, nFeatures };
}

function asFloat32(values: FloatArray): Float32Array {
  return values instanceof Float32Array ? values : new Float32Array(values);
}

function concatenated({ layers }: ActivationPatterns): Uint32Array {
  const words = new Uint32Array(layers.reduce((n, layer) => n + layer.words.length, 0));
  let start = 0;
  for (const layer of layers) {
    words.set(layer.words, start);
    start += layer.words.length;
  }
  return words;
}

function rowWords({ layers }: ActivationPatterns): Uint32Array {
  return Uint32Array.from(layers, (layer) => layer.nWords);
}

/** NaN in the features is the kernel's to report, with the unit it reached. */
function checkNetwork({ sizes, parameters }: Mlp, features: Features): void {
  validateSizes(sizes);
  expectEqual("parameters", parameters.length, parameterCount(sizes));
  expectEqual("feature columns", features.nFeatures, sizes[0]);
  expectEqual("feature values", features.values.length, features.nSamples * features.nFeatures);
}

function checkBits(name: string, bits: BitMatrix, nRows: number): void {
  expectEqual(`rows of ${name}`, bits.nRows, nRows);
  expectEqual(`words in a row of ${name}`, bits.nWords, 2 * Math.ceil(bits.nColumns / 64));
  expectEqual(`words of ${name}`, bits.words.length, nRows * bits.nWords);
}

function checkPatterns(patterns: ActivationPatterns, nSamples: number): void {
  expectEqual("samples of activation patterns", patterns.nSamples, nSamples);
  for (const layer of patterns.layers) checkBits("activation patterns", layer, nSamples);
}

function checkSameWidths(before: ActivationPatterns, after: ActivationPatterns): void {
  expectEqual("layers of activation patterns", after.layers.length, before.layers.length);
  after.layers.forEach((layer, l) =>
    expectEqual(`units of layer ${l + 1}`, layer.nColumns, before.layers[l].nColumns),
  );
}

function checkGates(
  { nGates, depth, firstLayer, units }: GateTable,
  { layers }: ActivationPatterns,
): void {
  expectEqual("layers of activation patterns", layers.length, depth);
  expectEqual("first layers of gates", firstLayer.length, nGates);
  expectEqual("units of gates", units.length, nGates * depth);
  for (let gate = 0; gate < nGates; gate++) {
    if (!(firstLayer[gate] >= 1 && firstLayer[gate] <= depth + 1))
      throw new GlaiError(
        "bad-argument",
        `Expected first layers in 1..${depth + 1} but gate ${gate} has ${firstLayer[gate]}.`,
      );
    for (let l = firstLayer[gate] - 1; l < depth; l++)
      if (!(units[gate * depth + l] < layers[l].nColumns))
        throw new GlaiError(
          "bad-argument",
          `Expected units in 0..${layers[l].nColumns - 1} in layer ${l + 1} but gate ${gate} names ${units[gate * depth + l]}.`,
        );
  }
}

function expectEqual(what: string, found: number, expected: number): void {
  if (found === expected) return;
  throw new GlaiError("bad-argument", `Expected ${expected} ${what} but received ${found}.`);
}
