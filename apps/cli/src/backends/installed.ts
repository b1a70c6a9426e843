import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Backend, GlaiError } from "@glai/core";

const prefix = "backend-";

/** What every backend package understands; a tier is one of several implementations inside it. */
export interface BackendOptions {
  readonly threads?: number;
  readonly tier?: string;
}

/** What a backend package exports, besides whatever else it likes. */
interface BackendModule {
  createBackend(options: BackendOptions): Backend | Promise<Backend>;
}

/**
 * Backend packages `@glai/backend-<name>` in the node_modules folders of `start` and of every folder
 * above it, nearest first, as Node itself would find them.
 *
 * @returns name → package folder
 */
export async function installedBackends(start: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (let folder = start; ; folder = dirname(folder)) {
    const scope = join(folder, "node_modules/@glai");
    const names = await readdir(scope).catch(() => []); // no such folder: nothing is installed there
    for (const name of names.filter((entry) => entry.startsWith(prefix))) {
      const short = name.slice(prefix.length);
      if (found.has(short) || (await isForOnePlatform(join(scope, name)))) continue;
      found.set(short, join(scope, name));
    }
    if (folder === dirname(folder)) return found;
  }
}

/** A package with compiled code for one platform (`os` in its manifest) is a part of a backend, not one. */
async function isForOnePlatform(folder: string): Promise<boolean> {
  const text = await readFile(join(folder, "package.json"), "utf8").catch(() => "{}"); // the import says what is wrong
  return /"os"\s*:/.test(text);
}

/**
 * Imports a backend package from its folder.
 *
 * @throws `unavailable` when it cannot be imported or is not a backend of this version.
 */
export async function importBackend(
  name: string,
  folder: string,
  options: BackendOptions,
): Promise<Backend> {
  const module = await importPackage(folder).catch((error: unknown) => {
    throw new GlaiError(
      "unavailable",
      `Expected to import @glai/backend-${name} from ${folder}: ${messageOf(error)}`,
      {
        hint: `Install it again: npm install @glai/backend-${name}`,
        cause: error,
      },
    );
  });
  if (!isBackendModule(module)) {
    throw notABackend(name, folder, "does not export createBackend()");
  }
  const backend = await module.createBackend(options);
  if (backend.apiVersion !== 1) {
    throw notABackend(
      name,
      folder,
      `speaks version ${String(backend.apiVersion)} of the interface`,
    );
  }
  return backend;
}

function notABackend(name: string, folder: string, problem: string): GlaiError {
  const message = `Expected a backend of interface version 1 but @glai/backend-${name} in ${folder} ${problem}.`;
  return new GlaiError("unavailable", message, {
    hint: `Update both: npm install glai@latest @glai/backend-${name}@latest`,
  });
}

/** Node resolves a bare name only from the importing file, so the package's own `exports` is read here. */
async function importPackage(folder: string): Promise<unknown> {
  const manifest: unknown = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const entry = entryOf(manifest);
  if (entry === undefined) throw new Error("its package.json has no exports for Node");
  return import(pathToFileURL(join(folder, entry)).href);
}

const conditions = ["node", "import", "default"];

function entryOf(manifest: unknown): string | undefined {
  if (!isRecord(manifest)) return undefined;
  const { exports: map, main } = manifest;
  const target = isRecord(map) && "." in map ? map["."] : map;
  return resolveConditions(target) ?? (typeof main === "string" ? main : undefined);
}

function resolveConditions(target: unknown): string | undefined {
  if (typeof target === "string") return target;
  if (!isRecord(target)) return undefined;
  const key = Object.keys(target).find((condition) => conditions.includes(condition));
  return key === undefined ? undefined : resolveConditions(target[key]);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isBackendModule(module: unknown): module is BackendModule {
  return isRecord(module) && typeof module.createBackend === "function";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
