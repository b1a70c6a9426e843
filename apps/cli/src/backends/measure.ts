import type { Backend } from "@glai/core";
import type { Requirements } from "./requirements.js";

const warmSteps = 3;
const timedSteps = 10;

/** Microseconds of one training step of an MLP of the problem's size, on made-up data. */
export async function measureStep(
  backend: Backend,
  { sizes, batchSize }: Requirements,
  now: () => number,
): Promise<number> {
  const [nFeatures = 1] = sizes;
  const nOutputs = sizes.at(-1) ?? 1;
  const session = await backend.prepare(
    { kind: "mlp", sizes },
    { loss: { kind: "crossEntropy" }, optimizer: { kind: "sgd", momentum: 0, weightDecay: 0 } },
  );
  try {
    const values = Float32Array.from({ length: batchSize * nFeatures }, (_, i) => (i % 7) / 7);
    const samples = session.upload({
      features: { values, nSamples: batchSize, nFeatures },
      labels: Uint32Array.from({ length: batchSize }, (_, i) => i % nOutputs),
    });
    const rows = (steps: number): Uint32Array =>
      Uint32Array.from({ length: steps * batchSize }, (_, i) => i % batchSize);
    const options = { batchSize, learningRate: 1e-3 };
    session.trainSteps(samples, rows(warmSteps), options);
    await session.synchronize();
    const begin = now();
    session.trainSteps(samples, rows(timedSteps), options);
    await session.synchronize();
    return ((now() - begin) * 1000) / timedSteps;
  } finally {
    session.dispose();
  }
}
