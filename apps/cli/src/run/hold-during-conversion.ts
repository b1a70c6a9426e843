import type { Backend } from "@glai/core";
import type { TrainingEvent } from "@glai/engine";
import type { Interrupt } from "../interrupt.js";

/**
 * The reference conversion is one synchronous call of up to a second or two; a backend's own kernels
 * leave the event loop free. A run that is ended in the middle of it goes on from the checkpoint before.
 */
export function holdDuringConversion(
  interrupt: Interrupt,
  backend: Backend,
  event: TrainingEvent,
): void {
  if (backend.conversion !== undefined) return;
  if (event.kind !== "phase-started" && event.kind !== "phase-ended") return;
  if (event.phase === "conversion") interrupt.holdLoop(event.kind === "phase-started");
}
