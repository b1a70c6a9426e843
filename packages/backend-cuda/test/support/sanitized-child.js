// Runs in a process of its own with AddressSanitizer loaded first:
//   node sanitized-child.js <addon> conformance [reverse]   quick conformance; prints what failed
//   node sanitized-child.js <addon> training [reverse]      forty steps of an MLP and of an estimator per block,
//                                                           beside the float64 reference
//   node sanitized-child.js <addon> views         an evaluation with infoNCE: passes of two sizes in one call
//   node sanitized-child.js <addon> graphs        steps from graphs while buffers move between calls
//   node sanitized-child.js <addon> fault <name>  one kernel of emulation/faults.cu
import { createRequire } from "node:module";
import {
  activationPatterns,
  createMlp,
  createRandom,
  createReferenceBackend,
  gateBits,
  optimizerDefaults,
  runConformance,
  selectPaths,
} from "@glai/core";
import { createBackendOver } from "../../dist/backend.js";

const [path, what, name] = process.argv.slice(2);
const addon = createRequire(import.meta.url)(path);
addon.emulation.setReverse(name === "reverse");
const backend = createBackendOver(() => ({ addon, path }));
switch (what) {
  case "conformance":
    await conformance();
    break;
  case "views":
    await views();
    break;
  case "training":
    await training();
    break;
  case "graphs":
    await graphs();
    break;
  default:
    console.log(addon.emulation.runFault(name));
}

async function conformance() {
  const report = await runConformance(backend, { quick: true });
  for (const result of report.results)
    if (result.status === "failed") console.log(result.name, result.detail);
  console.log(`${report.passed} passed, ${report.failed} failed`);
}

/** A pass of fewer rows splits its paths over more blocks: each size needs its own room for partial sums. */
async function views() {
  const sizes = [64, 16, 58];
  const network = createMlp(sizes, createRandom(1));
  const features = { values: new Float32Array(144 * 64).fill(1), nSamples: 144, nFeatures: 64 };
  const patterns = activationPatterns(network, features);
  const selection = selectPaths(network, features, patterns, { block: "path", budget: { mu: 1 } });
  const session = await backend.prepare(
    { kind: "estimator", selection },
    {
      loss: { kind: "infoNCE", temperature: 0.5 },
      optimizer: optimizerDefaults.sgd,
      dropout: { rate: 0.1, seed: 1 },
    },
  );
  session.write("parameters", selection.weights);
  const handle = session.upload({ features, gates: gateBits(selection.gates, patterns) });
  session.forward(
    handle,
    Uint32Array.from({ length: 144 }, (_, i) => i),
  );
  console.log(`${(await session.read("logits")).length} logits`);
  session.dispose();
}

/** The largest distance from the reference after forty steps, relative to the largest parameter. */
async function training() {
  const sizes = [7, 9, 5];
  const network = createMlp(sizes, createRandom(1));
  const random = createRandom(2);
  const nSamples = 50;
  const features = {
    values: Float32Array.from({ length: nSamples * 7 }, () => random.normal()),
    nSamples,
    nFeatures: 7,
  };
  const labels = Uint32Array.from({ length: nSamples }, () => random.integer(5));
  const patterns = activationPatterns(network, features);
  const problems = [
    [{ kind: "mlp", sizes }, network.parameters, { features, labels }],
    ...["path", "block16", "slab"].map((block) => {
      const selection = selectPaths(network, features, patterns, { block, budget: { mu: 0.4 } });
      const gates = gateBits(selection.gates, patterns);
      return [{ kind: "estimator", selection }, selection.weights, { features, labels, gates }];
    }),
  ];
  for (const [model, parameters, samples] of problems) {
    const [found, expected] = [
      await trained(backend, model, parameters, samples),
      await trained(createReferenceBackend(), model, parameters, samples),
    ];
    const scale = Math.max(...expected.map(Math.abs));
    const distance = Math.max(...expected.map((value, i) => Math.abs(value - found[i]))) / scale;
    if (!(distance < 1e-3)) throw new Error(`${model.kind} is ${distance} from the reference`);
  }
  console.log(`${problems.length} models as the reference trains them`);
}

async function trained(on, model, parameters, samples) {
  const session = await on.prepare(model, {
    loss: { kind: "crossEntropy" },
    optimizer: optimizerDefaults.adamw,
    dropout: { rate: 0.25, seed: 3 },
  });
  session.write("parameters", parameters);
  const handle = session.upload(samples);
  const rows = Uint32Array.from({ length: 40 * 6 }, (_, i) => (i * 7) % 50);
  session.trainSteps(handle, rows, { batchSize: 6, learningRate: 0.01 });
  const values = await session.read("parameters");
  session.dispose();
  return Float64Array.from(values);
}

/** A graph holds addresses: it must go when an evaluation, a longer call or a release moves what it points at. */
async function graphs() {
  const session = await backend.prepare(
    { kind: "mlp", sizes: [4, 5, 3] },
    { loss: { kind: "crossEntropy" }, optimizer: optimizerDefaults.adamw },
  );
  const nSamples = 200;
  const samples = {
    features: { values: new Float32Array(nSamples * 4).fill(0.5), nSamples, nFeatures: 4 },
    labels: new Uint32Array(nSamples),
  };
  const rows = (n) => Uint32Array.from({ length: n }, (_, i) => i % nSamples);
  const options = { batchSize: 2, learningRate: 0.01 };
  const first = session.upload(samples);
  session.trainSteps(first, rows(60), options);
  session.forward(first, rows(50)); // moves activations, not row numbers
  session.trainSteps(first, rows(60), options);
  session.trainSteps(first, rows(80), options); // moves row numbers and plans
  session.release(first);
  const second = session.upload(samples);
  session.trainSteps(second, rows(60), options);
  await session.synchronize();
  console.log(`${await session.read("step")} steps`);
  session.dispose();
}
