// Steps on real gates: the estimator of protocol `paper` on the bundled sets, as a multiple of the MLP's SGD step on the
// same rows. `glai bench` times the paper's shapes on random gates, half of which are open; these are the gates that
// Theorem 2 keeps.
//
//   GLAI_INSTRUCTION_SET=avx2 node apps/cli/scripts/bench-steps.mjs [--sets A1,C1] [--rounds 9] [--write docs/backends/cpu.md]
//
// Processor time of one thread, contenders in turns; median, least and most of the ratios of a round. Few-shot sets: the
// support of one episode, all of its rows in an epoch's batches. --write puts the table between the page's markers.
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { createCpuBackend } from "@glai/backend-cpu";
import { condenseTwins, createMlp, createRandom, gateBits } from "@glai/core";
import { loadDataset } from "@glai/datasets";
import {
  drawEpisode,
  episodeDataset,
  episodeShapes,
  protocolDefaults,
  trainHead,
} from "@glai/engine";

const { values } = parseArgs({
  options: {
    sets: { type: "string", default: "A1,A2,B1,B2,C1,C2" },
    rounds: { type: "string", default: "9" },
    write: { type: "string" },
  },
});
const [begin, end] = ["<!-- steps:begin -->", "<!-- steps:end -->"];
const mlpEpochs = 40; // the reduced MLP takes the paper's share of these
const stepsPerRound = 150;
const backend = createCpuBackend({ threads: 1 });
const processorTime = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const ratio = (numbers) =>
  `${median(numbers).toFixed(2)} (${Math.min(...numbers).toFixed(2)}–${Math.max(...numbers).toFixed(2)})`;

const rows = [];
for (const name of values.sets.split(",")) rows.push(await measure(name));
const probe = await backend.probe();
const table = [
  `${probe.device}, processor time, Node ${process.version}; ratios to the MLP's SGD step, median (least–most) of ${values.rounds} rounds.`,
  "",
  "| | batch | open | MLP sgd | slab adamw | twins once | paths left |",
  "| --- | --: | --: | --: | --: | --: | --: |",
  ...rows.map((cells) => `| ${cells.join(" | ")} |`),
].join("\n");
if (values.write === undefined) console.log(table);
else {
  const page = readFileSync(values.write, "utf8");
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`Expected ${begin} and ${end} in ${values.write}.`);
  writeFileSync(values.write, `${page.slice(0, from)}${begin}\n\n${table}\n\n${page.slice(to)}`);
}

async function measure(name) {
  const loaded = await loadDataset(name);
  const dataset = name in episodeShapes ? episodeOf(loaded, episodeShapes[name]) : loaded;
  const protocol = { ...protocolDefaults("paper", name), maxEpochs: 1, shiftRows: 0 };
  const options = {
    head: "glai",
    protocol,
    backend,
    seed: 0,
    mlpEpochs,
    now: () => performance.now(),
  };
  const { selector, selection } = (await trainHead(dataset, options)).model.body;
  const { features, labels } = dataset.train;
  const gatesOf = async (rows) =>
    gateBits(selection.gates, await backend.conversion.activationPatterns(selector, rows));
  const gates = await gatesOf(features);
  // As the engine has it: of the rows of training and validation, and never with dropout.
  const twins =
    protocol.dropout > 0
      ? undefined
      : condenseTwins(selection, [gates, await gatesOf(dataset.validation.features)]);
  const sizes = [features.nFeatures, ...protocol.hidden, selection.sizes.at(-1)];
  const contenders = [
    await contender(
      protocol,
      { kind: "mlp", sizes },
      createMlp(sizes, createRandom(1)).parameters,
      protocol.mlp,
      {
        features,
        labels,
      },
    ),
    await estimator(selection, gates),
    twins && (await estimator(twins.selection, twins.gates[0], twins.copies)),
  ].filter((one) => one !== undefined);

  const times = [];
  for (const one of contenders) await one(); // cold code and fresh memory
  for (let round = 0; round < Number(values.rounds); round++) {
    const taken = [];
    for (const one of contenders) taken.push(await one());
    times.push(taken);
  }
  const ratios = (i) =>
    i < contenders.length ? ratio(times.map((taken) => taken[i] / taken[0])) : "–";
  return [
    `${name} [${sizes.join(", ")}]`,
    Math.min(protocol.estimator.solver.batchSize, features.nSamples),
    openShare(selection, gates).toFixed(2),
    `${median(times.map(([mlp]) => mlp)).toFixed(0)} µs`,
    ratios(1),
    ratios(2),
    twins ? (twins.selection.nPaths / selection.nPaths).toFixed(2) : "–",
  ];

  function estimator(kept, bits, copies) {
    const model = { kind: "estimator", selection: kept, ...(copies && { copies }) };
    return contender(protocol, model, kept.weights, protocol.estimator.solver, {
      features,
      labels,
      gates: bits,
    });
  }
}

/** A function that takes steps and says how many microseconds one took. */
async function contender(
  { objective, dropout },
  model,
  start,
  { optimizer, learningRate, batchSize },
  samples,
) {
  const isContrastive = objective.kind === "contrastive";
  const loss = isContrastive
    ? { kind: "infoNCE", temperature: objective.temperature }
    : { kind: "crossEntropy" };
  const session = await backend.prepare(model, {
    loss,
    optimizer,
    ...(dropout > 0 && { dropout: { rate: dropout, seed: 1 } }),
  });
  session.write("parameters", start);
  const uploaded = session.upload(isContrastive ? { ...samples, labels: undefined } : samples);
  const { nSamples } = samples.features;
  const size = Math.min(batchSize, nSamples);
  const order = Uint32Array.from({ length: size * stepsPerRound }, (_, i) => (i * 37) % nSamples);
  return async () => {
    const from = processorTime();
    session.trainSteps(uploaded, order, { batchSize: size, learningRate });
    await session.synchronize();
    return (processorTime() - from) / stepsPerRound;
  };
}

function episodeOf(dataset, shape) {
  const random = createRandom(0).split("episode");
  return episodeDataset(
    dataset,
    dataset.validation,
    drawEpisode(dataset.validation, shape, random),
  );
}

/** Mean over kept blocks of the share of rows for which their gate is open. */
function openShare({ nBlocks, gateOf }, { words, nRows, nColumns, nWords }) {
  const open = new Float64Array(nColumns);
  for (let row = 0; row < nRows; row++)
    for (let gate = 0; gate < nColumns; gate++)
      open[gate] += (words[row * nWords + (gate >> 5)] >>> (gate & 31)) & 1;
  return gateOf.reduce((sum, gate) => sum + open[gate] / nRows, 0) / nBlocks;
}
