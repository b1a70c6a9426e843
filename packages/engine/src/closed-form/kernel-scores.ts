import type {
  Features,
  FloatArray,
  HeadBody,
  KernelSamples,
  LinearAlgebra,
  Matrix,
} from "@glai/core";
import { createBitMatrix } from "@glai/core";
import { sliceRows } from "../rows.js";
import { borrowForResult, giveBackResult } from "../solvers/work-memory.js";

type KernelBody = Extract<HeadBody, { kind: "kernel" }>;

/** Numbers in one block of k(x, support): at most 16 MB in float32, whose memory serves all blocks. */
const BLOCK_ENTRIES = 2 ** 22;

/**
 * f(x) = Σ_n k(x, x_n) α_n + intercept for prepared features, in blocks of rows. `gates` are those of the features
 * and of the support, layer by layer, for the path kernel of a finite selector.
 */
export async function kernelScores(
  algebra: LinearAlgebra,
  body: KernelBody,
  features: Features, // [n, nFeatures], preprocessed
  gates?: { readonly own: KernelSamples["gates"]; readonly support: KernelSamples["gates"] },
): Promise<Matrix> {
  const { kernel, support, coefficients, intercept } = body;
  const nOutputs = intercept.length;
  const n = features.nSamples;
  const values = new Float64Array(n * nOutputs);
  const most = Math.max(1, Math.floor(BLOCK_ENTRIES / Math.max(1, support.nSamples)));
  const rows = Math.ceil(n / Math.ceil(n / most)); // equal blocks, each of which packs the support once
  let block: FloatArray | undefined = borrowForResult(
    algebra,
    features.values,
    rows * support.nSamples,
  );
  const centres: KernelSamples = {
    features: support,
    ...(gates?.support && { gates: gates.support }),
  };
  for (let from = 0; from < n; from += rows) {
    const to = Math.min(n, from + rows);
    const own = gates?.own?.map((bits) => {
      const piece = createBitMatrix(to - from, bits.nColumns);
      piece.words.set(bits.words.subarray(from * bits.nWords, to * bits.nWords));
      return piece;
    });
    const gram = await algebra.gram(
      kernel,
      { features: sliceRows(features, from, to), ...(own && { gates: own }) },
      centres,
      block?.subarray(0, (to - from) * support.nSamples),
    );
    block ??= gram.values;
    const product = await algebra.multiply(gram, {
      values: coefficients,
      nRows: support.nSamples,
      nColumns: nOutputs,
    });
    values.set(product.values, from * nOutputs);
  }
  if (block !== undefined) giveBackResult(algebra, features.values, block);
  addIntercept(values, intercept);
  return { values, nRows: n, nColumns: nOutputs };
}

function addIntercept(values: Float64Array, intercept: FloatArray): void {
  const nOutputs = intercept.length;
  for (let start = 0; start < values.length; start += nOutputs) {
    for (let c = 0; c < nOutputs; c++) values[start + c] += intercept[c];
  }
}
