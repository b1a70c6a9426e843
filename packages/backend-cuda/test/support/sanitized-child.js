// Runs in a process of its own with AddressSanitizer loaded first:
//   node sanitized-child.js <addon> conformance   quick conformance; prints what failed
//   node sanitized-child.js <addon> graphs        steps from graphs while buffers move between calls
//   node sanitized-child.js <addon> fault <name>  one kernel of emulation/faults.cu
import { createRequire } from "node:module";
import { optimizerDefaults, runConformance } from "@glai/core";
import { createBackendOver } from "../../dist/backend.js";

const [path, what, name] = process.argv.slice(2);
const addon = createRequire(import.meta.url)(path);
const backend = createBackendOver(() => ({ addon, path }));
switch (what) {
  case "conformance":
    await conformance();
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
