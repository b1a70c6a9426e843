import {
  activationPatterns,
  type Backend,
  type BlockKind,
  createMlp,
  createRandom,
  type FloatArray,
  gateBits,
  modelShape,
  type ModelSpec,
  optimizerDefaults,
  pathBudget,
  reduceSizes,
  type Samples,
  selectPaths,
  type Session,
  type SamplesHandle,
  type TrainingSpec,
} from "@glai/core";

/** Sizes, batch and views of the paper's Tables 1 and 2; samples of one pass over the training split. */
export const stepShapes = {
  A1: { sizes: [384, 256, 37], batch: 16, views: 1, samples: 3_680 }, // Oxford Pets, trainval
  A2: { sizes: [768, 128, 4], batch: 16, views: 1, samples: 560_000 }, // DBPedia-14
  B1: { sizes: [1280, 640, 128], batch: 16, views: 2, samples: 5_000 }, // STL-10, labelled
  B2: { sizes: [768, 768, 128], batch: 16, views: 2, samples: 36_718 }, // WikiText-2, lines
  C1: { sizes: [576, 256, 5], batch: 16, views: 1, samples: 19_280 }, // Omniglot, background
  C2: { sizes: [768, 512, 4], batch: 32, views: 1, samples: 120_000 }, // AGNews
} as const;

export type StepShape = keyof typeof stepShapes;

const reduction = 0.5; // ρ of Table 2
const nSamples = 1024; // made up; rows repeat
export const learningRate = 1e-3;

/** One model of a shape as a backend would train it. */
export interface StepProblem {
  readonly model: "mlp" | BlockKind;
  readonly spec: ModelSpec;
  readonly training: TrainingSpec;
  readonly parameters: FloatArray;
  readonly samples: Samples;
  readonly nParameters: number;
}

/** The MLP of a shape, then the estimators that the paper's protocol cuts from an untrained reduced network. */
export function stepProblems(shape: StepShape): readonly StepProblem[] {
  const { sizes, views } = stepShapes[shape];
  const [nFeatures, , nOutputs] = sizes;
  const random = createRandom(16).split(shape);
  const values = random.split("features");
  const labels = random.split("labels");
  const features = {
    values: Float32Array.from({ length: nSamples * nFeatures }, () => values.normal()),
    nSamples,
    nFeatures,
  };
  const samples = {
    features,
    labels: Uint32Array.from({ length: nSamples }, () => labels.integer(nOutputs)),
  };
  const network = createMlp(sizes, random.split("network"));
  const mlp: StepProblem = {
    model: "mlp",
    spec: { kind: "mlp", sizes },
    training: trainingOf(views, { ...optimizerDefaults.sgd, weightDecay: 1e-3 }),
    parameters: network.parameters,
    samples,
    nParameters: network.parameters.length,
  };
  const reducedSizes = reduceSizes(sizes, reduction, { rule: "any" });
  const reduced = createMlp(reducedSizes, random.split("reduced"));
  const { keep } = pathBudget(sizes, reducedSizes);
  const patterns = activationPatterns(reduced, features);
  const estimators = (["path", "block16", "slab"] as const).map((block): StepProblem => {
    const selection = selectPaths(reduced, features, patterns, { block, budget: { keep } });
    const spec = { kind: "estimator", selection } as const;
    return {
      model: block,
      spec,
      training: trainingOf(views, { ...optimizerDefaults.adamw, weightDecay: 0.1 }),
      parameters: selection.weights,
      samples: { ...samples, gates: gateBits(selection.gates, patterns) },
      nParameters: modelShape(spec).nParameters,
    };
  });
  return [mlp, ...estimators];
}

/** Two views differ by their dropout, which is what infoNCE contrasts. */
function trainingOf(views: number, optimizer: TrainingSpec["optimizer"]): TrainingSpec {
  if (views === 1) return { loss: { kind: "crossEntropy" }, optimizer };
  return {
    loss: { kind: "infoNCE", temperature: 0.1 },
    optimizer,
    dropout: { rate: 0.1, seed: 1 },
  };
}

/** A session that holds the problem, and the samples in it. */
export async function openProblem(
  backend: Backend,
  { spec, training, parameters, samples }: StepProblem,
): Promise<{ session: Session; handle: SamplesHandle }> {
  const session = await backend.prepare(spec, training);
  session.write("parameters", parameters);
  return { session, handle: session.upload(samples) };
}

/** Rows of so many batches, spread over the samples. */
export function rowsOf(nSteps: number, batch: number): Uint32Array {
  return Uint32Array.from({ length: nSteps * batch }, (_, i) => (i * 37) % nSamples);
}
