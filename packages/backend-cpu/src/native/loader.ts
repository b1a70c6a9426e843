import { GlaiError } from "@glai/core";

/** What every build of the addon has; each kernel family casts to its own interface beside its code. */
export interface NativeAddon {
  readonly instructionSet: string; // "AVX-512", "AVX2", "SSE2", "NEON"
}

/** An addon, or every place that was looked at with what happened there. */
export type NativeLoad =
  | { readonly addon: NativeAddon; readonly path: string }
  | { readonly addon: undefined; readonly tried: readonly string[]; readonly hint: string };

const packageName = "@glai/backend-cpu";

/**
 * Looks for the addon in this order: the file named by the environment variable GLAI_CPU_ADDON, the
 * local build folder, the package @glai/backend-cpu-<platform>-<arch> of the same version. Never throws.
 */
export function loadNative(): NativeLoad {
  const node = nodeModules();
  if (node === undefined) {
    return { addon: undefined, tried: [], hint: "Native addons need Node.js." };
  }
  const tried: string[] = [];
  for (const candidate of candidates()) {
    try {
      const strange = otherVersion(candidate, node.require);
      if (strange !== undefined) {
        tried.push(`${candidate}: ${strange}`);
        continue;
      }
      const addon: unknown = node.require(candidate);
      if (isAddon(addon)) return { addon, path: candidate };
      tried.push(`${candidate}: not an addon of this package`);
    } catch (error) {
      tried.push(`${candidate}: ${firstLine(error)}`);
    }
  }
  return { addon: undefined, tried, hint: hintFor(`${process.platform}-${process.arch}`) };
}

const packed = ["linux-x64"]; // what releases are made with; see docs/contributing/releasing.md

function hintFor(platform: string): string {
  const checkout = `in a checkout run: pnpm --filter ${packageName} build:native`;
  return packed.includes(platform)
    ? `Run: npm install ${packageName}-${platform}. Or, ${checkout}`
    : `With a C++ compiler, ${checkout}`;
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
    `${packageName}-${process.platform}-${process.arch}`,
  ];
}

/** The addon and its binding are released together, and one of another release would take other arguments. */
function otherVersion(candidate: string, require: (id: string) => unknown): string | undefined {
  if (!candidate.startsWith(packageName)) return undefined;
  const versionOf = (id: string): string => (require(`${id}/package.json`) as Manifest).version;
  const [found, expected] = [versionOf(candidate), versionOf("../..")];
  return found === expected ? undefined : `version ${found} beside ${packageName} ${expected}`;
}

interface Manifest {
  readonly version: string;
}

function isAddon(value: unknown): value is NativeAddon {
  return typeof (value as Partial<NativeAddon> | undefined)?.instructionSet === "string";
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0];
}
