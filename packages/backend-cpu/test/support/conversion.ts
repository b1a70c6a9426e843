import {
  type ConversionKernels,
  createRandom,
  type Features,
  type Mlp,
  parameterCount,
  type Random,
} from "@glai/core";
import { createConversion } from "../../src/conversion.js";
import { nativeConversionCalls } from "../../src/native/conversion.js";
import { loadNative } from "../../src/native/loader.js";
import { wasmConversionCalls } from "../../src/wasm/conversion.js";
import { createWasmInstance } from "../../src/wasm/loader.js";

type Arrays = Float32ArrayConstructor | Float64ArrayConstructor;

export function featuresOf(
  nSamples: number,
  nFeatures: number,
  random: Random,
  arrays: Arrays,
  draw = () => random.normal(),
): Features {
  return { values: new arrays(nSamples * nFeatures).map(draw), nSamples, nFeatures };
}

const native = loadNative();
/** Kernels of every tier that runs here. */
export const conversionTiers: { readonly tier: string; readonly conversion: ConversionKernels }[] =
  [1, 2].map((threads) => {
    const wasm = createWasmInstance(threads);
    return {
      tier: `wasm with ${threads} thread(s)`,
      conversion: createConversion(wasmConversionCalls(() => wasm)),
    };
  });
if (native.addon !== undefined)
  conversionTiers.push({
    tier: "native",
    conversion: createConversion(nativeConversionCalls(native.addon, 2)),
  });

/** Weights and features from −2 … 2: sums are exact in float32, and zeros and ties abound. */
export function wholeNumbers(sizes: readonly number[], nSamples: number, seed: number) {
  const random = createRandom(seed);
  const draw = (): number => random.integer(5) - 2;
  const network: Mlp = {
    sizes,
    parameters: new Float64Array(parameterCount(sizes)).map(draw),
  };
  return { network, features: featuresOf(nSamples, sizes[0], random, Float32Array, draw) };
}
