import {
  activationPatterns,
  type Budget,
  type Features,
  type FloatArray,
  type GateTable,
  getBit,
  GlaiError,
  type HeadBody,
  type PathSelection,
  pruneSelection,
} from "@glai/core";

export type KernelBody = Extract<HeadBody, { kind: "kernel" }>;
export type EstimatorBody = Extract<HeadBody, { kind: "estimator" }>;

/**
 * A kernel head over a finite selector of one hidden layer as the estimator over all its paths:
 * `w_p = Σ_n α_n c_p(x_n)`, the same function up to rounding. With overlaps `s ⟨a, a'⟩ + t` and inputs
 * `c ⟨x, x'⟩ + d` the paths of hidden units carry the weight `s`, the always-open ones (linear skip) `t`, those
 * of inputs `c` and those of biases `d`. Theorem 2 holds for these weights: a `budget` prunes them, and the
 * certificate (against the estimator over all paths, on up to 1,000 support samples) is part of the result. Takes
 * nSupport · nInputs · nOutputs · (open gates) multiplications.
 *
 * Throws `unsupported` for another kernel, or a selector of another depth, whose kernel expands into more
 * gates than it has units.
 *
 * @example
 * const { selection } = pathWeights(body, { mu: 0.1 });
 * selection.certificate.bound; // what a tenth of the paths can be off by, summed over outputs
 */
export function pathWeights(body: KernelBody, budget: Budget = { mu: 1 }): EstimatorBody {
  const { kernel, selector, support, coefficients, intercept } = body;
  if (!hasPathWeights(body) || kernel.kind !== "path" || selector === undefined) {
    const depth = selector === undefined ? "" : ` and ${selector.sizes.length - 2} hidden layers`;
    throw new GlaiError(
      "unsupported",
      `Expected a path kernel over a selector of one hidden layer but the head has kernel ${kernel.kind}${depth}.`,
      {
        hint: "Keep it as a kernel expansion, or solve with selector.kind=trained and one hidden width.",
      },
    );
  }
  const [nInputs, nUnits, nOutputs] = selector.sizes;
  const slabs = (nInputs + 1) * nOutputs; // weights of one gate
  const weights = new Float64Array((nUnits + 1) * slabs); // [gate, origin, output]; the last gate is always open
  const [open] = activationPatterns(selector, support).layers;
  const row = new Float64Array(slabs); // c_origin(x_n) α_n
  for (let n = 0; n < support.nSamples; n++) {
    const x = support.values.subarray(n * nInputs, (n + 1) * nInputs);
    fillOuter(row, x, kernel, coefficients.subarray(n * nOutputs, (n + 1) * nOutputs));
    for (let unit = 0; unit < nUnits; unit++) {
      if (getBit(open, n, unit) === 1) add(weights, unit * slabs, row, kernel.overlapScale[0]);
    }
    add(weights, nUnits * slabs, row, kernel.overlapShift);
  }
  for (let o = 0; o < nOutputs; o++) weights[weights.length - nOutputs + o] += intercept[o];
  const sample = firstRows(support, certifiedOn);
  const patterns = activationPatterns(selector, sample);
  const all = allSlabs(selector.sizes, weights);
  const selection = pruneSelection(all, weights, sample, patterns, budget);
  return { kind: "estimator", selector, selection, weights: selection.weights };
}

const certifiedOn = 1000; // support samples

/** Whether `pathWeights` takes this head. */
export function hasPathWeights({ kernel, selector }: KernelBody): boolean {
  return kernel.kind === "path" && selector?.sizes.length === 3;
}

/**
 * Multiplications to predict one sample: the expansion compares it with every support sample; the estimator
 * adds the slabs of open gates (half of them, on average) and the linear skip.
 */
export function predictionCosts({ selector, support, intercept }: KernelBody): {
  readonly kernel: number;
  readonly paths: number;
} {
  const width = support.nFeatures + 1;
  const nUnits = selector?.sizes[1] ?? 0;
  const gates = nUnits * width; // to know which are open, in either form
  return {
    kernel: gates + support.nSamples * (width + nUnits / 32 + intercept.length),
    paths: gates + (nUnits / 2 + 1) * width * intercept.length,
  };
}

/** row[origin, output]: c x_i α_o for the inputs, then d α_o for the bias. */
function fillOuter(
  row: Float64Array,
  x: FloatArray,
  { scale, shift }: { readonly scale: number; readonly shift: number },
  alpha: FloatArray,
): void {
  let at = 0;
  for (const value of x) for (const a of alpha) row[at++] = scale * value * a;
  for (const a of alpha) row[at++] = shift * a;
}

function add(to: Float64Array, start: number, row: Float64Array, factor: number): void {
  for (let k = 0; k < row.length; k++) to[start + k] += factor * row[k];
}

/** Every slab of a network with one hidden layer and of its linear skip, before anything is known of their masses. */
function allSlabs(sizes: readonly number[], weights: Float64Array): PathSelection {
  const [nInputs, nUnits] = sizes;
  const nOrigins = nInputs + 1;
  const nBlocks = (nUnits + 1) * nOrigins;
  const gates: GateTable = {
    nGates: nUnits + 1,
    depth: 1,
    firstLayer: new Uint8Array(nUnits + 1).fill(1).fill(2, nUnits), // 2: the empty gate
    units: Uint32Array.from({ length: nUnits + 1 }, (_, gate) => (gate < nUnits ? gate : 0)),
  };
  return {
    sizes: [...sizes],
    block: "slab",
    gates,
    nBlocks,
    nPaths: weights.length,
    gateOf: Uint32Array.from({ length: nBlocks }, (_, b) => Math.floor(b / nOrigins)),
    originOf: Uint32Array.from({ length: nBlocks }, (_, b) => b % nOrigins),
    outputOf: new Uint32Array(nBlocks),
    weights,
    certificate: {
      paths: BigInt(weights.length),
      kept: weights.length,
      totalMass: Number.NaN, // pruneSelection measures what the caller gets
      keptMass: Number.NaN,
      bound: 0,
      measuredError: 0,
      nSamples: 0,
    },
  };
}

/** The first `count` samples, as views. */
function firstRows({ values, nSamples, nFeatures }: Features, count: number): Features {
  const n = Math.min(nSamples, count);
  return { values: values.subarray(0, n * nFeatures), nSamples: n, nFeatures };
}
