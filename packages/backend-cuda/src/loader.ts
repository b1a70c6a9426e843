import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { type CudaAddon, interfaceVersion } from "./addon.js";

/** The addon, or what was tried and the command that would change it. */
export type AddonLoad =
  | { readonly addon: CudaAddon; readonly path: string }
  | { readonly addon: undefined; readonly tried: readonly string[]; readonly hint: string };

const platformPackage = `@glai/backend-cuda-${process.platform}-${process.arch}`;
const HINT = [
  ...(platformPackage.endsWith("-linux-x64") ? [`Run: npm install ${platformPackage}`] : []),
  "In a checkout with the CUDA toolkit (nvcc) run: pnpm --filter @glai/backend-cuda build:native",
].join(". ");

/**
 * Looks for the addon in this order: the file named by the environment variable GLAI_CUDA_ADDON (that one or
 * none), the local build folder, the optional package @glai/backend-cuda-<platform>-<arch>. Never throws.
 */
export function loadAddon(): AddonLoad {
  const require = createRequire(import.meta.url);
  const tried: string[] = [];
  for (const candidate of candidates()) {
    try {
      const addon = require(candidate) as Partial<CudaAddon>;
      if (typeof addon.createSession !== "function")
        tried.push(`${candidate}: not an addon of this package`);
      else if (addon.interfaceVersion !== interfaceVersion)
        tried.push(`${candidate}: built for another version of this package`);
      else if (addon.emulation !== undefined)
        tried.push(`${candidate}: an emulation of a GPU, for tests only`);
      else return { addon: addon as CudaAddon, path: candidate };
    } catch (error) {
      const [line] = (error instanceof Error ? error.message : String(error)).split("\n", 1);
      tried.push(`${candidate}: ${line}`);
    }
  }
  return { addon: undefined, tried, hint: HINT };
}

function candidates(): string[] {
  const named = process.env["GLAI_CUDA_ADDON"];
  if (named !== undefined && named !== "") return [named];
  return [
    fileURLToPath(new URL("../build/Release/glai_cuda.node", import.meta.url)),
    platformPackage,
  ];
}
