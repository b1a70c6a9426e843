// The worker of the page: reads data, trains, prunes and explains, so that the page never waits.
import { type Backend, type Dataset, GlaiError, isGlaiError } from "@glai/core";
import type { HeadRun, TrainingEvent } from "@glai/engine";
import { encodeHeadModel } from "@glai/io";
import { chooseBackend, type NamedBackend, probeBackend } from "./backends.js";
import { bundled, bundledDataset, ownDataset, withRows } from "./data.js";
import { explainSample } from "./explain.js";
import type { DataSource, FromWorker, ToWorker } from "./messages.js";
import { createPruner, type Pruner } from "./prune.js";
import { runAsJson, runHeads } from "./run-heads.js";
import { type PageHead, protocolOf, type Settings } from "./settings.js";

/** The last training: its data and its finished runs. */
interface State {
  readonly dataset: Dataset;
  readonly settings: Settings;
  readonly backend: Backend;
  readonly runs: Map<PageHead, HeadRun>;
  pruner?: Promise<Pruner>;
}

/** Where the run in training is, as of its last epoch. */
interface Clock {
  epoch: number;
  seconds: number;
}

let state: State | undefined;
let stop: AbortController | undefined; // of the training that is going on

function post(message: FromWorker): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- to the page that started it
  globalThis.postMessage(message);
}

globalThis.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  answer(data).catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    const hint = isGlaiError(error) ? error.hint : undefined;
    post({ kind: "failed", request: data.kind, message, hint });
  });
});

async function answer(message: ToWorker): Promise<void> {
  switch (message.kind) {
    case "cancel":
      return stop?.abort();
    case "download":
      return download(message.what, message.head);
    case "explain": {
      const { state: current, run } = trained("glai");
      const explanation = explainSample(run.model, current.dataset.validation, message.sample);
      return post({ kind: "explained", explanation });
    }
    case "probe":
      return probe(message.name);
    case "prune":
      return prune(message.position);
    case "train":
      return startTraining(message.data, message.settings);
    default:
      return message satisfies never;
  }
}

async function probe(name: NamedBackend): Promise<void> {
  post({ kind: "probed", backend: { name, capability: await probeBackend(name) } });
}

/** Trains; what is going on is stopped first, and says no more. */
async function startTraining(source: DataSource, settings: Settings): Promise<void> {
  stop?.abort();
  const controller = new AbortController();
  stop = controller;
  state = undefined;
  try {
    await train(source, settings, controller.signal);
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    if (stop === controller) post({ kind: "cancelled" });
  }
}

async function train(source: DataSource, settings: Settings, signal: AbortSignal): Promise<void> {
  const dataset = withRows(await load(source, signal), settings.rows);
  post({ kind: "data", summary: summaryOf(dataset) });
  const protocol = protocolOf(settings);
  const sizes = [dataset.train.features.nFeatures, ...protocol.hidden, dataset.nClasses];
  const now = (): number => performance.now();
  const chosen = await chooseBackend(settings.backend, sizes, protocol.mlp.batchSize, now);
  signal.throwIfAborted();
  const { backend, name, why } = chosen;
  post({ kind: "backend", name, why });
  const runs = new Map<PageHead, HeadRun>();
  state = { dataset, settings, backend, runs };
  const clock: Clock = { epoch: 0, seconds: 0 };
  await runHeads(dataset, settings, {
    backend,
    signal,
    now,
    onEvent(event) {
      if (event.kind === "event") return report(event.head, event.event, clock);
      runs.set(event.head, event.run);
      post({ kind: "run", run: summaryOfRun(event.head, event.run) });
    },
  });
  post({ kind: "done" });
}

function report(head: PageHead, event: TrainingEvent, clock: Clock): void {
  switch (event.kind) {
    case "plan":
      return post({ kind: "started", head });
    case "epoch":
      clock.seconds = event.point.seconds;
      clock.epoch = event.point.epoch;
      return post({ kind: "epoch", head, point: event.point });
    case "shift":
      return post({ kind: "shift", point: event.point });
    case "converted":
      post({ kind: "frozen", epoch: clock.epoch, seconds: clock.seconds });
      return post({ kind: "certificate", certificate: event.certificate });
    case "warning":
      return post({ kind: "warning", head, message: event.message });
    case "checkpoint":
    case "phase-ended":
    case "phase-started":
    case "progress":
      return;
    default:
      return event satisfies never;
  }
}

async function load(source: DataSource, signal: AbortSignal): Promise<Dataset> {
  if (source.kind === "own") return ownDataset(source.files, source.labelColumn);
  const { folder, files } = bundled[source.name];
  const entries = files.map(async (file) => {
    const url = `${source.base}data/${folder}/${file}`;
    const response = await fetch(url, { signal });
    if (response.ok) return [file, new Uint8Array(await response.arrayBuffer())] as const;
    throw new GlaiError("io", `Expected to fetch ${url} but received status ${response.status}.`);
  });
  return bundledDataset(source.name, Object.fromEntries(await Promise.all(entries)));
}

function download(what: "model" | "run", head: PageHead): void {
  const { state: current, run } = trained(head);
  const name = `${current.dataset.name}-${head}-seed${run.seed}`;
  if (what === "model") {
    return post({ kind: "file", name: `${name}.safetensors`, bytes: encodeHeadModel(run.model) });
  }
  const text = JSON.stringify(runAsJson(run), undefined, 2);
  post({ kind: "file", name: `${name}.json`, bytes: new TextEncoder().encode(text) });
}

/** Prunes for the slider. An answer that comes after the next training has begun is of no use and dropped. */
async function prune(position: number): Promise<void> {
  const { state: current, run } = trained("glai");
  const { dataset, settings, backend } = current;
  const { seed } = settings;
  const context = { protocol: protocolOf(settings), seed, backend };
  const pruner = await (current.pruner ??= createPruner(run.model, dataset, context));
  const point = await pruner.at(position);
  const { count } = pruner;
  if (state === current) post({ kind: "pruned", point, count, paths: pruner.paths.toString() });
}

/** A head of the last training. Throws `bad-argument` when it was not trained. */
function trained(head: PageHead): { readonly state: State; readonly run: HeadRun } {
  const run = state?.runs.get(head);
  if (state !== undefined && run !== undefined) return { state, run };
  throw new GlaiError("bad-argument", `Expected a trained ${head} head but there is none.`, {
    hint: `Choose ${head} among the heads and train.`,
  });
}

function summaryOf({ name, train, validation, nClasses, classNames }: Dataset) {
  return {
    name,
    nTrain: train.features.nSamples,
    nValidation: validation.features.nSamples,
    nFeatures: train.features.nFeatures,
    nClasses,
    classNames: classNames ?? Array.from({ length: nClasses }, (_, c) => `class ${c}`),
  };
}

function summaryOfRun(head: PageHead, run: HeadRun) {
  const { score, bestEpoch, epochs, reducedEpochs, seconds, plan, backend } = run;
  const { parameters } = plan;
  return { head, score, bestEpoch, epochs, reducedEpochs, parameters, seconds, tier: backend.tier };
}
