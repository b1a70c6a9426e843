import { createCpuBackend } from "@glai/backend-cpu";
import { type Backend, type Capability, GlaiError, type Sizes } from "@glai/core";
import { measureStep } from "@glai/engine";

/** What can be asked for on the page. `auto` takes the fastest of the others for the data at hand. */
export const backendNames = ["auto", "wasm", "webgl", "typescript"] as const;
export type BackendName = (typeof backendNames)[number];
export type NamedBackend = Exclude<BackendName, "auto">;

/** The backend of a training, and why it is this one. */
export interface ChosenBackend {
  readonly backend: Backend;
  readonly name: NamedBackend;
  readonly why: string; // a sentence
}

const namedBackends: readonly NamedBackend[] = ["wasm", "webgl", "typescript"];

async function createBackend(name: NamedBackend): Promise<Backend> {
  switch (name) {
    case "wasm":
    case "typescript":
      return createCpuBackend({ tier: name });
    case "webgl": {
      const { createWebglBackend } = await import("@glai/backend-webgl"); // large, and not always wanted
      return createWebglBackend();
    }
    default:
      return name satisfies never;
  }
}

/** What a backend says about this browser. For WebGL that means a self-test, which takes a moment. */
export async function probeBackend(name: NamedBackend): Promise<Capability> {
  return (await createBackend(name)).probe();
}

/**
 * The named backend, or with `auto` the one that takes the least time for a training step of this size.
 * Throws `unavailable` when the one that was named cannot run here; it is never swapped.
 */
export async function chooseBackend(
  name: BackendName,
  sizes: Sizes,
  batchSize: number,
  now: () => number,
): Promise<ChosenBackend> {
  if (name !== "auto") {
    const backend = await createBackend(name);
    const { available, device, reason, hint } = await backend.probe();
    if (!available) {
      throw new GlaiError("unavailable", `Expected ${name} to run in this browser: ${reason}`, {
        ...(hint !== undefined && { hint }),
      });
    }
    return { backend, name, why: `${device}, as chosen.` };
  }
  const timed: (ChosenBackend & { readonly micros: number })[] = [];
  const passedOver: string[] = [];
  for (const one of namedBackends) {
    try {
      const { backend, why } = await chooseBackend(one, sizes, batchSize, now);
      timed.push({
        backend,
        name: one,
        why,
        micros: await measureStep(backend, { sizes, batchSize }, now),
      });
    } catch (error) {
      // Nobody asked for this one: why it cannot run is what is said about it.
      passedOver.push(`${one} (${error instanceof Error ? error.message : String(error)})`);
    }
  }
  const [fastest, ...slower] = timed.toSorted((a, b) => a.micros - b.micros);
  if (fastest === undefined) {
    throw new GlaiError(
      "unavailable",
      `Expected a backend but none runs: ${passedOver.join(", ")}`,
    );
  }
  const others = slower.map((other) => `${other.name} needs ${digits(other.micros)} µs`);
  return {
    ...fastest,
    why: `fastest here: ${digits(fastest.micros)} µs a training step; ${[...others, ...passedOver].join(", ")}.`,
  };
}

function digits(value: number): string {
  return Number(value.toPrecision(2)).toLocaleString("en");
}
