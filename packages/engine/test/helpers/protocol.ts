import { compactSolver, protocolDefaults, type ProtocolConfig } from "../../src/index.js";

const fast = protocolDefaults("fast");

/** A protocol that finishes in milliseconds: Adam with large steps, small batches, few epochs. */
export function tinyProtocol(changes: Partial<ProtocolConfig> = {}): ProtocolConfig {
  const training = { ...fast.mlp, learningRate: 0.02, batchSize: 8 };
  return {
    ...fast,
    hidden: [8],
    maxEpochs: 4,
    mlp: training,
    reduced: { ...training, freeze: { kind: "epochs", n: 2 } },
    estimator: {
      ...fast.estimator,
      solver: { ...compactSolver, learningRate: 0.02, batchSize: 8 },
    },
    ...changes,
  };
}

/** A clock that moves by a fixed step at every look, so that reports are reproducible. */
export function steadyClock(step = 1): () => number {
  let time = 0;
  return () => (time += step);
}
