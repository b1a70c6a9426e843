import { describe, expect, it } from "vitest";
import {
  activationPatterns,
  type Backend,
  type BitMatrix,
  conformanceChecks,
  type ConversionKernels,
  createReferenceBackend,
  type LinearAlgebra,
  referenceConversion,
  referenceLinearAlgebra,
  selectPaths,
  structuralShift,
  totalMass,
} from "../src/index.js";

function backend(offered: {
  conversion?: Partial<ConversionKernels>;
  linearAlgebra?: Partial<LinearAlgebra>;
}): Backend {
  return {
    ...createReferenceBackend(),
    conversion: { ...referenceConversion, ...offered.conversion },
    linearAlgebra: { ...referenceLinearAlgebra, ...offered.linearAlgebra },
  };
}

/** Names of the checks of conversion and linear algebra that fail. */
async function failuresOf(tested: Backend): Promise<string[]> {
  const capability = await tested.probe();
  const checks = conformanceChecks().filter(({ name }) =>
    /^(conversion|linear algebra):/.test(name),
  );
  expect(checks.length).toBeGreaterThan(30);
  const failed: string[] = [];
  for (const check of checks) {
    expect(check.skipReason(tested, capability)).toBeUndefined();
    await check.run(tested, capability).catch(() => failed.push(check.name));
  }
  return failed;
}

function withWord(bits: BitMatrix, index: number, flip: number): BitMatrix {
  return { ...bits, words: bits.words.map((word, i) => (i === index ? word ^ flip : word)) };
}

const planted: readonly [bug: string, tested: Backend, seenBy: RegExp][] = [
  [
    "one wrong bit among the activation patterns",
    backend({
      conversion: {
        async activationPatterns(...call) {
          const patterns = activationPatterns(...call);
          return { ...patterns, layers: patterns.layers.map((bits) => withWord(bits, 2, 4)) };
        },
      },
    }),
    /activation patterns of/,
  ],
  [
    "padding bits that are set",
    backend({
      conversion: {
        async activationPatterns(...call) {
          const patterns = activationPatterns(...call);
          return { ...patterns, layers: patterns.layers.map((bits) => withWord(bits, 1, 1 << 31)) };
        },
      },
    }),
    /activation patterns of \[13, 37, 20\]/,
  ],
  [
    "NaN taken for an inactive unit",
    backend({
      conversion: {
        activationPatterns: async (network, features) =>
          activationPatterns(network, {
            ...features,
            values: features.values.map((x) => (Number.isNaN(x) ? 0 : x)),
          }),
      },
    }),
    /NaN in the features/,
  ],
  [
    "a shift of the bias paths alone",
    backend({
      conversion: {
        structuralShift: async (before, after, features, nOutputs) =>
          structuralShift(
            before,
            after,
            { ...features, values: features.values.map(() => 0) },
            nOutputs,
          ),
      },
    }),
    /structural shift/,
  ],
  [
    "a mass without the biases",
    backend({
      conversion: {
        async totalMass(network, features) {
          const parameters = network.parameters.slice();
          parameters.fill(0, parameters.length - network.sizes[network.sizes.length - 1]);
          return totalMass({ ...network, parameters }, features);
        },
      },
    }),
    /total mass/,
  ],
  [
    "a selection by chance",
    backend({
      conversion: {
        selectPaths: async (network, features, patterns, request) =>
          selectPaths(network, features, patterns, {
            ...request,
            rank: { kind: "random", seed: 1 },
          }),
      },
    }),
    /paths of .* are those of the reference/,
  ],
  [
    "patterns of one call that another call would not give",
    backend({
      conversion: {
        async convert(network, features, request) {
          const patterns = activationPatterns(network, features);
          const layers = patterns.layers.map((bits) => withWord(bits, 2, 4));
          return {
            patterns: { ...patterns, layers },
            selection: selectPaths(network, features, patterns, request),
          };
        },
      },
    }),
    /convert of/,
  ],
  [
    "a bound that forgets what was removed",
    backend({
      conversion: {
        async selectPaths(...call) {
          const selection = selectPaths(...call);
          return { ...selection, certificate: { ...selection.certificate, bound: 0 } };
        },
      },
    }),
    /are those of the reference/,
  ],
  [
    "linear skip that is not added",
    backend({
      conversion: {
        selectPaths: async (network, features, patterns, request) =>
          selectPaths(network, features, patterns, { ...request, linearSkip: false }),
      },
    }),
    /with linear skip/,
  ],
  [
    "a Gram matrix with one triangle",
    backend({
      linearAlgebra: {
        async gram(kernel, a, b, into) {
          const gram = await referenceLinearAlgebra.gram(kernel, a, b, into);
          if (b === undefined && gram.nRows > 1) gram.values[1] = 0;
          return gram;
        },
      },
    }),
    /kernel of two sets/,
  ],
  [
    "a solve that reads above the diagonal",
    backend({
      linearAlgebra: {
        async solveCholesky(factor, b) {
          await referenceLinearAlgebra.solveCholesky(factor, b);
          b.values[0] += 0 * factor.values[1];
        },
      },
    }),
    /whatever stands above its diagonal/,
  ],
  [
    "a triangular solve that forgets to transpose",
    backend({
      linearAlgebra: {
        solveTriangular: (factor, b) => referenceLinearAlgebra.solveTriangular(factor, b, false),
      },
    }),
    /solves with the factor/,
  ],
  [
    "a factor without its diagonal shift",
    backend({ linearAlgebra: { cholesky: (a) => referenceLinearAlgebra.cholesky(a, 0) } }),
    /cholesky of/,
  ],
];

describe("conformance of conversion and linear algebra", () => {
  it("is met by core's own functions", async () => {
    expect(await failuresOf(backend({}))).toEqual([]);
  });

  it.each(planted)("is not met by %s", async (_, tested, seenBy) => {
    const failed = await failuresOf(tested);
    expect(failed.filter((name) => seenBy.test(name))).not.toEqual([]);
  });
});
