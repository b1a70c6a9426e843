import { activationPatterns } from "../activation-patterns.js";
import type { Features } from "../arrays.js";
import type { Backend } from "../backend.js";
import { getBit } from "../bits.js";
import type { ActivationPatterns, ConversionKernels, SelectionRequest } from "../conversion.js";
import { blockWidth } from "../estimator.js";
import { createMlp, forEachChunk, type Mlp } from "../mlp.js";
import { createRandom } from "../random.js";
import { selectPaths } from "../select-paths.js";
import type { BlockKind, PathSelection } from "../selection.js";
import { structuralShift } from "../structural-shift.js";
import { totalMass } from "../total-mass.js";
import { type ConformanceCheck, expectThat, fail } from "./check.js";
import { expectClose } from "./compare.js";
import { expectError } from "./expect-error.js";
import { exampleFeatures } from "./models.js";
import { type Tolerances, tolerances } from "./tolerances.js";

/** A network before and after some training, and the samples Ω. */
interface Example {
  readonly name: string;
  readonly network: Mlp;
  readonly later: Mlp;
  readonly features: Features;
}

/** The conversion phase against core's functions of the same names, for backends that offer it. */
export function conversionChecks(): ConformanceCheck[] {
  const examples = [example([13, 37, 20]), example([70, 9, 1]), example([6, 11, 5, 18])];
  return [
    ...examples.flatMap((one) => [patternsCheck(one), shiftCheck(one), massCheck(one)]),
    ...examples.flatMap((one) => requests.map((request) => selectionCheck(one, request))),
    ...examples.map(convertCheck),
    nanCheck(examples[0]),
  ];
}

const requests: readonly SelectionRequest[] = [
  { block: "path", budget: { keep: 300 } },
  { block: "path", budget: { mu: 0.1 }, linearSkip: true },
  { block: "slab", budget: { keep: 400 } },
  { block: "slab", budget: { mu: 1 }, linearSkip: true },
  { block: "block16", budget: { keep: 333 } },
  { block: "path", budget: { keep: 280 }, rank: { kind: "relative" } },
  { block: "slab", budget: { mu: 0.2 }, rank: { kind: "relative" } },
  { block: "path", budget: { maxError: 0.4 } },
  { block: "block16", budget: { maxError: 0.2 } },
];

function example(sizes: readonly number[]): Example {
  const random = createRandom(31).split(sizes.join("x"));
  return {
    name: `[${sizes.join(", ")}]`,
    network: createMlp(sizes, random.split("network")),
    later: createMlp(sizes, random.split("later")),
    features: exampleFeatures(60, sizes[0], random.split("features")),
  };
}

function conversionCheck(
  name: string,
  run: (conversion: ConversionKernels, allowed: Tolerances) => Promise<string>,
  block?: BlockKind,
): ConformanceCheck {
  return {
    name: `conversion: ${name}`,
    skipReason(backend, { blocks }) {
      if (!backend.conversion) return "The backend offers no conversion; core's reference serves.";
      const listed = block === undefined || blocks.includes(block);
      return listed ? undefined : `The backend does not list block ${block}.`;
    },
    run: (backend, { precision }) => run(conversionOf(backend), tolerances[precision]),
  };
}

function conversionOf({ conversion }: Backend): ConversionKernels {
  return conversion ?? fail("Expected the backend to offer conversion.");
}

function patternsCheck({ name, network, features }: Example): ConformanceCheck {
  return conversionCheck(
    `activation patterns of ${name} are those of the reference, padding 0`,
    async (conversion, allowed) => {
      const found = await conversion.activationPatterns(network, features);
      const expected = activationPatterns(network, features);
      expectThat(
        found.nSamples === expected.nSamples && found.layers.length === expected.layers.length,
        () => `Expected ${expected.layers.length} layers of ${expected.nSamples} samples.`,
      );
      const nUndecided = expectSamePatterns(found, expected, network, features, allowed.logits);
      return `${nUndecided} units too close to 0 to decide`;
    },
  );
}

/** Bits may differ only where the pre-activation is within rounding of 0. Returns how many are. */
function expectSamePatterns(
  found: ActivationPatterns,
  expected: ActivationPatterns,
  network: Mlp,
  features: Features,
  margin: number,
): number {
  let nUndecided = 0;
  forEachChunk(network, features, (preActivations, firstRow, nRows) => {
    expected.layers.forEach((layer, l) => {
      const bits = found.layers[l];
      expectThat(
        bits.nColumns === layer.nColumns &&
          bits.nWords === layer.nWords &&
          bits.words.length === layer.words.length,
        () => `Expected layer ${l + 1} as ${layer.nColumns} bits in ${layer.nWords} words a row.`,
      );
      for (let row = firstRow; row < firstRow + nRows; row++) {
        for (let unit = 0; unit < 32 * layer.nWords; unit++) {
          const isUnit = unit < layer.nColumns;
          const z = isUnit ? preActivations[l][(row - firstRow) * layer.nColumns + unit] : NaN;
          if (Math.abs(z) <= margin) nUndecided++;
          else {
            expectThat(getBit(bits, row, unit) === getBit(layer, row, unit), () =>
              isUnit
                ? `Expected unit ${unit} of layer ${l + 1} for sample ${row} by the sign of ${z}.`
                : `Expected padding bits of 0 in layer ${l + 1} but sample ${row} has a 1.`,
            );
          }
        }
      }
    });
  });
  return nUndecided;
}

function shiftCheck({ name, network, later, features }: Example): ConformanceCheck {
  const nOutputs = network.sizes[network.sizes.length - 1];
  return conversionCheck(
    `the structural shift of ${name} is that of the reference, and 0 for equal patterns`,
    async (conversion, allowed) => {
      const before = activationPatterns(network, features);
      const after = activationPatterns(later, features);
      const none = await conversion.structuralShift(before, before, features, nOutputs);
      expectThat(none === 0, () => `Expected no shift from equal patterns but found ${none}.`);
      const found = await conversion.structuralShift(before, after, features, nOutputs);
      const expected = structuralShift(before, after, features, nOutputs);
      return closeTo("structuralShift", found, expected, allowed.mass);
    },
  );
}

function massCheck({ name, network, features }: Example): ConformanceCheck {
  return conversionCheck(
    `the total mass of ${name} is that of the reference`,
    async (conversion, allowed) => {
      const found = await conversion.totalMass(network, features);
      return closeTo("totalMass", found, totalMass(network, features), allowed.mass);
    },
  );
}

function closeTo(name: string, found: number, expected: number, allowed: number): string {
  const difference = expectClose(name, Float64Array.of(found), Float64Array.of(expected), allowed);
  return `largest difference ${difference.toExponential(1)}`;
}

function selectionCheck(
  { name, network, features }: Example,
  request: SelectionRequest,
): ConformanceCheck {
  const skip = request.linearSkip ? " with linear skip" : "";
  const rank = request.rank ? ` ranked ${request.rank.kind}` : "";
  return conversionCheck(
    `${request.block}s of ${name} for ${JSON.stringify(request.budget)}${rank}${skip} are those of the reference`,
    async (conversion, allowed) => {
      const patterns = activationPatterns(network, features);
      const found = await conversion.selectPaths(network, features, patterns, request);
      const expected = selectPaths(network, features, patterns, request);
      expectWellFormed(found, expected);
      const certificate = expectCertificate(found, expected, request, allowed.mass);
      const nOthers = expectSameBlocks(found, expected, allowed);
      return `${certificate}, ${nOthers} blocks at the cut differ`;
    },
    request.block,
  );
}

function convertCheck({ name, network, features }: Example): ConformanceCheck {
  return conversionCheck(
    `convert of ${name} is its patterns and the selection on them`,
    async (conversion, allowed) => {
      const request: SelectionRequest = { block: "slab", budget: { keep: 400 } };
      const { patterns, selection } = await conversion.convert(network, features, request);
      const own = activationPatterns(network, features);
      expectSamePatterns(patterns, own, network, features, allowed.logits);
      const expected = selectPaths(network, features, patterns, request);
      expectWellFormed(selection, expected);
      const certificate = expectCertificate(selection, expected, request, allowed.mass);
      const nOthers = expectSameBlocks(selection, expected, allowed);
      return `${certificate}, ${nOthers} blocks at the cut differ`;
    },
    "slab",
  );
}

/** Shapes, and canonical order: blocks ascend by (gate, origin, output). */
function expectWellFormed(found: PathSelection, { sizes, block, gates }: PathSelection): void {
  const { nBlocks, nPaths, gateOf, originOf, outputOf, weights } = found;
  expectThat(
    found.block === block &&
      found.sizes.join() === sizes.join() &&
      found.gates.depth === gates.depth,
    () =>
      `Expected ${block}s of sizes [${sizes.join(", ")}] but received ${found.block}s of [${found.sizes.join(", ")}].`,
  );
  let width = 0;
  for (let b = 0; b < nBlocks; b++) {
    width += blockWidth(found, b);
    expectThat(
      b === 0 ||
        gateOf[b - 1] < gateOf[b] ||
        (gateOf[b - 1] === gateOf[b] &&
          (originOf[b - 1] < originOf[b] ||
            (originOf[b - 1] === originOf[b] && outputOf[b - 1] < outputOf[b]))),
      () => `Expected blocks to ascend by (gate, origin, output) but block ${b} does not.`,
    );
  }
  expectThat(
    gateOf.length === nBlocks &&
      originOf.length === nBlocks &&
      outputOf.length === nBlocks &&
      weights.length === nPaths &&
      width === nPaths,
    () => `Expected ${nBlocks} blocks of ${nPaths} paths but the arrays have other lengths.`,
  );
}

function expectCertificate(
  { certificate: found, nPaths }: PathSelection,
  { certificate: expected }: PathSelection,
  { budget, linearSkip = false }: SelectionRequest,
  allowed: number,
): string {
  const { totalMass: total } = expected;
  const numbers = ({ totalMass, keptMass, bound, measuredError }: typeof found): Float64Array =>
    Float64Array.of(totalMass, keptMass, bound, measuredError);
  const worst = expectClose(
    "[totalMass, keptMass, bound, measuredError]",
    numbers(found),
    numbers(expected),
    allowed,
  );
  expectThat(
    found.paths === expected.paths && found.nSamples === expected.nSamples,
    () => `Expected ${expected.paths} paths on ${expected.nSamples} samples.`,
  );
  expectThat(
    found.kept === nPaths || linearSkip,
    () => `Expected kept to be the ${nPaths} paths but found ${found.kept}.`,
  );
  expectThat(
    found.measuredError <= found.bound + allowed * total,
    () => `Expected the error ${found.measuredError} to be within the bound ${found.bound}.`,
  );
  if ("keep" in budget) {
    expectThat(
      found.kept <= budget.keep,
      () => `Expected at most ${budget.keep} paths but ${found.kept} were kept.`,
    );
  }
  if ("maxError" in budget) {
    expectThat(
      found.bound <= budget.maxError,
      () => `Expected a bound of at most ${budget.maxError} but found ${found.bound}.`,
    );
  }
  return `largest difference ${worst.toExponential(1)}`;
}

/**
 * The same blocks with the same weights, but for a few whose scores rounding may order otherwise: at
 * most one block in a hundred in float32, none in float64.
 */
function expectSameBlocks(
  found: PathSelection,
  expected: PathSelection,
  allowed: Tolerances,
): number {
  const weightsOf = weightsByBlock(found);
  let nMissing = 0;
  const same: number[][] = [[], []];
  for (const [key, weights] of weightsByBlock(expected)) {
    const others = weightsOf.get(key);
    if (others === undefined) nMissing++;
    else {
      same[0].push(...others);
      same[1].push(...weights);
    }
  }
  const nOthers = nMissing + found.nBlocks - (expected.nBlocks - nMissing);
  const most = allowed === tolerances.float64 ? 0 : Math.ceil(expected.nBlocks / 100);
  expectThat(
    nOthers <= most,
    () => `Expected at most ${most} blocks to differ from the reference but ${nOthers} do.`,
  );
  expectClose("weights", Float64Array.from(same[0]), Float64Array.from(same[1]), allowed.matrix);
  return nOthers;
}

function weightsByBlock(selection: PathSelection): Map<string, Float64Array> {
  const { gates, gateOf, originOf, outputOf, weights, nBlocks } = selection;
  const map = new Map<string, Float64Array>();
  let path = 0;
  for (let b = 0; b < nBlocks; b++) {
    const gate = gateOf[b];
    const units = gates.units.subarray(gate * gates.depth, (gate + 1) * gates.depth);
    const width = blockWidth(selection, b);
    const key = [gates.firstLayer[gate], ...units, originOf[b], outputOf[b]].join();
    map.set(key, weights.subarray(path, path + width));
    path += width;
  }
  return map;
}

function nanCheck({ network, features }: Example): ConformanceCheck {
  return conversionCheck(
    "NaN in the features is bad-data, never an inactive unit",
    async (conversion) => {
      const values = features.values.slice();
      values[17] = NaN;
      await expectError("activationPatterns", ["bad-data"], () =>
        conversion.activationPatterns(network, { ...features, values }),
      );
      return "refused";
    },
  );
}
