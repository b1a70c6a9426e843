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
const slotBytes = 8;
const stepsPerGroup = 16; // one finishSteps for all of them
const forwardBlocks = 1056; // what native/slots.cc spreads a forward pass over,
const slotsPerForwardBlock = 1024; // and the least that a block gets, times the outputs of a slot

const parameters = ([nIn, nHidden, nOut]) => (nIn + 1) * nHidden + (nHidden + 1) * nOut;
const reduced = ([nIn, nHidden, nOut]) => [nIn, nHidden / 2, nOut];
const paths = (sizes) => parameters(sizes) - parameters(reduced(sizes));

/** A kernel of a step: what it computes, and the bytes that it reads or writes at least. */
const kernel = (name, operations, bytes, launches = 1) => ({ name, operations, bytes, launches });

/** From the logits to their gradient, and the sum of losses. */
function lossKernels({ sizes: [, , nOut], batch, views }) {
  const loss =
    views === 2
      ? kernel(
          "infoNce…",
          6 * batch ** 2 * nOut + 20 * batch ** 2,
          16 * batch ** 2 + 40 * batch * nOut,
          5,
        )
      : kernel("crossEntropy", 10 * batch * nOut, 12 * batch * nOut);
  return [loss, kernel("finishSteps", batch, 4 * batch, 1 / stepsPerGroup)];
}

/** SGD without momentum: W once forward, once backward above the first layer, read and written by the update. */
function mlpKernels(experiment) {
  const [nIn, nHidden, nOut] = experiment.sizes;
  const rows = experiment.batch * experiment.views;
  const layers = [
    [nIn, nHidden],
    [nHidden, nOut],
  ].map(([from, to]) => (from + 1) * to);
  const forward = layers.map((n) => kernel("denseForward", 2 * rows * n, 4 * n));
  const update = layers.map((n) => kernel("denseUpdate", 2 * rows * n + 2 * n, 8 * n));
  return [
    ...forward,
    kernel("denseBackward", 2 * rows * nHidden * nOut, 4 * nHidden * nOut),
    ...update,
    ...lossKernels(experiment),
  ];
}

/** AdamW: slot and weight forward; slot, and weight and moments both ways, backward. */
function estimatorKernels(experiment, block) {
  const { sizes, batch, views } = experiment;
  const [nIn, nHidden, nOut] = sizes;
  const n = paths(sizes);
  const nGates = nHidden / 2 + 1; // units of the selector, and the empty gate
  const blockWidth = { path: 1, block16: 16, slab: nOut }[block];
  const pathsPerSlot = Math.min(blockWidth, nOut, 32);
  const rows = batch * views;
  const width = 2 ** Math.ceil(Math.log2(pathsPerSlot));
  const nGroups = Math.ceil(nOut / width);
  const mostChunks = Math.ceil((n / pathsPerSlot / nGroups) * (width / slotsPerForwardBlock));
  const wanted = Math.floor(forwardBlocks / (nGroups * Math.ceil(rows / 16)));
  const chunks = Math.max(1, Math.min(wanted, mostChunks));
  const slots = slotBytes / pathsPerSlot;
  return [
    kernel("gatherBatch", 0, 8 * rows * nIn + (rows * nGates) / 8 + 4 * nGates),
    kernel("estimatorForward", 2 * rows * n * activity, n * (4 + slots)),
    kernel("estimatorSum", rows * nOut * chunks, 4 * rows * nOut * chunks),
    kernel("estimatorUpdate", 2 * rows * n * activity + 12 * n, n * (24 + slots)),
    ...lossKernels(experiment),
  ];
}

function floorSeconds({ operations, bytes }, device) {
  return Math.max(operations / device.operations, bytes / device.bytes);
}

/** A step as one row: kernels wait for each other, so their floors add up. */
function stepOf(model, weights, kernels) {
  const sum = (of) => kernels.reduce((total, one) => total + of(one), 0);
  return {
    model,
    weights,
    operations: sum((one) => one.operations),
    bytes: sum((one) => one.bytes),
    launches: sum((one) => one.launches),
    floor: (device) => sum((one) => floorSeconds(one, device)),
  };
}

function stepsOf(experiment) {
  const { sizes } = experiment;
  return [
    stepOf("MLP, SGD", parameters(sizes), mlpKernels(experiment)),
    ...["path", "block16", "slab"].map((block) =>
      stepOf(`${block}, AdamW`, paths(sizes), estimatorKernels(experiment, block)),
    ),
  ];
}

const micro = (seconds) => (seconds * 1e6).toFixed(1);
const millions = (n) => (n / 1e6).toFixed(n < 1e6 ? 2 : 1);

function epochText(seconds) {
  return seconds < 1 ? `${(seconds * 1000).toFixed(0)} ms` : `${seconds.toFixed(1)} s`;
}

function row({ name, batch, samples }, step) {
  const a100 = step.floor(devices.A100);
  const h100 = step.floor(devices.H100);
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
    `${Math.floor(step.launches)}`,
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
  return markdown(
    head,
    experiments.flatMap((experiment) => stepsOf(experiment).map((step) => row(experiment, step))),
  );
}

/** Markdown of the floors of single kernels, for the shape with most to do. */
export function kernelTable() {
  const experiment = experiments.find(({ name }) => name === "B1");
  const head = ["model", "kernel", "Mflop", "MB", "floor A100, µs", "floor H100, µs"];
  const of = (model, kernels) =>
    kernels.map((one) => [
      model,
      `\`${one.name}\``,
      (one.operations / 1e6).toFixed(2),
      (one.bytes / 1e6).toFixed(2),
      (1e6 * floorSeconds(one, devices.A100)).toFixed(2),
      (1e6 * floorSeconds(one, devices.H100)).toFixed(2),
    ]);
  const [mlp, path, slab] = [
    mlpKernels(experiment),
    estimatorKernels(experiment, "path"),
    estimatorKernels(experiment, "slab"),
  ];
  return markdown(head, [...of("MLP", mlp), ...of("path", path), ...of("slab", slab.slice(0, 4))]);
}

function markdown(head, rows) {
  return [head, head.map((_, i) => (i < 2 ? "---" : "--:")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log(`${kernelTable()}\n\n${stepTable()}`);
