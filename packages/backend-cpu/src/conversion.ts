import {
  type ActivationPatterns,
  type ConversionKernels,
  createBitMatrix,
  type Features,
  type GateTable,
  GlaiError,
  layersOf,
  type Mlp,
  pathCount,
  type PathSelection,
  randomBlocks,
  type Ranking,
  selectPaths,
  type SelectionRequest,
  structuralShift,
  totalMass,
} from "@glai/core";

/** Where a pre-activation was NaN. */
export interface NanPlace {
  readonly layer: number; // 0: the first hidden layer
  readonly sample: number;
  readonly unit: number;
}

/** A selection from one hidden layer, for the kernels. */
export interface SelectCall {
  readonly span: number; // outputs per block
  readonly keep: number; // paths, or −1: by maxError
  readonly maxError: number;
  readonly isRelative: boolean; // ranked by the share of the origin; then never by maxError
  readonly linearSkip: boolean;
  readonly memoryLimit: number; // bytes
  readonly chosen?: Uint32Array; // instead of a ranking: slabs by position, ascending (core's randomBlocks)
  readonly fillsWords: boolean; // with the patterns, first
}

export interface SelectedBlocks {
  readonly gateUnits: Uint32Array; // [nGates] the number of units stands for the empty gate
  readonly gateOf: Uint32Array; // [nBlocks]
  readonly originOf: Uint32Array; // [nBlocks]
  readonly outputOf: Uint32Array; // [nBlocks]
  readonly weights: Float64Array; // [nPaths]
  readonly kept: number;
  readonly totalMass: number;
  readonly keptMass: number;
  readonly bound: number;
  readonly measuredError: number;
}

/**
 * The conversion kernels of a tier. Shapes were checked. `undefined` from `select` and `totalMass` means that
 * a number is not finite, or that the selection does not fit: core's function of the same name then says which.
 */
export interface ConversionCalls {
  /** Fills `words[l]`, [nSamples, nWords] of hidden layer l; the first NaN, if any. */
  patterns(
    network: Mlp,
    features: Features,
    words: readonly Uint32Array[],
  ): Promise<NanPlace | undefined>;
  select(
    network: Mlp,
    features: Features,
    words: Uint32Array,
    call: SelectCall,
  ): Promise<SelectedBlocks | NanPlace | undefined>;
  /** Closed form 1 summed over samples, to be divided by nSamples · E / nOutputs. */
  shift(before: ActivationPatterns, after: ActivationPatterns, features: Features): Promise<number>;
  totalMass(network: Mlp, features: Features): Promise<number | undefined>;
}

/**
 * Core's `ConversionKernels` over the kernels of a tier. Products run in the precision of the features; path
 * norms, scores and masses are float64 in core's order of operations, so the kept set is core's, ties
 * included. Selections of deeper networks, random ranks of anything but slabs, and other ranks than Theorem 2's by
 * maxError are core's own functions.
 *
 * @example
 * const conversion = createCpuBackend().conversion!;
 * const patterns = await conversion.activationPatterns(network, features);
 * const selection = await conversion.selectPaths(network, features, patterns, {
 *   block: "path",
 *   budget: { keep: 450_880 },
 * });
 */
export function createConversion(calls: ConversionCalls): ConversionKernels {
  const select = async (
    network: Mlp,
    features: Features,
    patterns: ActivationPatterns,
    request: SelectionRequest,
    fillsWords: boolean,
  ): Promise<PathSelection | undefined> => {
    const call = selectCall(network, features, patterns, request, fillsWords);
    const selected =
      call && (await calls.select(network, features, patterns.layers[0].words, call));
    if (selected === undefined) return undefined;
    if ("layer" in selected) throw nanError(selected);
    return selectionOf(network, features, request, selected);
  };

  const conversion: ConversionKernels = {
    async activationPatterns(network, features) {
      const patterns = emptyPatterns(network, features);
      if (patterns.layers.length === 0 || features.nSamples === 0) return patterns;
      const nan = await calls.patterns(
        network,
        features,
        patterns.layers.map(({ words }) => words),
      );
      if (nan === undefined) return patterns;
      throw nanError(nan);
    },

    async selectPaths(network, features, patterns, request) {
      const selection = await select(network, features, patterns, request, false);
      return selection ?? selectPaths(network, features, patterns, request);
    },

    async convert(network, features, request) {
      const patterns = emptyPatterns(network, features);
      const selection = await select(network, features, patterns, request, true);
      if (selection !== undefined) return { patterns, selection };
      const own = await conversion.activationPatterns(network, features);
      return { patterns: own, selection: selectPaths(network, features, own, request) };
    },

    async structuralShift(before, after, features, nOutputs) {
      if (!areComparable(before, after, features))
        return structuralShift(before, after, features, nOutputs); // which says what is wrong
      const sum = await calls.shift(before, after, features);
      if (!Number.isFinite(sum)) return structuralShift(before, after, features, nOutputs);
      const hidden = before.layers.map((layer) => layer.nColumns);
      const paths = pathCount([features.nFeatures, ...hidden, nOutputs]);
      return (nOutputs * sum) / (features.nSamples * Number(paths));
    },

    async totalMass(network, features) {
      layersOf(network);
      const mass = isFilled(network, features)
        ? await calls.totalMass(network, features)
        : undefined;
      return mass ?? totalMass(network, features);
    },
  };
  return conversion;
}

/** Room for the patterns; throws what is wrong with the shapes. */
function emptyPatterns(network: Mlp, features: Features): ActivationPatterns {
  layersOf(network); // checks sizes and parameters
  checkShape(network, features);
  const { nSamples } = features;
  const layers = network.sizes.slice(1, -1).map((n) => createBitMatrix(nSamples, n));
  return { layers, nSamples };
}

function nanError({ layer, sample, unit }: NanPlace): GlaiError {
  return new GlaiError(
    "bad-data",
    `Expected numbers but the pre-activation of layer ${layer + 1} unit ${unit} is NaN for sample ${sample}.`,
    { hint: "Look for NaN or Inf in the features or the weights: glai inspect." },
  );
}

function checkShape(network: Mlp, { values, nSamples, nFeatures }: Features): void {
  const { sizes } = network;
  if (nFeatures !== sizes[0])
    throw new GlaiError(
      "bad-argument",
      `Expected features of width ${sizes[0]} for sizes [${sizes.join(", ")}] but received ${nFeatures}.`,
      { hint: "Use the data the network was trained on, or one with as many columns." },
    );
  if (!isFloats(values) || values.length !== nSamples * nFeatures)
    throw new GlaiError(
      "bad-argument",
      `Expected ${nSamples} × ${nFeatures} feature values but received ${values.length}.`,
    );
}

function isFloats(values: unknown): boolean {
  return values instanceof Float32Array || values instanceof Float64Array;
}

/** Features and parameters as the kernels want them: at least one sample, one hidden layer. */
function isFilled({ sizes, parameters }: Mlp, { values, nSamples, nFeatures }: Features): boolean {
  return (
    sizes.length > 2 &&
    nFeatures === sizes[0] &&
    nSamples > 0 &&
    values.length === nSamples * nFeatures &&
    isFloats(values) &&
    isFloats(parameters)
  );
}

function arePatternsOf(patterns: ActivationPatterns, nSamples: number): boolean {
  return (
    patterns.nSamples === nSamples &&
    patterns.layers.every(
      ({ words, nRows, nColumns, nWords }) =>
        words instanceof Uint32Array &&
        nRows === nSamples &&
        nWords === 2 * Math.ceil(nColumns / 64) &&
        words.length === nRows * nWords,
    )
  );
}

function areComparable(
  before: ActivationPatterns,
  after: ActivationPatterns,
  { values, nSamples, nFeatures }: Features,
): boolean {
  return (
    nSamples > 0 &&
    nFeatures > 0 &&
    isFloats(values) &&
    values.length === nSamples * nFeatures &&
    before.layers.length > 0 &&
    before.layers.length === after.layers.length &&
    before.layers.every((layer, l) => layer.nColumns === after.layers[l].nColumns) &&
    arePatternsOf(before, nSamples) &&
    arePatternsOf(after, nSamples)
  );
}

const defaultMemoryLimit = 512 * 2 ** 20; // as in core

/** The request for the kernels; undefined where core serves it, or has to say what is wrong with it. */
function selectCall(
  network: Mlp,
  features: Features,
  patterns: ActivationPatterns,
  request: SelectionRequest,
  fillsWords: boolean,
): SelectCall | undefined {
  const { block, budget, rank, linearSkip = false, memoryLimit = defaultMemoryLimit } = request;
  const { sizes } = network;
  const span = spanOf(block, sizes[sizes.length - 1]);
  const budgets = Object.values(budget).filter((value) => value !== undefined);
  const nGroups = Math.ceil(sizes[sizes.length - 1] / (span ?? 1));
  const isServed =
    sizes.length === 3 &&
    span !== undefined &&
    isServedRank(rank, nGroups) &&
    budgets.length === 1 &&
    isFilled(network, features) &&
    arePatternsOf(patterns, features.nSamples) &&
    patterns.layers.length === 1 &&
    patterns.layers[0].nColumns === sizes[1];
  if (!isServed) return undefined;
  layersOf(network);
  const [nInputs, nUnits] = sizes;
  const isRelative = rank?.kind === "relative";
  const perOrigin = isRelative ? 48 : 40;
  const factors = nUnits * ((nInputs + 1) * perOrigin + nGroups * 32); // bytes of norms, scores and their order
  const forBlocks = (memoryLimit - factors) / 2; // the kernels' arrays, then the copies that are returned
  const call = { span, isRelative, linearSkip, memoryLimit: forBlocks, fillsWords };
  if ("maxError" in budget && budget.maxError !== undefined)
    return budget.maxError >= 0 && !isRelative && rank?.kind !== "random"
      ? { ...call, keep: -1, maxError: budget.maxError }
      : undefined;
  const allPaths = Number(pathCount(sizes));
  const keep = wantedPaths(budget, allPaths);
  if (!Number.isSafeInteger(keep) || keep < span) return undefined;
  const paths = { ...call, keep: Math.min(keep, allPaths), maxError: 0 };
  if (rank?.kind !== "random") return paths;
  const count = Math.floor(paths.keep / span);
  const nBlocks = nUnits * (nInputs + 1) + 1;
  if (nBlocks >= 2 ** 32 || count * bytesPerDraw > forBlocks) return undefined;
  return { ...paths, chosen: randomBlocks(nBlocks, count, rank.seed) };
}

const bytesPerDraw = 80; // as in core

function isServedRank(rank: Ranking = { kind: "theorem2" }, nGroups: number): boolean {
  return (
    rank.kind === "theorem2" ||
    rank.kind === "relative" ||
    (rank.kind === "random" && nGroups === 1)
  );
}

function wantedPaths(budget: SelectionRequest["budget"], allPaths: number): number {
  const { keep, mu = NaN } = budget as { readonly keep?: number; readonly mu?: number };
  if (keep !== undefined) return keep;
  return mu > 0 && mu <= 1 ? Math.round(mu * allPaths) : NaN;
}

function spanOf(block: SelectionRequest["block"], nOutputs: number): number | undefined {
  switch (block) {
    case "path":
      return 1;
    case "block16":
      return Math.min(16, nOutputs);
    case "slab":
      return nOutputs;
    default:
      return block satisfies never;
  }
}

function selectionOf(
  { sizes }: Mlp,
  { nSamples }: Features,
  { block }: SelectionRequest,
  selected: SelectedBlocks,
): PathSelection {
  const { gateUnits, gateOf, originOf, outputOf, weights } = selected;
  const isEmpty = (unit: number): boolean => unit === sizes[1];
  const gates: GateTable = {
    nGates: gateUnits.length,
    depth: 1,
    firstLayer: Uint8Array.from(gateUnits, (unit) => (isEmpty(unit) ? 2 : 1)),
    units: gateUnits.map((unit) => (isEmpty(unit) ? 0 : unit)),
  };
  return {
    sizes: [...sizes],
    block,
    gates,
    nBlocks: gateOf.length,
    nPaths: weights.length,
    gateOf,
    originOf,
    outputOf,
    weights,
    certificate: {
      paths: pathCount(sizes),
      kept: selected.kept,
      totalMass: selected.totalMass,
      keptMass: selected.keptMass,
      bound: selected.bound,
      measuredError: selected.measuredError,
      nSamples,
    },
  };
}
