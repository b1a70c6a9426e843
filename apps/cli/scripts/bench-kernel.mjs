// The kernel solver end to end (preprocessing, Gram matrix, penalty, solve, prediction of 1,680 rows) as a multiple of
// one Cholesky factorisation of its N × N matrix, interleaved.
//
//   node apps/cli/scripts/bench-kernel.mjs [--n 5600] [--methods cholesky,conjugate-gradients] [--threads 1] [--rounds 3]
//
// Features are those of a2_wordnet14_use_512 up to its 5,600 rows, and beyond them noisy copies of these.
// Times are processor time with one thread and wall clock with more. Medians leave out round 0, whose fresh memory and
// cold code can cost as much as the arithmetic (with one round only there is nothing else).
import { parseArgs } from "node:util";
import { createCpuBackend } from "@glai/backend-cpu";
import { applyPreprocessing, createRandom } from "@glai/core";
import { loadDataset } from "@glai/datasets";
import { fitPreprocessing, infinitePathKernel, protocolDefaults, trainHead } from "@glai/engine";

const { values } = parseArgs({
  options: {
    n: { type: "string", default: "5600" },
    methods: { type: "string", default: "cholesky,conjugate-gradients" },
    threads: { type: "string", default: "1" },
    rounds: { type: "string", default: "4" },
  },
});
const n = Number(values.n);
const threads = Number(values.threads);
const backend = createCpuBackend({ threads });
await backend.probe();
const now =
  threads === 1
    ? () => {
        const { user, system } = process.cpuUsage();
        return (user + system) / 1000;
      }
    : () => performance.now();

const loaded = await loadDataset("a2_wordnet14_use_512");
const dataset = { ...loaded, train: stretched(loaded.train, n) };
const gram = { values: new Float32Array(n * n), nRows: n, nColumns: n };
const figures = Object.fromEntries(values.methods.split(",").map((method) => [method, []]));
const choleskies = [];
for (let round = 0; round < Number(values.rounds); round++) {
  choleskies.push(await timeCholesky());
  for (const [method, times] of Object.entries(figures)) {
    const { run, seconds } = await timeRun(method);
    times.push({ seconds, ratio: seconds / choleskies.at(-1) });
    const { preprocess, training, evaluation } = run.seconds;
    console.log(
      `round ${round}: Cholesky ${choleskies.at(-1).toFixed(3)} s; ${method} ${seconds.toFixed(3)} s (preprocess ${preprocess.toFixed(3)}, solve ${training.toFixed(3)}, predict ${evaluation.toFixed(3)}), ${run.solver.iterations} iterations, residual ${run.solver.residual.toExponential(1)}, score ${(100 * run.score).toFixed(2)} %`,
    );
  }
}
for (const [method, times] of Object.entries(figures)) {
  const warm = times.length > 1 ? times.slice(1) : times;
  console.log(
    `N = ${n}, ${threads} thread(s), ${method}: median ${median(warm.map(({ ratio }) => ratio)).toFixed(2)} of a Cholesky factorisation (round 0: ${times[0].ratio.toFixed(2)}), ${median(warm.map(({ seconds }) => seconds)).toFixed(3)} s`,
  );
}

async function timeRun(method) {
  const protocol = protocolDefaults("fast");
  const solver = { kind: "kernel", selector: { kind: "infinite", power: "auto" }, method };
  const run = await trainHead(dataset, {
    head: "glai",
    protocol: { ...protocol, estimator: { ...protocol.estimator, solver } },
    backend,
    seed: 0,
    now,
  });
  return { run, seconds: run.seconds.total + run.seconds.evaluation };
}

/** One factorisation of the very matrix, its memory touched before. */
async function timeCholesky() {
  const { features } = dataset.train;
  const { linearAlgebra } = backend;
  const prepared = applyPreprocessing(
    await fitPreprocessing({ kind: "standardize" }, features),
    features,
  );
  await linearAlgebra.gram(
    infinitePathKernel(features.nFeatures),
    { features: prepared },
    undefined,
    gram.values,
  );
  const start = now();
  await linearAlgebra.cholesky(gram, 0.05 * 4);
  return (now() - start) / 1000;
}

function stretched({ features, labels }, count) {
  const random = createRandom(0);
  const { nFeatures, nSamples } = features;
  const out = new Float32Array(count * nFeatures);
  for (let i = 0; i < out.length; i++) {
    const value = features.values[i % features.values.length];
    out[i] = i < features.values.length ? value : value + 0.02 * random.normal();
  }
  return {
    features: { values: out, nSamples: count, nFeatures },
    labels: Uint32Array.from({ length: count }, (_, i) => labels[i % nSamples]),
  };
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
