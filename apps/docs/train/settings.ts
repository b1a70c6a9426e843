import { optimizerDefaults } from "@glai/core";
import { type HeadName, type ProtocolConfig, protocolDefaults } from "@glai/engine";
import type { BackendName } from "./backends.js";

/** The heads of the page, in the order they are trained. */
export const pageHeads = ["linear", "mlp", "mlp-reduced", "glai"] as const satisfies HeadName[];
export type PageHead = (typeof pageHeads)[number];

/** What the reader chooses, besides the data. */
export interface Settings {
  readonly heads: readonly PageHead[];
  readonly backend: BackendName;
  readonly seed: number;
  readonly rows: number; // training rows at most
  readonly hidden: number; // units of the MLP; the reduced one has half of them
  readonly epochs: number; // at most, of every head's last phase
  /** The reduced MLP is frozen when its relative structural shift is under this share of its maximum. */
  readonly freezeAt: number;
}

export const defaultSettings: Settings = {
  heads: pageHeads,
  backend: "auto",
  seed: 0,
  rows: 2000,
  hidden: 128,
  epochs: 8,
  freezeAt: 0.1,
};

/**
 * The protocol of a run on the page: `fast` with the page's sizes, a selector that is frozen when its
 * structure has settled, and path weights trained by steps, so that there is a curve to look at.
 */
export function protocolOf(settings: Settings): ProtocolConfig {
  const fast = protocolDefaults("fast");
  const { learningRate, batchSize } = fast.mlp;
  return {
    ...fast,
    hidden: [settings.hidden],
    maxEpochs: settings.epochs,
    reduced: {
      ...fast.reduced,
      freeze: { kind: "auto", threshold: settings.freezeAt, cap: settings.epochs },
    },
    estimator: {
      ...fast.estimator,
      solver: {
        kind: "adam",
        optimizer: { ...optimizerDefaults.adamw, weightDecay: 0.1 }, // as in the paper, decoupled
        learningRate,
        batchSize,
      },
    },
  };
}
