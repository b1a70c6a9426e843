import {
  activationPatterns,
  applyPreprocessing,
  blockWidth,
  type Certificate,
  type Features,
  gateBits,
  getBit,
  type HeadModel,
  measurePruningError,
  pathCount,
  type PathSelection,
  totalMass,
} from "@glai/core";

/** A head that was cut from a network. */
export type EstimatorModel = HeadModel & {
  readonly body: Extract<HeadModel["body"], { kind: "estimator" }>;
};

/**
 * The certificate of a GLAI head, computed anew from what is in its file: the selector, the kept paths
 * with their weights at selection time, and the samples Ω as the backbone made them. Norms are counted
 * path by path here, not by the algorithm that chose the paths.
 */
export function recomputeCertificate(model: EstimatorModel, omega: Features): Certificate {
  const { selector, selection } = model.body;
  const features = applyPreprocessing(model.preprocessing, omega);
  const { kept, keptMass } = keptPaths(selection, features, activationPatterns(selector, features));
  const total = totalMass(selector, features);
  return {
    paths: pathCount(selector.sizes),
    kept,
    totalMass: total,
    keptMass,
    bound: Math.max(0, total - keptMass),
    measuredError: measurePruningError(selector, selection, features),
    nSamples: features.nSamples,
  };
}

/** Σ |w_p| ‖c_p‖₁ over the kept paths. Those that a linear skip added begin at weight 0 and are not counted. */
function keptPaths(
  selection: PathSelection,
  features: Features,
  patterns: ReturnType<typeof activationPatterns>,
): { readonly kept: number; readonly keptMass: number } {
  const { gates, gateOf, originOf, weights, nBlocks } = selection;
  const open = gateBits(gates, patterns); // [nSamples, nGates]
  let kept = 0;
  let keptMass = 0;
  let next = 0; // of the block's weights
  for (let b = 0; b < nBlocks; b++) {
    const gate = gateOf[b] ?? 0;
    const isEmpty = gates.firstLayer[gate] === gates.depth + 1;
    const norm = blockNorm(
      features,
      originOf[b] ?? 0,
      (sample) => getBit(open, sample, gate) === 1,
    );
    for (const end = next + blockWidth(selection, b); next < end; next++) {
      const weight = Math.abs(weights[next] ?? 0);
      if (!isEmpty || weight > 0) kept++;
      keptMass += weight * norm;
    }
  }
  return { kept, keptMass };
}

/** Mean over the samples of |x_origin| where the gate is open; the origin after the last input is the constant 1. */
function blockNorm(
  { values, nSamples, nFeatures }: Features,
  origin: number,
  isOpen: (sample: number) => boolean,
): number {
  let sum = 0;
  for (let sample = 0; sample < nSamples; sample++) {
    if (!isOpen(sample)) continue;
    sum += origin === nFeatures ? 1 : Math.abs(values[sample * nFeatures + origin] ?? 0);
  }
  return sum / nSamples;
}

/** What two certificates disagree on, in words; numbers may differ by rounding. */
export function certificateProblems(stored: Certificate, recomputed: Certificate): string[] {
  const problems: string[] = [];
  for (const key of ["paths", "kept", "nSamples"] as const) {
    if (stored[key] !== recomputed[key]) {
      problems.push(`${key} is ${stored[key]} in the file but ${recomputed[key]} recomputed.`);
    }
  }
  const tolerance = 1e-6 * recomputed.totalMass; // masses may have been summed in float32
  for (const key of ["totalMass", "keptMass", "bound", "measuredError"] as const) {
    if (!(Math.abs(stored[key] - recomputed[key]) <= tolerance)) {
      problems.push(`${key} is ${stored[key]} in the file but ${recomputed[key]} recomputed.`);
    }
  }
  if (recomputed.measuredError > recomputed.bound + tolerance) {
    problems.push(
      `The measured error ${recomputed.measuredError} exceeds the bound ${recomputed.bound}.`,
    );
  }
  return problems;
}
