import type { JsonValue } from "@glai/core";
import type { TrainingEvent } from "@glai/engine";
import { certificateDocument } from "../documents/certificate.js";

/** The line of metrics.jsonl for an event; undefined for events that are only for the eye. */
export function metricsLine(
  event: TrainingEvent,
): { readonly [key: string]: JsonValue } | undefined {
  switch (event.kind) {
    case "epoch":
      return { type: "epoch", ...event.point, best: event.best };
    case "shift":
      return { type: "shift", ...event.point };
    case "converted":
      return { type: "converted", ...certificateDocument(event.certificate) };
    case "phase-ended":
      return { type: "phase", phase: event.phase, seconds: event.seconds };
    case "warning":
      return { type: "warning", message: event.message };
    case "checkpoint":
    case "phase-started":
    case "plan":
    case "progress":
      return undefined;
    default:
      return event satisfies never;
  }
}
