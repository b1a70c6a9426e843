import type { Features, Preprocessing } from "@glai/core";
import { transformFeatures } from "../preprocessing/apply.js";
import { fitPreprocessing } from "../preprocessing/fit.js";
import type { PreparedFeatures, RunContext } from "../run-context.js";
import { runPhase } from "./phase.js";

/** Fits on the training split and transforms both. What a resumed run has to do again is not counted. */
export async function preprocess(run: RunContext): Promise<PreparedFeatures> {
  const { backend, dataset, pacer, protocol, state, stopwatch } = run;
  const { linearAlgebra: algebra } = backend;
  const fitted = state.preprocessing;
  const apply = (preprocessing: Preprocessing, features: Features): Promise<Features> =>
    transformFeatures(preprocessing, features, algebra, pacer);
  return runPhase(run, "preprocess", fitted ? "outside" : "preprocess", async () => {
    const options = { pacer, ...(algebra && { algebra }) };
    const preprocessing =
      fitted ?? (await fitPreprocessing(protocol.preprocessing, dataset.train.features, options));
    const train = await apply(preprocessing, dataset.train.features);
    const validation = await stopwatch.during(fitted ? "outside" : "evaluation", () =>
      apply(preprocessing, dataset.validation.features),
    );
    state.preprocessing = preprocessing;
    return { train, validation };
  });
}
