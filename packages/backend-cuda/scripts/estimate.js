// What a training step must do at least, and what it should take: the tables of docs/backends/cuda.md.
//
//   node scripts/estimate.js     prints them as Markdown
//
// Reasoning, not measurement. A test compares the page with this file, so that neither drifts.
import { fileURLToPath } from "node:url";

/** Sizes and batch of the paper's Tables 1 and 2; samples of one pass over the data set's training split. */
const experiments = [
  { name: "A1", sizes: [384, 256, 37], batch: 16, views: 1, samples: 3_680 }, // Oxford Pets, trainval
  { name: "A2", sizes: [768, 128, 4], batch: 16, views: 1, samples: 560_000 }, // DBPedia-14
  { name: "B1", sizes: [1280, 640, 128], batch: 16, views: 2, samples: 5_000 }, // STL-10, labelled
  { name: "B2", sizes: [768, 768, 128], batch: 16, views: 2, samples: 36_718 }, // WikiText-2, lines
  { name: "C1", sizes: [576, 256, 5], batch: 16, views: 1, samples: 19_280 }, // Omniglot, background
  { name: "C2", sizes: [768, 512, 4], batch: 32, views: 1, samples: 120_000 }, // AGNews
];

/** Data sheets: memory in bytes/s and float32 in operations/s. */
const devices = {
  A100: { bytes: 2.039e12, operations: 19.5e12 }, // SXM, 80 GB
  H100: { bytes: 3.35e12, operations: 66.9e12 }, // SXM
};

/** Assumed: what one kernel of a graph adds when it waits for the one before it, memory latency included. */
const secondsPerLaunch = 3e-6;
const activity = 0.45; // share of open gates
const slotBytes = 16;

const parameters = ([nIn, nHidden, nOut]) => (nIn + 1) * nHidden + (nHidden + 1) * nOut;
const reduced = ([nIn, nHidden, nOut]) => [nIn, nHidden / 2, nOut];
const paths = (sizes) => parameters(sizes) - parameters(reduced(sizes));

/** Two launches for the loss, six with infoNCE. */
const lossLaunches = ({ views }) => (views === 2 ? 6 : 2);

/** SGD without momentum: W once forward, once backward above the first layer, read and written by the update. */
function mlpStep(experiment) {
  const { sizes, batch, views } = experiment;
  const [, nHidden, nOut] = sizes;
  const n = parameters(sizes);
  const rows = batch * views;
  return {
    model: "MLP, SGD",
    weights: n,
    operations: 2 * rows * (2 * n + nHidden * nOut),
    bytes: 4 * n + 4 * nHidden * nOut + 8 * n,
    launches: 2 + lossLaunches(experiment) + 1 + 2,
  };
}

/** AdamW: slot and weight forward; slot, and weight and moments both ways, backward. */
function estimatorStep(experiment, block) {
  const { sizes, batch, views } = experiment;
  const [, , nOut] = sizes;
  const n = paths(sizes);
  const pathsPerSlot = { path: 1, block16: Math.min(16, nOut), slab: Math.min(32, nOut) }[block];
  const rows = batch * views;
  return {
    model: `${block}, AdamW`,
    weights: n,
    operations: 2 * 2 * rows * n * activity,
    bytes: n * (2 * (slotBytes / pathsPerSlot) + 4 + 24),
    launches: 4 + lossLaunches(experiment) + 1,
  };
}

function floorSeconds({ operations, bytes }, device) {
  return Math.max(operations / device.operations, bytes / device.bytes);
}

const micro = (seconds) => (seconds * 1e6).toFixed(1);
const millions = (n) => (n / 1e6).toFixed(n < 1e6 ? 2 : 1);

function epochText(seconds) {
  return seconds < 1 ? `${(seconds * 1000).toFixed(0)} ms` : `${seconds.toFixed(1)} s`;
}

function row({ name, batch, samples }, step) {
  const a100 = floorSeconds(step, devices.A100);
  const h100 = floorSeconds(step, devices.H100);
  const launching = step.launches * secondsPerLaunch;
  const steps = Math.ceil(samples / batch);
  return [
    name,
    step.model,
    step.weights.toLocaleString("en-US"),
    millions(step.operations),
    millions(step.bytes),
    micro(a100),
    micro(h100),
    step.launches,
    `${(1e6 * (launching + a100)).toFixed(0)} / ${(1e6 * (launching + h100)).toFixed(0)}`,
    `${epochText(steps * (launching + a100))} / ${epochText(steps * (launching + h100))}`,
  ];
}

/** Markdown of the table of steps and epochs. */
export function stepTable() {
  const head = [
    "",
    "model",
    "weights",
    "Mflop",
    "MB",
    "floor A100, µs",
    "floor H100, µs",
    "launches",
    "step A100 / H100, µs",
    "epoch A100 / H100",
  ];
  const rows = experiments.flatMap((experiment) => [
    row(experiment, mlpStep(experiment)),
    ...["path", "block16", "slab"].map((block) =>
      row(experiment, estimatorStep(experiment, block)),
    ),
  ]);
  return [head, head.map((_, i) => (i < 2 ? "---" : "--:")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(stepTable());
