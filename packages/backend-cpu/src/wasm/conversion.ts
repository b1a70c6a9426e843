import type { ActivationPatterns, Features, Mlp } from "@glai/core";
import type { ConversionCalls } from "../conversion.js";
import { nanStatus, selectedStatus } from "../native/conversion.js";
import { type Frame, withFrame } from "./frame.js";
import type { WasmInstance } from "./loader.js";

/** The conversion kernels of native/wasm_conversion.cc. */
export function wasmConversionCalls(instance: () => Promise<WasmInstance>): ConversionCalls {
  const call = async (run: (frame: Frame) => Promise<number>): Promise<number> =>
    withFrame(await instance(), run);

  /** Frees the arrays of a selection; 0 is none. */
  const release = async (handle: number): Promise<void> => {
    const kernels = (await instance()).exports as unknown as {
      conversion_release(handle: number): void;
    };
    kernels.conversion_release(handle);
  };

  return {
    async patterns(network, features, words) {
      const place = new Float64Array(3);
      await call(async (frame) => {
        const placeAt = frame.reserve(place.byteLength);
        const wordsAt = words.map((layer) => frame.reserve(layer.byteLength));
        const status = await frame.call(
          "conversion_patterns",
          precisionOf(features, network),
          frame.words(network.sizes),
          network.sizes.length - 1,
          writeParameters(frame, network),
          writeFeatures(frame, features),
          features.nSamples,
          frame.words(wordsAt),
          placeAt,
        );
        frame.read(placeAt, place);
        words.forEach((layer, l) => frame.read(wordsAt[l], layer));
        return status;
      });
      const [layer, sample, unit] = place;
      return layer < 0 ? undefined : { layer, sample, unit };
    },
    async select(network, features, words, request) {
      const out = new Float64Array(14);
      const arrays: Uint32Array[] = [];
      let weights = new Float64Array(0);
      const status = await call(async (frame) => {
        const outAt = frame.reserve(out.byteLength);
        const wordsAt = frame.words(words);
        const status = await frame.call(
          "conversion_select",
          precisionOf(features, network),
          frame.words(network.sizes),
          writeParameters(frame, network),
          writeFeatures(frame, features),
          features.nSamples,
          wordsAt,
          Number(request.fillsWords),
          request.span,
          request.keep,
          request.maxError,
          Number(request.isRelative),
          Number(request.linearSkip),
          request.memoryLimit,
          frame.words(request.chosen ?? []),
          request.chosen?.length ?? 0,
          outAt,
        );
        frame.read(outAt, out);
        if (request.fillsWords) frame.read(wordsAt, words);
        if (status === selectedStatus) {
          const [nGates, nBlocks, nPaths] = out;
          [nGates, nBlocks, nBlocks, nBlocks].forEach((length, i) => {
            arrays.push(new Uint32Array(length));
            frame.read(out[8 + i], arrays[i]);
          });
          weights = new Float64Array(nPaths);
          frame.read(out[12], weights);
        }
        await release(out[13]);
        return status;
      });
      if (status === nanStatus) {
        const [layer, sample, unit] = out;
        return { layer, sample, unit };
      }
      if (status !== selectedStatus) return undefined;
      const [gateUnits, gateOf, originOf, outputOf] = arrays;
      const [, , , kept, totalMass, keptMass, bound, measuredError] = out;
      const certificate = { kept, totalMass, keptMass, bound, measuredError };
      return { gateUnits, gateOf, originOf, outputOf, weights, ...certificate };
    },
    async shift(before, after, features) {
      const shift = new Float64Array(1);
      await call(async (frame) => {
        const shiftAt = frame.reserve(shift.byteLength);
        const wordsOf = ({ layers }: ActivationPatterns): number =>
          frame.words(layers.map(({ words }) => frame.words(words)));
        const status = await frame.call(
          "conversion_shift",
          precisionOf(features),
          wordsOf(before),
          wordsOf(after),
          frame.words(before.layers.map(({ nColumns }) => nColumns)),
          before.layers.length,
          writeFeatures(frame, features),
          features.nSamples,
          features.nFeatures,
          shiftAt,
        );
        frame.read(shiftAt, shift);
        return status;
      });
      return shift[0];
    },
    async totalMass(network, features) {
      const mass = new Float64Array(1);
      const status = await call(async (frame) => {
        const massAt = frame.reserve(mass.byteLength);
        const status = await frame.call(
          "conversion_total_mass",
          precisionOf(features, network),
          frame.words(network.sizes),
          network.sizes.length - 1,
          writeParameters(frame, network),
          writeFeatures(frame, features),
          features.nSamples,
          massAt,
        );
        frame.read(massAt, mass);
        return status;
      });
      return status === selectedStatus ? mass[0] : undefined;
    },
  };
}

function precisionOf({ values }: Features, network?: Mlp): number {
  return Number(values.BYTES_PER_ELEMENT === 8) + (network && isDouble(network) ? 2 : 0);
}

function isDouble({ parameters }: Mlp): boolean {
  return parameters.BYTES_PER_ELEMENT === 8;
}

function writeParameters(frame: Frame, network: Mlp): number {
  return frame.write(network.parameters, isDouble(network));
}

function writeFeatures(frame: Frame, { values }: Features): number {
  return frame.write(values, values.BYTES_PER_ELEMENT === 8);
}
