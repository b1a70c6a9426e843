import { createCpuBackend } from "@glai/backend-cpu";
import { type Backend, createReferenceBackend, GlaiError } from "@glai/core";
import { nearestKey } from "../config/nearest.js";
import { type BackendOptions, importBackend, installedBackends } from "./installed.js";

/** Where backends are looked for, and what they are created with. */
export interface BackendSearch {
  readonly cwd: string;
  readonly threads?: number;
}

/** A backend that was found, and where. */
export interface FoundBackend {
  readonly name: string;
  readonly source: string; // "built in" or the package's folder
  create(options: BackendOptions): Promise<Backend>;
}

const builtIn: readonly FoundBackend[] = [
  {
    name: "cpu",
    source: "built in",
    create: async (options) => createCpuBackend(cpuOptions(options)),
  },
  { name: "reference", source: "built in", create: async () => createReferenceBackend() },
];

/** Every backend in reach: the built-in ones, then those installed for the user's folder, then for the command. */
export async function findBackends(cwd: string): Promise<readonly FoundBackend[]> {
  const found = [...builtIn];
  for (const start of [cwd, import.meta.dirname]) {
    for (const [name, folder] of await installedBackends(start)) {
      if (found.some((backend) => backend.name === name)) continue;
      const create = (options: BackendOptions) => importBackend(name, folder, options);
      found.push({ name, source: folder, create });
    }
  }
  return found;
}

/** @throws `bad-argument` when there is none of that name. */
export function pickBackend(found: readonly FoundBackend[], name: string): FoundBackend {
  const picked = found.find((backend) => backend.name === name);
  if (picked !== undefined) return picked;
  const names = found.map((backend) => backend.name);
  throw new GlaiError(
    "bad-argument",
    `Expected a backend out of ${names.join(", ")} but received ${JSON.stringify(name)}.`,
    {
      hint: `Did you mean ${nearestKey(name, names)}? Others are found once they are installed: npm install @glai/backend-<name>`,
    },
  );
}

/**
 * The backend that was named, as `name` or `name:tier`; there is no fallback to another.
 *
 * @throws `bad-argument` when there is none of that name, `unavailable` when it cannot run here.
 */
export async function namedBackend(spec: string, search: BackendSearch): Promise<Backend> {
  const [name = "", tier] = spec.split(":");
  const found = pickBackend(await findBackends(search.cwd), name);
  const backend = await found.create({
    ...(search.threads !== undefined && { threads: search.threads }),
    ...(tier !== undefined && { tier }),
  });
  const capability = await backend.probe();
  if (!capability.available) {
    const reason = capability.reason ?? "It does not say why.";
    throw new GlaiError("unavailable", `Backend ${spec} cannot run here. ${reason}`, {
      hint: capability.hint ?? "Run: glai doctor",
    });
  }
  return backend;
}

const cpuTiers = ["auto", "native", "wasm", "typescript"] as const;

function cpuOptions({
  threads,
  tier = "auto",
}: BackendOptions): Parameters<typeof createCpuBackend>[0] {
  const known = cpuTiers.find((name) => name === tier);
  if (known === undefined) {
    throw new GlaiError(
      "bad-argument",
      `Expected cpu:native, cpu:wasm or cpu:typescript but received cpu:${tier}.`,
      {
        hint: "Run: glai doctor",
      },
    );
  }
  return { tier: known, ...(threads !== undefined && { threads }) };
}
