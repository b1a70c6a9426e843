// Exact selections of deep heads (time, memory and the certificate), refusals, and what the structural shift costs.
//
//   node apps/cli/scripts/bench-conversion.mjs [--rows 1000] [--parts deep,shift]
//
// Every deep shape runs in a process of its own, so that the largest resident set is its own. One thread, processor time.
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { createCpuBackend } from "@glai/backend-cpu";
import { createMlp, createRandom, pathCount, shiftBetween, shiftSamples } from "@glai/core";
import { loadDataset } from "@glai/datasets";
import { compactSolver, protocolDefaults, trainHead } from "@glai/engine";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "1000" },
    parts: { type: "string", default: "deep,shift" },
    shape: { type: "string" },
  },
});
const rows = Number(values.rows);
const backend = createCpuBackend({ threads: 1 });
await backend.probe();
const { conversion } = backend;
const now = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const shapes = [
  [128, 128],
  [64, 64, 64],
  [128, 128, 128],
  [64, 64, 64, 64],
];

if (values.shape !== undefined) console.log(await selectDeep(values.shape.split(",").map(Number)));
else {
  if (values.parts.includes("deep")) await timeDeep();
  if (values.parts.includes("shift"))
    for (const set of ["a1_fashion_mnetv2_384", "a2_wordnet14_use_512", "b1_fashion_mnetv2_1280"])
      for (const name of ["paper", "fast"]) await timeShift(set, name);
}

async function timeDeep() {
  for (const shape of shapes) {
    const args = [import.meta.filename, "--rows", String(rows), "--shape", shape.join()];
    console.log(execFileSync(process.execPath, args, { encoding: "utf8" }).trim());
  }
  await timeRefusal();
}

async function selectDeep(hidden) {
  const { network, features } = deepProblem(hidden);
  const patterns = await conversion.activationPatterns(network, features);
  const before = process.resourceUsage().maxRSS;
  const start = now();
  const { certificate } = await conversion.selectPaths(network, features, patterns, {
    block: "path",
    budget: { keep: 50_000 },
    linearSkip: false,
    rank: { kind: "theorem2" },
  });
  const seconds = (now() - start) / 1000;
  const megabytes = (process.resourceUsage().maxRSS - before) / 1024;
  return `${hidden.join("-")}: the best 50,000 of ${pathCount(network.sizes)} paths in ${seconds.toFixed(2)} s, ${megabytes.toFixed(0)} MB more; kept ${((100 * certificate.keptMass) / certificate.totalMass).toPrecision(2)} % of the mass`;
}

/** He initialisation, positive correlated inputs like those of an image backbone. */
function deepProblem(hidden) {
  const random = createRandom(3);
  const network = createMlp([384, ...hidden, 37], random);
  const x = Float32Array.from({ length: rows * 384 }, () => Math.max(0, random.normal() + 0.3));
  return { network, features: { values: x, nSamples: rows, nFeatures: 384 } };
}

async function timeRefusal() {
  const { network, features } = deepProblem([512, 512, 512]);
  const patterns = await conversion.activationPatterns(network, features);
  const start = performance.now();
  const message = await conversion
    .selectPaths(network, features, patterns, {
      block: "path",
      budget: { mu: 0.5 },
      linearSkip: false,
      rank: { kind: "theorem2" },
    })
    .then(
      () => "served",
      (error) => `${error.message} ${error.hint ?? ""}`,
    );
  console.log(
    `512-512-512, half of all paths: refused in ${((performance.now() - start) / 1000).toFixed(3)} s: ${message}`,
  );
}

/** What the shift adds to an epoch of the reduced MLP: the pass over all paths, and the forward pass for its patterns. */
async function timeShift(set, name) {
  const dataset = await loadDataset(set);
  const base = protocolDefaults(name, "A1");
  const epochs = 10;
  const protocol = {
    ...base,
    maxEpochs: 1,
    shiftRows: 0,
    reduced: { ...base.reduced, freeze: { kind: "epochs", n: epochs } },
    estimator: { ...base.estimator, solver: compactSolver },
  };
  const run = await trainHead(dataset, { head: "glai", protocol, backend, seed: 0, now });
  const epoch = run.seconds.reduced / epochs;
  const { selector } = run.model.body;
  const { values: x, nFeatures, nSamples } = dataset.train.features;
  for (const nOmega of [Math.min(rows, nSamples), base.shiftRows]) {
    const omega = { values: x.slice(0, nOmega * nFeatures), nSamples: nOmega, nFeatures };
    const samples = shiftSamples(omega);
    const patterns = await conversion.activationPatterns(selector, omega);
    const repeats = 200;
    let clock = 0; // of the popcount pass
    let forward = 0; // of the activation patterns it compares
    for (let i = 0; i < repeats; i++) {
      const start = now();
      const after = await conversion.activationPatterns(selector, omega);
      const between = now();
      shiftBetween(patterns, after, samples, dataset.nClasses);
      forward += (between - start) / 1000 / repeats;
      clock += (now() - between) / 1000 / repeats;
    }
    const share = (seconds) =>
      `${(1000 * seconds).toFixed(2)} ms, ${((100 * seconds) / epoch).toFixed(1)} %`;
    console.log(
      `m_t over all paths on ${nOmega} rows of ${set}, protocol ${name}: ${share(clock)} of an epoch of the reduced MLP (${(1000 * epoch).toFixed(1)} ms); the forward pass for its activation patterns ${share(forward)}`,
    );
  }
}
