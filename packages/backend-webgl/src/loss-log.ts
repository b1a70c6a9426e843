import type { Device, Tensor } from "./device.js";

/** Steps whose losses wait on the GPU before they are read together. */
const SLOTS = 256;

/** Σ of row losses and of their weights since the loss was last read. */
export interface LossState {
  readonly lossSum: number;
  readonly weightSum: number;
}

/**
 * Losses stay on the GPU, one number a step, and are added up on the host in float64: a running float32 sum
 * would lose digits over an epoch, and reading every step would make the page wait for it.
 */
export function createLossLog(device: Device): {
  add(rowLoss: Tensor, nLosses: number, weightSum: number): Promise<void>;
  sums(): Promise<LossState>;
  set(state: LossState): void;
  dispose(): void;
} {
  let log: Tensor | undefined;
  let nUsed = 0;
  let lossSum = 0;
  let weightSum = 0;

  async function empty(): Promise<void> {
    if (log === undefined || nUsed === 0) return;
    const values = await device.read(log);
    for (let i = 0; i < nUsed; i++) lossSum += values[i];
    nUsed = 0;
  }

  return {
    async add(rowLoss, nLosses, weight) {
      if (nUsed === SLOTS) await empty();
      log ??= device.run("zeros", SLOTS);
      const next = device.run("logLoss", SLOTS, log, rowLoss, nUsed, nLosses);
      device.free(log);
      log = next;
      nUsed += 1;
      weightSum += weight;
    },
    async sums() {
      await empty();
      return { lossSum, weightSum };
    },
    set(state) {
      ({ lossSum, weightSum } = state);
      nUsed = 0;
    },
    dispose() {
      device.free(log);
    },
  };
}
