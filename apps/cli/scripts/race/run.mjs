// Runs what is missing from a race, heads in turn, and appends it to race.jsonl.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { createCpuBackend } from "@glai/backend-cpu";
import { compactSolver, mlpProtocol, protocolDefaults, trainHead, tuneMlp } from "@glai/engine";
import { loadRaceSet, raceSets } from "./sets.mjs";

/** Every entry of the race: a head under a protocol. */
const entries = [
  { name: "glai", head: "glai", protocol: fast },
  { name: "glai trained", head: "glai", protocol: withSolver(trainedKernel) },
  { name: "glai ridge", head: "glai", protocol: withSolver(() => ({ kind: "ridge" })) },
  {
    name: "glai lbfgs",
    head: "glai",
    protocol: withSolver(() => ({ kind: "lbfgs", lambda: "auto" })),
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
  return readLines(join(folder, "race.jsonl"));
}

/**
 * Seeds × sets, and within each the heads in turn: `rounds` rounds in which every head runs once, after one that is not
 * counted and makes all of them equally warm. Every round begins one head later, so that none always follows the same
 * one. What is kept of a head is its round of median time; its scores must not differ.
 */
export async function runRace(folder, { sets, seeds, heads, rounds }) {
  mkdirSync(folder, { recursive: true });
  const backend = createCpuBackend({ threads: 1 });
  const { device } = await backend.probe();
  const made = { device, processor: cpus()[0].model, node: process.version };
  for (const seed of seeds) {
    for (const set of raceSets.filter(({ name }) => sets?.includes(name) ?? true)) {
      const missing = entries
        .filter(({ name }) => heads?.includes(name) ?? true)
        .map((entry) => ({ ...entry, key: { set: set.name, seed, entry: entry.name } }))
        .filter(({ key }) => !readRace(folder).some((line) => sameKey(line, key)));
      if (missing.length === 0) continue;
      const dataset = await loadRaceSet(set);
      const racers = [];
      for (const entry of missing)
        racers.push(await racerOf(entry, folder, dataset, set, { backend, seed, now }));
      for (const { key, ...result } of await raceInTurn(dataset, racers, rounds)) {
        const line = { ...key, ...result, rounds, ...made };
        appendFileSync(join(folder, "race.jsonl"), `${JSON.stringify(line)}\n`);
        console.log(
          `${set.name} seed ${seed} ${key.entry}: ${(100 * result.score).toFixed(2)} %, ${result.seconds.toFixed(2)} s`,
        );
      }
    }
  }
}

/** A head with its options; for the tuned MLP the winner of its search, which is kept apart in search.jsonl. */
async function racerOf({ key, head, protocol: protocolOf }, folder, dataset, set, options) {
  const protocol = protocolOf(set);
  if (head !== "mlp-tuned") return { key, options: { ...options, head, protocol } };
  const file = join(folder, "search.jsonl");
  let found = readLines(file).find((line) => sameKey(line, key));
  if (found === undefined) {
    const { search, searchSeconds, winner } = await tuneMlp(dataset, { ...options, protocol });
    found = { ...key, configurations: search.length, searchSeconds, winner };
    appendFileSync(file, `${JSON.stringify(found)}\n`);
    console.log(
      `${key.set} seed ${key.seed}: search of ${search.length}, ${searchSeconds.toFixed(0)} s`,
    );
  }
  const { configurations, searchSeconds, winner } = found;
  return {
    key,
    options: { ...options, head: "mlp", protocol: mlpProtocol(protocol, winner) },
    search: { configurations, searchSeconds, winner },
  };
}

async function raceInTurn(dataset, racers, rounds) {
  const runs = new Map(racers.map((racer) => [racer, []]));
  for (let round = 0; round <= rounds; round++) {
    const first = round % racers.length;
    for (const racer of [...racers.slice(first), ...racers.slice(0, first)]) {
      const run = await trainHead(dataset, racer.options);
      if (round > 0) runs.get(racer).push(run);
    }
  }
  return racers.map((racer) => {
    const byTime = runs.get(racer).toSorted((a, b) => a.seconds.total - b.seconds.total);
    const scores = new Set(byTime.map(({ score }) => score));
    if (scores.size > 1)
      throw new Error(
        `Expected one score of ${racer.key.entry} but found ${[...scores].join(", ")}.`,
      );
    const { key, search } = racer;
    return { key, ...measured(byTime[Math.floor(byTime.length / 2)]), ...(search && { search }) };
  });
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

function readLines(file) {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
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
