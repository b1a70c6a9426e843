// What it costs to change a head by 1 % of its samples, and what is left of its accuracy after many changes.
//
//   node apps/cli/scripts/bench-updates.mjs [--cycles 100] [--heads ridge,kernel,kept]
//
// On a2_wordnet14_use_512 (5,600 samples), one thread, processor time. One cycle takes 56 samples out and puts them
// in again. Ridge: `retrainHead` against `trainHead`. Kernel: the factor kept in memory against one factorisation.
// Kept: `retrainHead` by a factor that travels with the state, in float64, against solving anew; without the disk.
import { parseArgs } from "node:util";
import { createCpuBackend } from "@glai/backend-cpu";
import { applyPreprocessing } from "@glai/core";
import { loadDataset } from "@glai/datasets";
import {
  appendToFactor,
  createKernelFactor,
  fitPreprocessing,
  infinitePathKernel,
  keepFactor,
  protocolDefaults,
  removeFromFactor,
  retrainHead,
  solveFactor,
  trainHead,
} from "@glai/engine";

const { values } = parseArgs({
  options: {
    cycles: { type: "string", default: "100" },
    heads: { type: "string", default: "ridge,kernel,kept" },
  },
});
const cycles = Number(values.cycles);
const backend = createCpuBackend({ threads: 1 });
await backend.probe();
const { linearAlgebra: algebra } = backend;
const dataset = await loadDataset("a2_wordnet14_use_512");
const { features, labels } = dataset.train;
const { nFeatures, nSamples } = features;
const onePercent = Math.round(nSamples / 100);

const now = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

if (values.heads.includes("ridge")) {
  await benchRidge("linear-ridge");
  await benchRidge("glai");
}
if (values.heads.includes("kernel")) await benchKernel();
if (values.heads.includes("kept")) await benchKept();

async function benchRidge(head) {
  const fast = protocolDefaults("fast");
  const estimator = { ...fast.estimator, solver: { kind: "ridge" } };
  const protocol = { ...fast, hidden: [128], estimator };
  const train = () => trainHead(dataset, { head, protocol, backend, seed: 0, now });
  await train(); // warm
  const { value: run, seconds: anew } = await timed(train);
  let current = { model: run.model, state: run.retraining };
  const times = { remove: [], add: [] };
  for (let cycle = 0; cycle < cycles; cycle++) {
    const change = split((cycle * onePercent) % (nSamples - onePercent), onePercent);
    for (const kind of ["remove", "add"]) {
      const changed = await timed(() =>
        retrainHead(current.model, current.state, { kind, ...change }, { backend }),
      );
      times[kind].push(changed.seconds);
      current = changed.value;
    }
  }
  const { report } = current;
  const distance = relativeDistance(weightsOf(current.model), weightsOf(run.model));
  console.log(
    `${head} (ridge): training anew ${anew.toFixed(3)} s, remove 1 % ${median(times.remove).toFixed(4)} s (${(anew / median(times.remove)).toFixed(0)}× faster), add ${median(times.add).toFixed(4)} s (${(anew / median(times.add)).toFixed(0)}×); after ${cycles} cycles weights differ by ${distance.toExponential(1)}, drift estimate ${report.drift.toExponential(1)}`,
  );
}

async function benchKept() {
  const run = await trainHead(dataset, {
    head: "glai",
    protocol: protocolDefaults("fast"),
    backend,
    seed: 0,
    now,
  });
  const plain = run.retraining;
  const made = await timed(() => keepFactor({ model: run.model, state: plain }, { backend }));
  const times = {};
  for (let round = 0; round < Math.min(cycles, 5); round++)
    for (const [name, state] of Object.entries({ anew: plain, factor: made.value }))
      for (const kind of ["add", "remove"]) {
        const change = { kind, ...split(round * onePercent, onePercent) };
        const changed = await timed(() => retrainHead(run.model, state, change, { backend }));
        if (changed.value.report.method !== name)
          throw new Error(changed.value.report.notes.join());
        (times[`${kind} ${name}`] ??= []).push(changed.seconds);
      }
  const said = Object.entries(times).map(([name, all]) => `${name} ${median(all).toFixed(2)} s`);
  console.log(`kept factor, float64: made in ${made.seconds.toFixed(2)} s; ${said.join(", ")}`);
}

async function benchKernel() {
  const kernel = infinitePathKernel(nFeatures);
  const prepared = applyPreprocessing(
    await fitPreprocessing({ kind: "standardize" }, features),
    features,
  );
  const mu = 0.055;
  const all = { features: prepared };
  const fresh = await createKernelFactor(algebra, kernel, all, labels, mu);
  const gram = await algebra.gram(kernel, all);
  const { seconds: cholesky } = await timed(() => algebra.cholesky(gram, mu));
  let head = fresh;
  const times = { remove: [], add: [] };
  for (let cycle = 0; cycle < cycles; cycle++) {
    const rows = Uint32Array.from({ length: onePercent }, (_, i) => i);
    const nRows = head.labels.length;
    const firstIn = [...Array(nRows).keys()].filter((row) => !head.removed.includes(row));
    const out = rows.map((i) => firstIn[i]);
    const taken = takeOut(head, out);
    const removed = await timed(() => removeFromFactor(algebra, head, out));
    times.remove.push(removed.seconds);
    const added = await timed(() =>
      appendToFactor(algebra, removed.value, taken.samples, taken.labels),
    );
    times.add.push(added.seconds);
    head = added.value;
  }
  const residuals = [];
  for (const factor of [fresh, head]) {
    const { support, coefficients, intercept } = await solveFactor(algebra, factor, 14);
    residuals.push(await residual(factor, support, coefficients, intercept));
  }
  console.log(
    `kernel: Cholesky ${cholesky.toFixed(3)} s; remove 1 % ${(median(times.remove) / cholesky).toFixed(3)} of it (mean ${(mean(times.remove) / cholesky).toFixed(3)} with the compactions), append ${(median(times.add) / cholesky).toFixed(3)}; residual fresh ${residuals[0].toExponential(1)}, after ${cycles} cycles ${residuals[1].toExponential(1)}`,
  );
}

/** ‖(K + μI) α − Y‖ / ‖Y‖ over the samples that are left, K computed anew in float64 blocks of rows. */
async function residual(factor, support, coefficients, intercept) {
  const n = support.features.nSamples;
  const out = new Set(factor.removed);
  const left = [...factor.labels].filter((_, row) => !out.has(row));
  const wide = {
    features: { ...support.features, values: Float64Array.from(support.features.values) },
  };
  const alpha = { values: Float64Array.from(coefficients), nRows: n, nColumns: intercept.length };
  const gram = await algebra.gram(factor.kernel, wide);
  const product = await algebra.multiply(gram, alpha);
  let [squares, differences] = [0, 0];
  for (let i = 0; i < n * intercept.length; i++) {
    const c = i % intercept.length;
    const y = (left[Math.floor(i / intercept.length)] === c ? 1 : 0) - intercept[c];
    differences += (product.values[i] + factor.mu * alpha.values[i] - y) ** 2;
    squares += y * y;
  }
  return Math.sqrt(differences / squares);
}

function takeOut({ samples, labels: from }, rows) {
  const { values: x } = samples.features;
  const taken = new Float32Array(rows.length * nFeatures);
  rows.forEach((row, i) =>
    taken.set(x.subarray(row * nFeatures, (row + 1) * nFeatures), i * nFeatures),
  );
  return {
    samples: { features: { values: taken, nSamples: rows.length, nFeatures } },
    labels: rows.map((row) => from[row]),
  };
}

function split(from, count) {
  const x = features.values.slice(from * nFeatures, (from + count) * nFeatures);
  return {
    features: { values: x, nSamples: count, nFeatures },
    labels: labels.slice(from, from + count),
  };
}

function weightsOf({ body }) {
  return body.kind === "mlp" ? body.network.parameters : body.weights;
}

function relativeDistance(a, b) {
  let [differences, squares] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    differences += (a[i] - b[i]) ** 2;
    squares += b[i] ** 2;
  }
  return Math.sqrt(differences / squares);
}

async function timed(work) {
  const start = now();
  const value = await work();
  return { value, seconds: (now() - start) / 1000 };
}

function mean(numbers) {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}
