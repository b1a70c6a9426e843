import { GlaiError } from "@glai/core";

/** What every build of the addon has; each kernel family casts to its own interface beside its code. */
export interface NativeAddon {
  readonly instructionSet: string; // "AVX-512", "AVX2", "SSE2", "NEON"
}

/** An addon, or every place that was looked at with what happened there. */
export type NativeLoad =
  | { readonly addon: NativeAddon; readonly path: string }
  | { readonly addon: undefined; readonly tried: readonly string[]; readonly hint: string };

const HINT = "Run: pnpm --filter @glai/backend-cpu build:native";

/**
 * Looks for the addon in this order: the file named by the environment variable GLAI_CPU_ADDON, the
 * local build folder, the optional package @glai/cpu-<platform>-<arch>. Never throws.
 */
export function loadNative(): NativeLoad {
  const node = nodeModules();
  if (node === undefined) {
    return { addon: undefined, tried: [], hint: "Native addons need Node.js." };
  }
  const tried: string[] = [];
  for (const candidate of candidates()) {
    try {
      const addon: unknown = node.require(candidate);
      if (isAddon(addon)) return { addon, path: candidate };
      tried.push(`${candidate}: not an addon of this package`);
    } catch (error) {
      tried.push(`${candidate}: ${firstLine(error)}`);
    }
  }
  return { addon: undefined, tried, hint: HINT };
}

/** The addon or a GlaiError that lists what was tried. For bench/linalg.js. @public */
export function requireNative(): NativeAddon {
  const load = loadNative();
  if (load.addon !== undefined) return load.addon;
  throw new GlaiError(
    "unavailable",
    `Expected the native addon of @glai/backend-cpu but none could be loaded. Tried: ${load.tried.join("; ") || "nothing"}.`,
    { hint: load.hint },
  );
}

/**
 * Node's `require` without an import of `node:` modules, so that bundlers can pack this file for a
 * browser, where it answers "no Node".
 */
function nodeModules(): { require(id: string): unknown } | undefined {
  if (typeof process !== "object" || process.versions?.node === undefined) return undefined;
  const { createRequire } = process.getBuiltinModule("node:module");
  return { require: createRequire(import.meta.url) };
}

function candidates(): string[] {
  const named = process.env["GLAI_CPU_ADDON"];
  if (named !== undefined && named !== "") return [named]; // named: this one or none
  const file = "../../build/Release/glai_cpu.node"; // no literal below: bundlers would pack the addon for a browser
  const local = new URL(file, import.meta.url);
  return [
    decodeURIComponent(local.pathname.replace(/^\/([A-Za-z]:)/, "$1")),
    `@glai/cpu-${process.platform}-${process.arch}`,
  ];
}

function isAddon(value: unknown): value is NativeAddon {
  return typeof (value as Partial<NativeAddon> | undefined)?.instructionSet === "string";
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0];
}
