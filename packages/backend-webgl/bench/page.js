// Milliseconds of a training step, per shape and backend, in whatever browser opens it.
import { createCpuBackend } from "@glai/backend-cpu";
import {
  activationPatterns,
  createMlp,
  createRandom,
  gateBits,
  optimizerDefaults,
  selectPaths,
} from "@glai/core";
import { createWebglBackend } from "@glai/backend-webgl";

const backends = {
  webgl: createWebglBackend(),
  wasm: createCpuBackend({ tier: "wasm" }),
  typescript: createCpuBackend({ tier: "typescript" }),
};
const shapes = [
  { sizes: [64, 64, 10], batchSize: 16, keep: 3_200 },
  { sizes: [384, 256, 10], batchSize: 16, keep: 64_000 },
  { sizes: [384, 256, 10], batchSize: 256, keep: 64_000 },
  { sizes: [768, 512, 37], batchSize: 64, keep: 260_000 },
];
const budget = Number(new URLSearchParams(location.search).get("ms") ?? 1500); // of each measurement

/** Rows { model, sizes, batchSize, webgl, wasm, typescript }; `report` is told of each as it comes. */
export async function run(report = () => {}) {
  const { available, device, reason } = await backends.webgl.probe();
  if (!available) throw new Error(reason);
  const rows = [];
  for (const { sizes, batchSize, keep } of shapes) {
    const problem = problemOf(sizes);
    for (const model of ["mlp", "slab", "path"]) {
      const row = { model, sizes, batchSize };
      for (const [name, backend] of Object.entries(backends))
        row[name] = await measure(backend, problem, model, batchSize, keep);
      row.fastest = Object.keys(backends).toSorted((a, b) => row[a] - row[b])[0];
      rows.push(row);
      report(row);
    }
  }
  return { device, browser: navigator.userAgent, rows, longest: await longestTask() };
}

function problemOf(sizes) {
  const random = createRandom(1);
  const [nFeatures] = sizes;
  const nSamples = 512;
  const values = Float32Array.from({ length: nSamples * nFeatures }, () => random.normal());
  const features = { values, nSamples, nFeatures };
  const network = createMlp(sizes, random);
  const labels = Uint32Array.from({ length: nSamples }, (_, i) => i % sizes.at(-1));
  return { network, features, labels, patterns: activationPatterns(network, features) };
}

async function open(backend, { network, features, labels, patterns }, block, keep) {
  const training = { loss: { kind: "crossEntropy" }, optimizer: optimizerDefaults.adamw };
  if (block === "mlp") {
    const session = await backend.prepare({ kind: "mlp", sizes: network.sizes }, training);
    session.write("parameters", network.parameters);
    return { session, samples: session.upload({ features, labels }) };
  }
  const selection = selectPaths(network, features, patterns, { block, budget: { keep } });
  const session = await backend.prepare({ kind: "estimator", selection }, training);
  session.write("parameters", selection.weights);
  const gates = gateBits(selection.gates, patterns);
  return { session, samples: session.upload({ features, labels, gates }) };
}

async function measure(backend, problem, model, batchSize, keep) {
  const { session, samples } = await open(backend, problem, model, keep);
  const { nSamples } = samples;
  const rows = (steps) =>
    Uint32Array.from({ length: steps * batchSize }, (_, i) => (i * 7) % nSamples);
  const time = async (steps) => {
    const began = performance.now();
    session.trainSteps(samples, rows(steps), { batchSize, learningRate: 1e-3 });
    await session.read("loss"); // what a training loop reads
    return performance.now() - began;
  };
  await time(2); // compiles
  const once = await time(2);
  const steps = Math.max(2, Math.min(2000, Math.round((2 * budget) / once)));
  const took = await time(steps);
  session.dispose();
  return took / steps;
}

/** The longest time in which the page could not answer, while WebGL trains and is read, in milliseconds. */
async function longestTask() {
  const sizes = [384, 256, 10];
  const { session, samples } = await open(backends.webgl, problemOf(sizes), "mlp", 0);
  const channel = new MessageChannel();
  let longest = 0;
  let last = performance.now();
  channel.port1.addEventListener("message", () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    channel.port2.postMessage(0);
  });
  channel.port1.start();
  channel.port2.postMessage(0);
  const rows = Uint32Array.from({ length: 64 * 60 }, (_, i) => i % samples.nSamples);
  session.trainSteps(samples, rows, { batchSize: 64, learningRate: 1e-3 });
  await session.read("loss");
  await session.read("parameters");
  channel.port1.close();
  session.dispose();
  return longest;
}
