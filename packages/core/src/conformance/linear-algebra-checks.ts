import type { BitMatrix, FloatArray } from "../arrays.js";
import type { Backend, Capability } from "../backend.js";
import { createBitMatrix, setBit } from "../bits.js";
import type { KernelSamples, KernelSpec, LinearAlgebra, Matrix } from "../linear-algebra.js";
import { createRandom, type Random } from "../random.js";
import { referenceLinearAlgebra } from "../reference/linear-algebra.js";
import { type ConformanceCheck, expectThat, fail } from "./check.js";
import { expectClose } from "./compare.js";
import { expectError } from "./expect-error.js";
import { exampleFeatures } from "./models.js";
import { type Tolerances, tolerances } from "./tolerances.js";

type Arrays = Float32ArrayConstructor | Float64ArrayConstructor;

/** Computes named arrays with some linear algebra, in arrays of the given type. */
type Computation = (algebra: LinearAlgebra, arrays: Arrays) => Promise<Record<string, FloatArray>>;

/** Dense linear algebra against the reference, for backends that offer it. */
export function linearAlgebraChecks(): ConformanceCheck[] {
  return [
    ...kernels.map(gramCheck),
    ...products,
    ...factorChecks(),
    notPositiveDefinite,
    wrongShapes,
  ];
}

function noLinearAlgebra(backend: Backend): string | undefined {
  return backend.linearAlgebra
    ? undefined
    : "The backend offers no linearAlgebra; core's reference serves.";
}

function algebraOf({ linearAlgebra }: Backend): LinearAlgebra {
  return linearAlgebra ?? fail("Expected the backend to offer linearAlgebra.");
}

function arraysOf({ precision }: Capability): Arrays {
  return precision === "float64" ? Float64Array : Float32Array;
}

/** Plays a computation on the backend and, in float64, on the reference. */
function algebraCheck(
  name: string,
  tolerance: keyof Tolerances,
  compute: Computation,
): ConformanceCheck {
  return {
    name: `linear algebra: ${name}`,
    skipReason: noLinearAlgebra,
    async run(backend, capability) {
      const found = await compute(algebraOf(backend), arraysOf(capability));
      const expected = await compute(referenceLinearAlgebra, Float64Array);
      const allowed = tolerances[capability.precision][tolerance];
      let worst = 0;
      for (const key of Object.keys(expected)) {
        worst = Math.max(worst, expectClose(key, found[key], expected[key], allowed));
      }
      return `largest difference ${worst.toExponential(1)}`;
    },
  };
}

const kernels: readonly KernelSpec[] = [
  { kind: "linear", scale: 0.5, shift: 1 },
  { kind: "rbf", gamma: 0.05 },
  { kind: "path", scale: 0.1, shift: 0.2, overlapScale: [0.25, 0.125], overlapShift: 1 },
  { kind: "infinitePath", scale: 1 / 13, shift: 0.1, power: 2, bias: 0.1 },
];

function gramCheck(kernel: KernelSpec): ConformanceCheck {
  const tolerance = kernel.kind === "infinitePath" ? "angle" : "matrix";
  return algebraCheck(
    `the ${kernel.kind} kernel of two sets, of one set, and into an array`,
    tolerance,
    async (algebra, arrays) => {
      const a = kernelSamples(37, 13, "a");
      const b = kernelSamples(21, 13, "b");
      const one = kernelSamples(1, 13, "one");
      const into = new arrays(37 * 37);
      const symmetric = await algebra.gram(kernel, a, undefined, into);
      expectThat(symmetric.values === into, () => "Expected the Gram matrix in `into`.");
      expectSymmetric(symmetric);
      return {
        symmetric: symmetric.values,
        between: (await algebra.gram(kernel, a, b)).values,
        row: (await algebra.gram(kernel, one, b)).values,
      };
    },
  );
}

const products: readonly ConformanceCheck[] = [
  algebraCheck("crossProduct is AᵀA, both triangles", "matrix", async (algebra, arrays) => {
    const into = new arrays(37 * 37);
    const small = await algebra.crossProduct(exampleMatrix(101, 37, arrays), into);
    expectThat(small.values === into, () => "Expected the product in `into`.");
    expectSymmetric(small);
    const wide = await algebra.crossProduct(exampleMatrix(3, 70, arrays));
    return { small: small.values, wide: wide.values };
  }),
  algebraCheck("multiply is A·B for odd shapes", "matrix", async (algebra, arrays) => {
    const product = async (n: number, k: number, m: number): Promise<FloatArray> =>
      (await algebra.multiply(exampleMatrix(n, k, arrays), exampleMatrix(k, m, arrays))).values;
    return {
      small: await product(37, 13, 5),
      column: await product(70, 33, 1),
      row: await product(1, 129, 17),
    };
  }),
  algebraCheck("symmetricMultiply is (A + d·I)·B", "matrix", async (algebra, arrays) => {
    const a = positiveMatrix(70, arrays);
    const product = await algebra.symmetricMultiply(a, exampleMatrix(70, 3, arrays), 0.75);
    return { product: product.values };
  }),
];

function factorChecks(): ConformanceCheck[] {
  return [1, 2, 37, 130].flatMap((n) => [
    algebraCheck(`cholesky of ${n} × ${n} with a diagonal`, "factor", async (algebra, arrays) => {
      const factor = positiveMatrix(n, arrays);
      await algebra.cholesky(factor, 0.25);
      clearAboveDiagonal(factor, 0);
      return { factor: factor.values };
    }),
    algebraCheck(
      `solves with the factor of ${n} × ${n}, whatever stands above its diagonal`,
      "factor",
      async (algebra, arrays) => {
        const factor = positiveMatrix(n, arrays);
        await algebra.cholesky(factor, 0.25);
        clearAboveDiagonal(factor, NaN);
        const both = exampleMatrix(n, 3, arrays);
        const lower = exampleMatrix(n, 3, arrays);
        const upper = exampleMatrix(n, 1, arrays);
        await algebra.solveCholesky(factor, both);
        await algebra.solveTriangular(factor, lower, false);
        await algebra.solveTriangular(factor, upper, true);
        return { both: both.values, lower: lower.values, upper: upper.values };
      },
    ),
    algebraCheck(
      `multiplyTriangular by a factor of ${n} × ${n}, whatever stands above its diagonal`,
      "matrix",
      async (algebra, arrays) => {
        const factor = positiveMatrix(n, arrays);
        clearAboveDiagonal(factor, NaN);
        const lower = await algebra.multiplyTriangular(factor, exampleMatrix(n, 3, arrays), false);
        const upper = await algebra.multiplyTriangular(factor, exampleMatrix(n, 1, arrays), true);
        return { lower: lower.values, upper: upper.values };
      },
    ),
    algebraCheck(
      `factor, solves and product of ${n} rows that stand further apart, nothing else written`,
      "factor",
      async (algebra, arrays) => {
        const { values, ...shape } = positiveMatrix(n, arrays);
        const rowStride = n + 5;
        const room = new arrays(n * rowStride).fill(7);
        for (let i = 0; i < n; i++) room.set(values.subarray(i * n, i * n + i + 1), i * rowStride);
        const factor = { ...shape, values: room, rowStride };
        await algebra.cholesky(factor, 0.25);
        const solved = exampleMatrix(n, 2, arrays);
        const lower = exampleMatrix(n, 2, arrays);
        await algebra.solveCholesky(factor, solved);
        await algebra.solveTriangular(factor, lower, false);
        const product = await algebra.multiplyTriangular(factor, exampleMatrix(n, 2, arrays), true);
        for (let i = 0; i < n; i++) {
          for (let j = n; j < rowStride; j++) {
            expectThat(room[i * rowStride + j] === 7, () => `Expected row ${i} to end at ${n}.`);
          }
        }
        return { solved: solved.values, lower: lower.values, product: product.values };
      },
    ),
  ]);
}

const notPositiveDefinite: ConformanceCheck = {
  name: "linear algebra: cholesky of a matrix that is not positive definite is bad-data",
  skipReason: noLinearAlgebra,
  async run(backend, capability) {
    const matrix = positiveMatrix(20, arraysOf(capability));
    matrix.values[7 * 20 + 7] = -1;
    await expectError("cholesky", ["bad-data"], () => algebraOf(backend).cholesky(matrix, 0));
    return "refused";
  },
};

const wrongShapes: ConformanceCheck = {
  name: "linear algebra: shapes that do not fit are bad-argument",
  skipReason: noLinearAlgebra,
  async run(backend, capability) {
    const algebra = algebraOf(backend);
    const arrays = arraysOf(capability);
    const matrix = (nRows: number, nColumns: number) => exampleMatrix(nRows, nColumns, arrays);
    const cases: [string, () => Promise<unknown>][] = [
      ["multiply of 3 × 4 and 3 × 4", () => algebra.multiply(matrix(3, 4), matrix(3, 4))],
      ["cholesky of 3 × 4", () => algebra.cholesky(matrix(3, 4), 0)],
      [
        "a solve with too few rows",
        () => algebra.solveCholesky(positiveMatrix(4, arrays), matrix(3, 1)),
      ],
      [
        "a solve with rows nearer than they are long",
        () => algebra.solveCholesky({ ...positiveMatrix(4, arrays), rowStride: 3 }, matrix(4, 1)),
      ],
      [
        "cholesky of rows that reach beyond the array",
        () => algebra.cholesky({ ...positiveMatrix(4, arrays), rowStride: 5 }, 0),
      ],
      [
        "multiplyTriangular with too few rows",
        () => algebra.multiplyTriangular(positiveMatrix(4, arrays), matrix(3, 1), false),
      ],
      [
        "symmetricMultiply of 3 × 4",
        () => algebra.symmetricMultiply(matrix(3, 4), matrix(4, 1), 0),
      ],
      [
        "crossProduct into too short an array",
        () => algebra.crossProduct(matrix(3, 4), new arrays(15)),
      ],
      [
        "a Gram matrix of samples of different width",
        () => algebra.gram(kernels[0], kernelSamples(3, 4, "a"), kernelSamples(3, 5, "b")),
      ],
      [
        "a path kernel of samples without gates",
        () => algebra.gram(kernels[2], { features: kernelSamples(3, 4, "a").features }),
      ],
    ];
    for (const [what, misuse] of cases) await expectError(what, ["bad-argument"], misuse);
    return `${cases.length} refused`;
  },
};

/** Random features with two layers of random gates; the first sample of each set is zero. */
function kernelSamples(nSamples: number, nFeatures: number, name: string): KernelSamples {
  const random = createRandom(21).split(name);
  const features = exampleFeatures(nSamples, nFeatures, random.split("features"));
  if (nSamples > 1) features.values.fill(0, 0, nFeatures);
  return { features, gates: [randomBits(nSamples, 70, random), randomBits(nSamples, 9, random)] };
}

function randomBits(nRows: number, nColumns: number, random: Random): BitMatrix {
  const bits = createBitMatrix(nRows, nColumns);
  for (let row = 0; row < nRows; row++) {
    for (let column = 0; column < nColumns; column++) {
      if (random.uniform() < 0.5) setBit(bits, row, column);
    }
  }
  return bits;
}

/** Normal entries that are exact in float32. */
function exampleMatrix(nRows: number, nColumns: number, arrays: Arrays): Matrix {
  const random = createRandom(22).split(`${nRows}x${nColumns}`);
  const values = new arrays(nRows * nColumns);
  for (let i = 0; i < values.length; i++) values[i] = Math.fround(random.normal());
  return { values, nRows, nColumns };
}

/** GᵀG / n + I / 2 of a random G, symmetric to the last bit, rounded to float32. */
function positiveMatrix(n: number, arrays: Arrays): Matrix {
  const g = exampleMatrix(n, n, Float64Array).values;
  const values = new arrays(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? 0.5 : 0;
      for (let k = 0; k < n; k++) sum += (g[k * n + i] * g[k * n + j]) / n;
      values[i * n + j] = values[j * n + i] = Math.fround(sum);
    }
  }
  return { values, nRows: n, nColumns: n };
}

function clearAboveDiagonal({ values, nRows: n }: Matrix, value: number): void {
  for (let i = 0; i < n; i++) values.fill(value, i * n + i + 1, (i + 1) * n);
}

function expectSymmetric({ values, nRows: n }: Matrix): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      expectThat(
        values[i * n + j] === values[j * n + i],
        () =>
          `Expected both triangles to be equal but entry (${i}, ${j}) differs from (${j}, ${i}).`,
      );
    }
  }
}
