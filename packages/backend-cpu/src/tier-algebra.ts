import {
  type ConversionKernels,
  GlaiError,
  type LinearAlgebra,
  referenceConversion,
  referenceLinearAlgebra,
} from "@glai/core";
import { createConversion } from "./conversion.js";
import { createLinearAlgebra } from "./linear-algebra.js";
import { nativeConversionCalls } from "./native/conversion.js";
import { nativeDenseKernels } from "./native/linear-algebra.js";
import type { Tier } from "./tier.js";
import { wasmConversionCalls } from "./wasm/conversion.js";
import { wasmDenseKernels } from "./wasm/linear-algebra.js";
import type { WasmInstance } from "./wasm/loader.js";

/** What a backend offers beside sessions. */
interface Services {
  readonly conversion: ConversionKernels;
  readonly linearAlgebra: LinearAlgebra;
}

/**
 * Conversion and linear algebra of the tier that `choose` picks, on the first call: making a backend stays
 * free. The TypeScript tier is core's readable reference.
 */
export function createServices(choose: () => Promise<Tier>): Services {
  let made: Promise<Services> | undefined;
  const services = (): Promise<Services> => (made ??= choose().then(servicesOf));
  const conversion = async (): Promise<ConversionKernels> => (await services()).conversion;
  const algebra = async (): Promise<LinearAlgebra> => (await services()).linearAlgebra;
  return {
    conversion: {
      activationPatterns: async (...args) => (await conversion()).activationPatterns(...args),
      selectPaths: async (...args) => (await conversion()).selectPaths(...args),
      convert: async (...args) => (await conversion()).convert(...args),
      structuralShift: async (...args) => (await conversion()).structuralShift(...args),
      totalMass: async (...args) => (await conversion()).totalMass(...args),
    },
    linearAlgebra: {
      gram: async (...args) => (await algebra()).gram(...args),
      crossProduct: async (...args) => (await algebra()).crossProduct(...args),
      multiply: async (...args) => (await algebra()).multiply(...args),
      cholesky: async (...args) => (await algebra()).cholesky(...args),
      solveCholesky: async (...args) => (await algebra()).solveCholesky(...args),
      solveTriangular: async (...args) => (await algebra()).solveTriangular(...args),
      multiplyTriangular: async (...args) => (await algebra()).multiplyTriangular(...args),
      symmetricMultiply: async (...args) => (await algebra()).symmetricMultiply(...args),
    },
  };
}

function servicesOf(tier: Tier): Services {
  switch (tier.kind) {
    case "native":
      return {
        conversion: createConversion(nativeConversionCalls(tier.addon, tier.threads)),
        linearAlgebra: createLinearAlgebra(nativeDenseKernels(tier.addon, tier.threads)),
      };
    case "wasm": {
      const instance = async (): Promise<WasmInstance> => tier.wasm;
      return {
        conversion: createConversion(wasmConversionCalls(instance)),
        linearAlgebra: createLinearAlgebra(wasmDenseKernels(instance)),
      };
    }
    case "typescript":
      return { conversion: referenceConversion, linearAlgebra: referenceLinearAlgebra };
    case "none":
      throw new GlaiError(
        "unavailable",
        `Expected the ${tier.asked} tier of backend cpu: ${tier.reason}`,
        { hint: tier.hint },
      );
    default:
      return tier satisfies never;
  }
}
