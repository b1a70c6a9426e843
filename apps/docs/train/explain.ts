import {
  activationPatterns,
  applyPreprocessing,
  blockWidth,
  gateBits,
  getBit,
  GlaiError,
  type HeadModel,
  pathsOf,
  softmax,
  type Split,
} from "@glai/core";
import { takeRows } from "@glai/io";

/** One path's part in a logit. */
export interface PathTerm {
  readonly origin: number | "bias"; // input column
  readonly units: readonly number[]; // of the gate, one per hidden layer crossed; none: always open
  readonly weight: number; // w_p, trained
  readonly contribution: number; // c_p(x)
  readonly product: number; // w_p · c_p(x)
}

/** Why a path head scored one class of one sample as it did. */
export interface Explanation {
  readonly sample: number; // row of the split
  readonly label: number;
  readonly predicted: number;
  readonly probability: number; // of the predicted class
  readonly logit: number; // of the predicted class: the sum of all its paths
  readonly openPaths: number; // paths into that class whose gate is open
  readonly paths: number; // kept paths into that class
  readonly top: readonly PathTerm[]; // largest |w_p c_p(x)| first
}

/**
 * The largest terms of y(x)_o = Σ w_p c_p(x) for the class o that the head predicts (Theorem 1). Throws
 * `bad-argument` for a head that is no path head.
 */
export function explainSample(
  { body, head, preprocessing, temperature = 1 }: HeadModel,
  split: Split,
  sample: number,
  count = 10,
): Explanation {
  if (body.kind !== "estimator") {
    throw new GlaiError(
      "bad-argument",
      `Expected a path head but ${head} is of kind ${body.kind}.`,
    );
  }
  const { selector, selection, weights } = body;
  const row = takeRows(split, Uint32Array.of(sample));
  const features = applyPreprocessing(preprocessing, row.features);
  const gates = gateBits(selection.gates, activationPatterns(selector, features));
  const nInputs = selection.sizes[0];
  const nOutputs = selection.sizes[selection.sizes.length - 1];

  const open = openPaths();
  const logits = new Float64Array(nOutputs);
  for (const { output, term } of open) logits[output] += term.product;
  const predicted = logits.indexOf(Math.max(...logits));
  const mine = open.filter(({ output }) => output === predicted).map(({ term }) => term);
  const scaled = logits.map((logit) => logit / temperature);
  const probabilities = softmax({ values: scaled, nRows: 1, nColumns: nOutputs });
  return {
    sample,
    label: row.labels[0],
    predicted,
    probability: probabilities.values[predicted],
    logit: logits[predicted],
    openPaths: mine.length,
    paths: [...pathsOf(selection)].filter(({ output }) => output === predicted).length,
    top: mine.toSorted((a, b) => Math.abs(b.product) - Math.abs(a.product)).slice(0, count),
  };

  function openPaths(): { readonly output: number; readonly term: PathTerm }[] {
    const found: { output: number; term: PathTerm }[] = [];
    const isOpen = Array.from({ length: selection.gates.nGates }, (_, g) => getBit(gates, 0, g));
    let block = 0;
    let end = widthOf(0);
    let p = 0;
    for (const { origin, units, output } of pathsOf(selection)) {
      if (p === end) end += widthOf(++block);
      if (isOpen[selection.gateOf[block]] === 1) {
        const contribution = origin === nInputs ? 1 : features.values[origin];
        const weight = weights[p];
        const from = origin === nInputs ? "bias" : origin;
        const product = weight * contribution;
        found.push({ output, term: { origin: from, units, weight, contribution, product } });
      }
      p++;
    }
    return found;
  }

  function widthOf(block: number): number {
    return selection.nBlocks === 0 ? 0 : blockWidth(selection, block);
  }
}
