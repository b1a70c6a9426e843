import type { Backend, Sizes } from "@glai/core";

const warmSteps = 3;
const timedSteps = 10;

/**
 * Microseconds of one training step of an MLP of these sizes, on made-up data: what a choice among backends rests on.
 *
 * @throws what `prepare` and training throw on this backend
 * @example
 * await measureStep(backend, { sizes: [384, 256, 10], batchSize: 16 }, () => performance.now());
 */
export async function measureStep(
  backend: Backend,
  { sizes, batchSize }: { readonly sizes: Sizes; readonly batchSize: number },
  now: () => number,
): Promise<number> {
  const nFeatures = sizes[0];
  const nOutputs = sizes[sizes.length - 1];
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
