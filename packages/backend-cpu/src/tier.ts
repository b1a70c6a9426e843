import { loadNative, type NativeAddon } from "./native/loader.js";
import { physicalCores } from "./threads.js";

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
  const native = asked === "typescript" ? undefined : loadNative();
  if ((asked === "auto" || asked === "native") && native?.addon !== undefined) {
    return {
      kind: "native",
      addon: native.addon,
      device: `${native.addon.instructionSet}, ${plural(threads)}`,
      threads,
      reason: undefined,
      hint: undefined,
    };
  }
  const missing = native?.addon === undefined ? native : undefined;
  if (asked === "wasm") {
    return {
      kind: "none",
      asked,
      device: "none",
      threads: 0,
      reason: "the WASM kernels of training are not built yet.",
      hint: "Use another tier.",
    };
  }
  if (asked === "native") {
    return {
      kind: "none",
      asked,
      device: "none",
      threads: 0,
      reason: `no addon could be loaded. Tried: ${missing?.tried.join("; ") ?? ""}.`,
      hint: missing?.hint ?? "",
    };
  }
  return {
    kind: "typescript",
    device: "plain loops over float32 arrays, 1 thread",
    threads: 1,
    reason:
      asked === "typescript" ? "asked for" : `no native addon: ${missing?.tried.join("; ") ?? ""}`,
    hint: missing?.hint,
  };
}

function plural(threads: number): string {
  return threads === 1 ? "1 thread" : `${threads} threads`;
}
