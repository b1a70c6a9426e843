import { type ActivationPatterns, type FloatArray, type Mlp, parameterCount } from "@glai/core";
import type { ConversionCalls, SelectedBlocks } from "../conversion.js";
import type { NativeAddon } from "./loader.js";

/** What native/binding_conversion.cc exports. */
interface ConversionAddon {
  /** [layer, sample, unit] of the first NaN; layer −1 when there is none. */
  conversionPatterns(
    sizes: Uint32Array,
    parameters: FloatArray,
    features: FloatArray,
    nSamples: number,
    words: readonly Uint32Array[],
    threads: number,
    isShort: boolean, // then it is done on return
  ): Promise<Float64Array> | Float64Array;
  conversionSelect: NativeSelect;
  conversionConvert: NativeSelect; // fills the words first
  conversionShift(
    before: readonly Uint32Array[],
    after: readonly Uint32Array[],
    widths: Uint32Array,
    features: FloatArray,
    nSamples: number,
    nFeatures: number,
    threads: number,
  ): Promise<number>;
  /** [status, mass] */
  conversionTotalMass(
    sizes: Uint32Array,
    parameters: FloatArray,
    features: FloatArray,
    nSamples: number,
    threads: number,
  ): Promise<Float64Array>;
}

type NativeSelect = (
  sizes: Uint32Array,
  parameters: FloatArray,
  features: FloatArray,
  nSamples: number,
  words: Uint32Array,
  span: number,
  keep: number,
  maxError: number,
  isRelative: boolean,
  linearSkip: boolean,
  memoryLimit: number,
  threads: number,
  isShort: boolean,
  chosen: Uint32Array | undefined,
) => Promise<NativeSelection> | NativeSelection;

interface NativeSelection extends Pick<
  SelectedBlocks,
  "gateOf" | "gateUnits" | "originOf" | "outputOf" | "weights"
> {
  readonly status: number;
  readonly numbers: Float64Array; // kept, totalMass, keptMass, bound, measuredError; or layer, sample, unit of a NaN
}

/** Multiplications that take about a millisecond: not worth another thread. */
export const shortWork = 5e7;

/** Multiplications in the time that sorting and searching take for every factor of a score. */
const perFactor = 100;

/** Statuses of native/conversion_select.h: a call that went well, and one that met a NaN among pre-activations. */
export const selectedStatus = -1;
export const nanStatus = -5;

/** The addon's conversion kernels, off the event loop; the arrays must be left alone meanwhile. */
export function nativeConversionCalls(addon: NativeAddon, threads: number): ConversionCalls {
  const conversion = addon as NativeAddon & ConversionAddon;
  const sizesOf = ({ sizes }: Mlp): Uint32Array => Uint32Array.from(sizes);
  const wordsOf = ({ layers }: ActivationPatterns): Uint32Array[] =>
    layers.map(({ words }) => words);
  return {
    async patterns(network, features, words) {
      const [layer, sample, unit] = await conversion.conversionPatterns(
        sizesOf(network),
        network.parameters,
        features.values,
        features.nSamples,
        words,
        threads,
        features.nSamples * parameterCount(network.sizes) <= shortWork,
      );
      return layer < 0 ? undefined : { layer, sample, unit };
    },
    async select(network, features, words, call) {
      const { fillsWords } = call;
      const select = fillsWords ? conversion.conversionConvert : conversion.conversionSelect;
      const passes = fillsWords ? 3 : 2; // over samples and weights
      const { status, numbers, ...blocks } = await select(
        sizesOf(network),
        network.parameters,
        features.values,
        features.nSamples,
        words,
        call.span,
        call.keep,
        call.maxError,
        call.isRelative,
        call.linearSkip,
        call.memoryLimit,
        threads,
        (passes * features.nSamples + perFactor) * parameterCount(network.sizes) <= shortWork,
        call.chosen,
      );
      if (status === nanStatus) {
        const [layer, sample, unit] = numbers;
        return { layer, sample, unit };
      }
      if (status !== selectedStatus) return undefined;
      const [kept, totalMass, keptMass, bound, measuredError] = numbers;
      return { ...blocks, kept, totalMass, keptMass, bound, measuredError };
    },
    async shift(before, after, features) {
      return conversion.conversionShift(
        wordsOf(before),
        wordsOf(after),
        Uint32Array.from(before.layers, ({ nColumns }) => nColumns),
        features.values,
        features.nSamples,
        features.nFeatures,
        threads,
      );
    },
    async totalMass(network, features) {
      const [status, mass] = await conversion.conversionTotalMass(
        sizesOf(network),
        network.parameters,
        features.values,
        features.nSamples,
        threads,
      );
      return status === selectedStatus ? mass : undefined;
    },
  };
}
