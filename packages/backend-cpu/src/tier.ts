import { isGlaiError } from "@glai/core";
import { loadNative, type NativeAddon } from "./native/loader.js";
import { physicalCores } from "./threads.js";
import { sharedWasmInstance, type WasmInstance } from "./wasm/loader.js";

export type CpuTier = "native" | "typescript" | "wasm";

/** The tier that was chosen, with what `probe` says about it. */
export type Tier = {
  readonly device: string;
  readonly threads: number;
  readonly reason: string | undefined; // why this tier, or why none
  readonly hint: string | undefined;
} & (
  | { readonly kind: "native"; readonly addon: NativeAddon }
  | { readonly kind: "typescript" }
  | { readonly kind: "wasm"; readonly wasm: WasmInstance }
  | {
      readonly kind: "none";
      readonly asked: CpuTier;
      readonly reason: string;
      readonly hint: string;
    }
);

/** The first tier that runs here, in the order native, WASM, TypeScript; or the one that was named. */
export async function chooseTier(
  asked: "auto" | CpuTier,
  wanted: number | undefined,
): Promise<Tier> {
  const threads = wanted ?? physicalCores();
  const passedOver: string[] = [];
  let hint: string | undefined;
  if (asked === "auto" || asked === "native") {
    const native = loadNative();
    if (native.addon !== undefined) {
      const { addon } = native;
      const device = `${addon.instructionSet}, ${plural(threads)}`;
      return { kind: "native", addon, device, threads, reason: undefined, hint: undefined };
    }
    passedOver.push(`no native addon (tried: ${native.tried.join("; ") || "nothing"})`);
    ({ hint } = native);
  }
  if (asked === "auto" || asked === "wasm") {
    try {
      const wasm = await sharedWasmInstance(threads);
      const device = `WASM SIMD128, ${plural(wasm.threads)}`;
      return { kind: "wasm", wasm, device, threads: wasm.threads, ...because(passedOver, hint) };
    } catch (error) {
      if (!isGlaiError(error)) throw error;
      passedOver.push(error.message);
      hint ??= error.hint;
    }
  }
  if (asked === "auto" || asked === "typescript") {
    const device = "plain loops over float32 arrays, 1 thread";
    return { kind: "typescript", device, threads: 1, ...because(passedOver, hint) };
  }
  const reason = `${passedOver.join("; ")}.`;
  return {
    kind: "none",
    asked,
    device: "none",
    threads: 0,
    reason,
    hint: hint ?? "Use tier auto.",
  };
}

/** Why a slower tier serves; nothing when it was asked for by name. */
function because(
  passedOver: readonly string[],
  hint: string | undefined,
): { reason: string | undefined; hint: string | undefined } {
  if (passedOver.length === 0) return { reason: undefined, hint: undefined };
  return { reason: passedOver.join("; "), hint };
}

function plural(threads: number): string {
  return threads === 1 ? "1 thread" : `${threads} threads`;
}
