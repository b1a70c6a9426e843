// Runs what is missing from a race and appends it to race.jsonl.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { createCpuBackend } from "@glai/backend-cpu";
import { compactSolver, protocolDefaults, trainHead, tuneMlp } from "@glai/engine";
import { loadRaceSet, raceSets } from "./sets.mjs";

/** Every entry of the race: a head under a protocol. The tuned MLP comes last: its search takes the longest. */
const entries = [
  { name: "glai", head: "glai", protocol: fast },
  { name: "glai trained", head: "glai", protocol: withSolver(trainedKernel) },
  { name: "glai ridge", head: "glai", protocol: withSolver(() => ({ kind: "ridge" })) },
  {
    name: "glai lbfgs",
    head: "glai",
    protocol: withSolver(() => ({ kind: "lbfgs", lambda: 1e-4 })),
  },
  { name: "glai compact", head: "glai", protocol: withSolver(() => compactSolver) },
  { name: "kernel-rbf", head: "kernel-rbf", protocol: fast },
  { name: "linear-ridge", head: "linear-ridge", protocol: fast },
  { name: "linear", head: "linear", protocol: fast },
  { name: "mlp", head: "mlp", protocol: paper },
  { name: "mlp-tuned", head: "mlp-tuned", protocol: fast },
];

const now = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

export function readRace(folder) {
  const file = join(folder, "race.jsonl");
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

export async function runRace(folder, { sets, seeds, heads }) {
  mkdirSync(folder, { recursive: true });
  const backend = createCpuBackend({ threads: 1 });
  const { device } = await backend.probe();
  for (const seed of seeds) {
    for (const set of raceSets.filter(({ name }) => sets?.includes(name) ?? true)) {
      const dataset = await loadRaceSet(set);
      for (const entry of entries.filter(({ name }) => heads?.includes(name) ?? true)) {
        const key = { set: set.name, seed, entry: entry.name };
        if (readRace(folder).some((line) => sameKey(line, key))) continue;
        const protocol = entry.protocol(set);
        const options = { head: entry.head, protocol, backend, seed, now };
        const result = await runEntry(dataset, options);
        const made = { device, processor: cpus()[0].model, node: process.version };
        appendFileSync(
          join(folder, "race.jsonl"),
          `${JSON.stringify({ ...key, ...result, ...made })}\n`,
        );
        console.log(
          `${set.name} seed ${seed} ${entry.name}: ${(100 * result.score).toFixed(2)} %, ${result.seconds.toFixed(2)} s`,
        );
      }
    }
  }
}

/**
 * One run. The winner of a search follows a hundred runs that compiled its code and touched its memory; every other
 * head gets one run before the one that counts, to be as warm.
 */
async function runEntry(dataset, options) {
  if (options.head === "mlp-tuned") {
    const { head: _, ...rest } = options;
    const { run, search, searchSeconds, winner } = await tuneMlp(dataset, rest);
    return { ...measured(run), search: { configurations: search.length, searchSeconds, winner } };
  }
  await trainHead(dataset, options);
  return measured(await trainHead(dataset, options));
}

function measured({ score, seconds, curve, epochs, solver }) {
  return {
    score,
    seconds: seconds.total,
    epochs,
    curve: curve
      .filter(({ phase }) => phase === "training")
      .map((point) => [point.seconds, point.score]),
    ...(solver && { solver }),
  };
}

const sameKey = (a, b) => a.set === b.set && a.seed === b.seed && a.entry === b.entry;

function fast({ hidden }) {
  return { ...protocolDefaults("fast"), hidden };
}

/** B1 is self-supervised in the paper: with labels it gets the constants of the other vision set. */
const experiments = { a1: "A1", a2: "A2", b1: "A1", c2: "C2" };

function paper({ hidden, name }) {
  return { ...protocolDefaults("paper", experiments[name]), hidden };
}

function withSolver(solver) {
  return (set) => {
    const protocol = fast(set);
    return { ...protocol, estimator: { ...protocol.estimator, solver: solver(set) } };
  };
}

function trainedKernel() {
  return {
    kind: "kernel",
    selector: { kind: "trained", hidden: [512], epochs: 2 },
    method: "auto",
  };
}
