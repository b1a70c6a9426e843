// Rates of the dense linear algebra and the time of a conversion, as a share of what one thread's multiply-add
// loop reaches in the same process.
//
//   node bench/linalg.js [--n 5600] [--features 512] [--threads 1,2] [--rounds 3] [--double] [--tier native|wasm] [--json]
//
// Build first. On a shared machine look at the processor time, and at two threads only when nobody else
// computes. "of peak" is by processor time, which counts all threads.
import { parseArgs } from "node:util";
import { createMlp, createRandom } from "@glai/core";
import { createConversion } from "../dist/conversion.js";
import { createLinearAlgebra } from "../dist/linear-algebra.js";
import { nativeConversionCalls } from "../dist/native/conversion.js";
import { nativeDenseKernels } from "../dist/native/linear-algebra.js";
import { requireNative } from "../dist/native/loader.js";
import { wasmConversionCalls } from "../dist/wasm/conversion.js";
import { wasmDenseKernels } from "../dist/wasm/linear-algebra.js";
import { createWasmInstance } from "../dist/wasm/loader.js";

const { values: options } = parseArgs({
  options: {
    n: { type: "string", default: "5600" },
    features: { type: "string", default: "512" },
    columns: { type: "string", default: "14" },
    threads: { type: "string", default: "1,2" },
    rounds: { type: "string", default: "3" },
    tier: { type: "string", default: "native" },
    double: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const n = Number(options.n);
const nFeatures = Number(options.features);
const nColumns = Number(options.columns);
const rounds = Number(options.rounds);
const Floats = options.double ? Float64Array : Float32Array;
const native = requireNative();
const random = createRandom(1);
const numbers = (length) => Floats.from({ length }, () => random.normal());

const features = { values: numbers(n * nFeatures), nSamples: n, nFeatures };
const gates = [
  {
    words: Uint32Array.from({ length: n * 16 }, () => 2 ** 32 * random.uniform()),
    nRows: n,
    nColumns: 512,
    nWords: 16,
  },
];
const rhs = { values: numbers(n * nColumns), nRows: n, nColumns };
const gram = new Floats(n * n); // reused: fresh pages would be timed too
const factor = { values: new Floats(n * n), nRows: n, nColumns: n };
const kernels = {
  linear: { kind: "linear", scale: 1 / nFeatures, shift: 1 / nFeatures },
  rbf: { kind: "rbf", gamma: 1 / nFeatures },
  path: {
    kind: "path",
    scale: 1 / nFeatures,
    shift: 1 / nFeatures,
    overlapScale: [1 / 128],
    overlapShift: 1,
  },
  infinitePath: {
    kind: "infinitePath",
    scale: 1 / nFeatures,
    shift: 1 / nFeatures,
    power: 2,
    bias: 0.1,
  },
};
const rows = [];

async function time(threads, name, operations, run, prepare = () => {}) {
  const wall = [];
  const processor = [];
  for (let round = 0; round <= rounds; round++) {
    await prepare();
    const start = performance.now();
    const before = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(before);
    if (round === 0) continue; // the first one warms up
    wall.push(performance.now() - start);
    processor.push((user + system) / 1e3);
  }
  wall.sort((a, b) => a - b);
  processor.sort((a, b) => a - b);
  const peak = native.linalgPeak(options.double);
  const row = {
    threads,
    name,
    milliseconds: tenths(wall[0]),
    median: tenths(wall[wall.length >> 1]),
    processorMilliseconds: tenths(processor[0]),
    gigaflops: operations && tenths(operations / wall[0] / 1e6),
    ofPeak: operations && tenths((1e5 * operations) / processor[0] / peak),
  };
  rows.push(row);
  if (options.json) return;
  const rate = operations ? `${row.gigaflops} GF/s, ${row.ofPeak} % of peak` : "";
  console.log(
    `${threads} threads  ${name.padEnd(36)} ${String(row.milliseconds).padStart(7)} ms (median ${row.median}, processor ${row.processorMilliseconds})  ${rate}`,
  );
}

function tenths(x) {
  return Math.round(10 * x) / 10;
}

for (const threads of options.threads.split(",").map(Number)) {
  const isNative = options.tier === "native";
  const instance = createWasmInstance(threads);
  const algebra = createLinearAlgebra(
    isNative ? nativeDenseKernels(native, threads) : wasmDenseKernels(() => instance),
  );
  const conversion = createConversion(
    isNative ? nativeConversionCalls(native, threads) : wasmConversionCalls(() => instance),
  );
  if (!options.json && threads === Number(options.threads.split(",")[0]))
    console.log(
      `${options.tier}, ${native.instructionSet}, peak ${(native.linalgPeak(options.double) / 1e9).toFixed(1)} GF/s on one thread`,
    );
  const symmetric = 1.0 * n * (n + 1) * nFeatures;
  const samples = { features, gates };
  for (const [name, kernel] of Object.entries(kernels))
    await time(threads, `Gram matrix, ${name}, N = ${n}`, symmetric, () =>
      algebra.gram(kernel, samples, undefined, gram),
    );
  await time(threads, `crossProduct ${n} × ${nFeatures}`, 1.0 * n * nFeatures ** 2, () =>
    algebra.crossProduct({ values: features.values, nRows: n, nColumns: nFeatures }),
  );
  await algebra.gram(kernels.rbf, samples, undefined, gram);
  await time(
    threads,
    `cholesky, N = ${n}`,
    n ** 3 / 3,
    () => algebra.cholesky(factor, 0.5),
    () => factor.values.set(gram),
  );
  await time(threads, `solveCholesky, ${nColumns} columns`, 2 * n * n * nColumns, () =>
    algebra.solveCholesky(factor, { ...rhs, values: rhs.values.slice() }),
  );
  await time(threads, `symmetricMultiply, ${nColumns} columns`, 2 * n * n * nColumns, () =>
    algebra.symmetricMultiply({ values: gram, nRows: n, nColumns: n }, rhs, 0.5),
  );
  const sizes = [1280, 320, 128]; // B1 at ρ = 0.5
  const network = createMlp(sizes, createRandom(2));
  const images = {
    values: Float32Array.from({ length: 5000 * 1280 }, () => random.normal()),
    nSamples: 5000,
    nFeatures: 1280,
  };
  let patterns;
  await time(threads, "B1: activation patterns, N = 5000", 0, async () => {
    patterns = await conversion.activationPatterns(network, images);
  });
  await time(threads, "B1: selection of 450,880 paths", 0, () =>
    conversion.selectPaths(network, images, patterns, {
      block: "path",
      budget: { keep: 450_880 },
    }),
  );
  await time(threads, "B1: both in one call", 0, () =>
    conversion.convert(network, images, { block: "path", budget: { keep: 450_880 } }),
  );
  await time(threads, "B1: total mass", 0, () => conversion.totalMass(network, images));
  await time(threads, "B1: structural shift", 0, () =>
    conversion.structuralShift(patterns, patterns, images, 128),
  );
}
if (options.json)
  console.log(
    JSON.stringify({
      machine: {
        instructionSet: native.instructionSet,
        peak: native.linalgPeak(options.double),
      },
      rows,
    }),
  );
