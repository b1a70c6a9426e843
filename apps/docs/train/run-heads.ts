import type { Backend, Certificate, Dataset } from "@glai/core";
import { type HeadRun, type StopSignal, type TrainingEvent, trainHead } from "@glai/engine";
import { type PageHead, protocolOf, type Settings } from "./settings.js";

/** What happens while heads are trained: the events of each run, and the run when it has ended. */
export type HeadEvent =
  | { readonly kind: "event"; readonly head: PageHead; readonly event: TrainingEvent }
  | { readonly kind: "run"; readonly head: PageHead; readonly run: HeadRun };

/** Trains the chosen heads one after another, on the same data, seed and backend. */
export async function runHeads(
  dataset: Dataset,
  settings: Settings,
  options: {
    readonly backend: Backend;
    readonly signal: StopSignal;
    now(): number; // milliseconds
    onEvent(event: HeadEvent): void;
  },
): Promise<ReadonlyMap<PageHead, HeadRun>> {
  const { backend, signal, now, onEvent } = options;
  const protocol = protocolOf(settings);
  const runs = new Map<PageHead, HeadRun>();
  for (const head of settings.heads) {
    const run = await trainHead(dataset, {
      head,
      protocol,
      backend,
      seed: settings.seed,
      signal,
      now,
      onEvent: (event) => onEvent({ kind: "event", head, event }),
    });
    runs.set(head, run);
    onEvent({ kind: "run", head, run });
  }
  return runs;
}

/** A run as JSON: everything but the weights, with the number of paths in decimal. */
export function runAsJson({ model, certificate, ...run }: HeadRun): object {
  return {
    ...run,
    config: model.config,
    ...(certificate !== undefined && { certificate: certificateAsJson(certificate) }),
  };
}

function certificateAsJson(certificate: Certificate): object {
  return { ...certificate, paths: certificate.paths.toString() };
}
