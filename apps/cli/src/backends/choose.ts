import { type Backend, type Capability, createReferenceBackend, type Dataset } from "@glai/core";
import { type HeadName, measureStep } from "@glai/engine";
import type { Config } from "../config/schema.js";
import type { CommandContext } from "../context.js";
import { type BackendSearch, type FoundBackend, findBackends, namedBackend } from "./find.js";
import { missingIn, type Requirements, requirementsOf } from "./requirements.js";

/** The backend that will do the work, and why not another. */
export interface ChosenBackend {
  readonly backend: Backend;
  readonly name: string;
  readonly capability: Capability;
  /** Only for `auto`. */
  readonly passedOver: readonly PassedOver[];
}

interface PassedOver {
  readonly name: string;
  readonly reason: string;
}

/** A backend that could do the work, and how long a training step of this size takes with it. */
interface Candidate {
  readonly name: string;
  readonly backend: Backend;
  readonly capability: Capability;
  readonly micros: number;
}

const oracle = {
  name: "reference",
  reason: "the readable float64 oracle; runs when it is named or nothing else can",
};

/**
 * The backend that a configuration asks for, for these heads on data of this shape.
 *
 * @param name - instead of `config.backend`: a resumed run stays on its backend
 */
export function chooseBackend(
  config: Config,
  heads: readonly HeadName[],
  { train, nClasses }: Dataset,
  { terminal }: CommandContext,
  name: string = config.backend,
): Promise<ChosenBackend> {
  const { protocol, threads } = config;
  const needed = requirementsOf(heads, protocol, train.features.nFeatures, nClasses);
  const search = { cwd: terminal.cwd, ...(threads !== null && { threads }) };
  return choose(name, search, needed, terminal.now);
}

/**
 * A backend by name, or with `auto` the fastest for this problem: every one that runs here and has what
 * is needed takes a few training steps of a network of this size (when there is more than one).
 *
 * @throws as `namedBackend` does; `auto` always finds one.
 */
async function choose(
  name: string,
  search: BackendSearch,
  needed: Requirements,
  now: () => number,
): Promise<ChosenBackend> {
  if (name !== "auto") {
    const backend = await namedBackend(name, search);
    return { backend, name, capability: await backend.probe(), passedOver: [] };
  }
  const found = (await findBackends(search.cwd)).filter((one) => one.name !== oracle.name);
  const candidates: Candidate[] = [];
  const passedOver: PassedOver[] = [];
  for (const one of found) {
    const result = await tryBackend(one, search, needed, found.length > 1 ? now : undefined);
    if ("reason" in result) passedOver.push(result);
    else candidates.push(result);
  }
  const [fastest, ...slower] = candidates.toSorted((a, b) => a.micros - b.micros);
  if (fastest === undefined) {
    const backend = createReferenceBackend();
    return { backend, name: oracle.name, capability: await backend.probe(), passedOver };
  }
  const reasonOf = (micros: number): string =>
    `${micros.toFixed(0)} µs a training step, ${fastest.name} needs ${fastest.micros.toFixed(0)}`;
  return {
    backend: fastest.backend,
    name: fastest.name,
    capability: fastest.capability,
    passedOver: [
      ...slower.map((other) => ({ name: other.name, reason: reasonOf(other.micros) })),
      ...passedOver,
      oracle,
    ],
  };
}

/** Whatever goes wrong in a backend that nobody asked for by name is a reason to pass it over. */
async function tryBackend(
  { name, create }: FoundBackend,
  { threads }: BackendSearch,
  needed: Requirements,
  now: (() => number) | undefined,
): Promise<Candidate | PassedOver> {
  try {
    const backend = await create(threads === undefined ? {} : { threads });
    const capability = await backend.probe();
    const missing = capability.available
      ? missingIn(capability, needed)
      : (capability.reason ?? "it cannot run here");
    if (missing !== undefined) return { name, reason: missing };
    const micros = now === undefined ? 0 : await measureStep(backend, needed, now);
    return { name, backend, capability, micros };
  } catch (error) {
    return { name, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** "backend cpu (native, AVX2, 2 threads); passed over: cuda (no driver), reference (…)". */
export function describeChoice({ name, capability, passedOver }: ChosenBackend): string {
  const others = passedOver.map((other) => `${other.name} (${other.reason})`).join(", ");
  const chosen = `backend ${name} (${capability.tier}: ${capability.device})`;
  return others === "" ? chosen : `${chosen}; passed over: ${others}`;
}
