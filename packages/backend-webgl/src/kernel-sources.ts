import { dropoutStream as dropout } from "./native-functions.js";

/**
 * The kernels, as source text: gpu.js translates them to GLSL, and text survives minifiers, coverage tools and
 * bundlers, which rewrite functions. One fragment writes one number, `this.thread.x` is its place in a flat array,
 * and every size is an argument, so each kernel is compiled once and serves all shapes.
 *
 * Arguments are textures unless they stand in `integers` or `floats`. Loops are bounded by arguments; gpu.js would cut
 * them at 1000 rounds, which `loopMaxIterations` in gpu-js-library.ts lifts. Places are computed by `at`, in integers:
 * gpu.js itself multiplies in float32, which is exact to 2²⁴ only. A place that is itself looked up gets a line of
 * its own: gpu.js hoists it into a float and the shader does not compile.
 */
export interface KernelSource {
  readonly source: string;
  readonly integers?: readonly string[];
  readonly floats?: readonly string[];
}

/** Where a kernel's rows come from: `rows[first + r % count]`, so that two views share their rows. */
const batch = ["first", "count"];
const keep = (row: string, unit: string): string =>
  `keep(seedHigh, seedLow, stepHigh, stepLow, limitHigh, limitLow, ${row}, ${unit})`;
const rowAndColumn = (width: string): string => `
    const r = quotient(this.thread.x, ${width});
    const c = remainder(this.thread.x, ${width});`;

const batchKernels = {
  gatherRows: {
    integers: [...batch, "width"],
    source: `function(x, rows, first, count, width) {${rowAndColumn("width")}
      const row = rows[at(1, first, remainder(r, count))];
      return x[at(row, width, c)];
    }`,
  },
  /** 0 or 1 per (row, gate), from words of 16 gates. */
  openGates: {
    integers: [...batch, "nGates", "nWords"],
    source: `function(words, rows, first, count, nGates, nWords) {${rowAndColumn("nGates")}
      const row = rows[at(1, first, remainder(r, count))];
      const word = words[at(row, nWords, quotient(c, 16))];
      return bit(word, remainder(c, 16));
    }`,
  },
  dropUnits: {
    integers: ["width", "firstUnit", ...dropout],
    floats: ["scale"],
    source: `function(x, width, firstUnit, ${dropout.join(", ")}, scale) {${rowAndColumn("width")}
      return x[this.thread.x] * scale * ${keep("r", "firstUnit + c")};
    }`,
  },
  /** Gates times the dropout scale of each of their units; units are −1 before a gate's first layer. */
  dropGates: {
    integers: ["nGates", "depth", ...dropout],
    floats: ["scale"],
    source: `function(gates, units, nGates, depth, ${dropout.join(", ")}, scale) {${rowAndColumn("nGates")}
      let factor = gates[this.thread.x];
      for (let l = 0; l < depth; l++) {
        const unit = units[at(c, depth, l)];
        if (unit >= 0) { factor *= scale * ${keep("r", "unit")}; }
      }
      return factor;
    }`,
  },
} satisfies Record<string, KernelSource>;

/** A layer is [nOut, nIn + 1]: weights, then the bias in the last column. */
const layerKernels = {
  affine: {
    integers: ["nIn", "nOut", "isHidden"],
    source: `function(x, layer, nIn, nOut, isHidden) {${rowAndColumn("nOut")}
      let sum = layer[at(c, nIn + 1, nIn)];
      sum += dot_x_layer(nIn, at(r, nIn, 0), 1, at(c, nIn + 1, 0), 1);
      if (isHidden > 0) { if (sum <= 0.0) { sum = 0.0; } }
      return sum;
    }`,
  },
  /** dInput through the ReLU below: an activation is 0 exactly where its unit was closed or dropped. */
  affineBackward: {
    integers: ["nIn", "nOut"],
    floats: ["scale"],
    source: `function(dOut, layer, x, nIn, nOut, scale) {${rowAndColumn("nIn")}
      let sum = 0.0;
      if (x[this.thread.x] !== 0.0) {
        sum = dot_dOut_layer(nOut, at(r, nOut, 0), 1, at(0, nIn, c), nIn + 1);
      }
      return sum * scale;
    }`,
  },
  layerGradient: {
    integers: ["nRows", "nIn", "nOut"],
    source: `function(dOut, x, nRows, nIn, nOut) {
      const o = quotient(this.thread.x, nIn + 1);
      const k = remainder(this.thread.x, nIn + 1);
      let sum = 0.0;
      if (k < nIn) { sum = dot_dOut_x(nRows, at(0, nOut, o), nOut, at(0, nIn, k), nIn); }
      else { for (let r = 0; r < nRows; r++) { sum += dOut[at(r, nOut, o)]; } }
      return sum;
    }`,
  },
} satisfies Record<string, KernelSource>;

const estimatorKernels = {
  /** Product features z[r, b] = x[r, origin] · gate[r, gate], with the constant 1 as the last origin. */
  productFeatures: {
    integers: ["nBlocks", "nIn", "nGates"],
    source: `function(x, gates, originOf, gateOf, nBlocks, nIn, nGates) {${rowAndColumn("nBlocks")}
      const origin = originOf[c];
      const gate = gateOf[c];
      let value = gates[at(r, nGates, gate)];
      if (origin < nIn) { value *= x[at(r, nIn, origin)]; }
      return value;
    }`,
  },
  /** One part of each logit: the sum over a piece of the blocks that end in its group of outputs. */
  estimatorForward: {
    integers: ["nRows", "nOut", "groupWidth", "nBlocks", "nParts"],
    source: `function(z, weights, blocks, starts, weightStart, nRows, nOut, groupWidth, nBlocks, nParts) {
      const part = quotient(this.thread.x, nRows * nOut);
      const place = remainder(this.thread.x, nRows * nOut);
      const r = quotient(place, nOut);
      const o = remainder(place, nOut);
      const group = quotient(o, groupWidth);
      const end = starts[group + 1];
      const piece = quotient(end - starts[group] + nParts - 1, nParts);
      const first = starts[group] + part * piece;
      const last = Math.min(first + piece, end);
      const shift = remainder(o, groupWidth);
      let sum = 0.0;
      for (let i = first; i < last; i++) {
        const b = blocks[i];
        const start = weightStart[b];
        sum += z[at(r, nBlocks, b)] * weights[at(1, start, shift)];
      }
      return sum;
    }`,
  },
  /** The same for slabs, whose weights are a matrix [nBlocks, nOut]. */
  slabForward: {
    integers: ["nRows", "nOut", "nBlocks", "nParts"],
    source: `function(z, weights, nRows, nOut, nBlocks, nParts) {
      const part = quotient(this.thread.x, nRows * nOut);
      const place = remainder(this.thread.x, nRows * nOut);
      const r = quotient(place, nOut);
      const o = remainder(place, nOut);
      const piece = quotient(nBlocks + nParts - 1, nParts);
      const first = part * piece;
      const last = Math.min(first + piece, nBlocks);
      return dot_z_weights(last - first, at(r, nBlocks, first), 1, at(first, nOut, o), nOut);
    }`,
  },
  sumParts: {
    integers: ["n", "nParts"],
    source: `function(parts, n, nParts) {
      let sum = 0.0;
      for (let p = 0; p < nParts; p++) { sum += parts[at(p, n, this.thread.x)]; }
      return sum;
    }`,
  },
  pathGradient: {
    integers: ["nRows", "nBlocks", "nOut"],
    source: `function(z, dOut, blockOf, outputOf, nRows, nBlocks, nOut) {
      const b = blockOf[this.thread.x];
      const o = outputOf[this.thread.x];
      return dot_z_dOut(nRows, at(0, nBlocks, b), nBlocks, at(0, nOut, o), nOut);
    }`,
  },
} satisfies Record<string, KernelSource>;

const lossKernels = {
  /** log Σ exp of each row, shifted by its maximum. */
  rowNormalizer: {
    integers: ["width"],
    source: `function(y, width) {
      let largest = y[at(this.thread.x, width, 0)];
      for (let c = 1; c < width; c++) { largest = Math.max(largest, y[at(this.thread.x, width, c)]); }
      let sum = 0.0;
      for (let k = 0; k < width; k++) { sum += Math.exp(y[at(this.thread.x, width, k)] - largest); }
      return largest + Math.log(sum);
    }`,
  },
  columnNormalizer: {
    integers: ["n"],
    source: `function(s, n) {
      let largest = s[this.thread.x];
      for (let r = 1; r < n; r++) { largest = Math.max(largest, s[at(r, n, this.thread.x)]); }
      let sum = 0.0;
      for (let k = 0; k < n; k++) { sum += Math.exp(s[at(k, n, this.thread.x)] - largest); }
      return largest + Math.log(sum);
    }`,
  },
  crossEntropyLoss: {
    integers: [...batch, "width"],
    source: `function(y, normalizer, labels, classWeights, rows, first, count, width) {
      const row = rows[at(1, first, remainder(this.thread.x, count))];
      const label = labels[row];
      return classWeights[label] * (normalizer[this.thread.x] - y[at(this.thread.x, width, label)]);
    }`,
  },
  crossEntropyGradient: {
    integers: [...batch, "width"],
    floats: ["scale"],
    source: `function(y, normalizer, labels, classWeights, rows, first, count, width, scale) {${rowAndColumn("width")}
      const row = rows[at(1, first, remainder(r, count))];
      const label = labels[row];
      let difference = Math.exp(y[this.thread.x] - normalizer[r]);
      if (c === label) { difference -= 1.0; }
      return classWeights[label] * difference * scale;
    }`,
  },
  squaredErrorLoss: {
    integers: [...batch, "width"],
    source: `function(y, targets, rows, first, count, width) {
      const row = rows[at(1, first, remainder(this.thread.x, count))];
      let sum = 0.0;
      for (let c = 0; c < width; c++) {
        const difference = y[at(this.thread.x, width, c)] - targets[at(row, width, c)];
        sum += difference * difference;
      }
      return sum / width;
    }`,
  },
  squaredErrorGradient: {
    integers: [...batch, "width"],
    floats: ["scale"],
    source: `function(y, targets, rows, first, count, width, scale) {${rowAndColumn("width")}
      const row = rows[at(1, first, remainder(r, count))];
      return (y[this.thread.x] - targets[at(row, width, c)]) * scale;
    }`,
  },
  /** Sums of steps stand side by side in the log until the host adds them up in float64. */
  logLoss: {
    integers: ["slot", "n"],
    source: `function(log, rowLoss, slot, n) {
      let sum = log[this.thread.x];
      if (this.thread.x === slot) {
        sum = 0.0;
        for (let r = 0; r < n; r++) { sum += rowLoss[r]; }
      }
      return sum;
    }`,
  },
} satisfies Record<string, KernelSource>;

/** infoNCE; `n` pairs, units are [2n, width], similarities [n, n]. */
const contrastKernels = {
  rowLength: {
    integers: ["width"],
    source: `function(y, width) {
      let sum = 0.0;
      for (let c = 0; c < width; c++) { sum += y[at(this.thread.x, width, c)] * y[at(this.thread.x, width, c)]; }
      return Math.sqrt(sum);
    }`,
  },
  /** x / length of its row, 0 for a row shorter than 1e-12. */
  divideRows: {
    integers: ["width"],
    source: `function(x, lengths, width) {
      const length = lengths[quotient(this.thread.x, width)];
      let value = 0.0;
      if (length >= 1e-12) { value = x[this.thread.x] / length; }
      return value;
    }`,
  },
  similarity: {
    integers: ["n", "width"],
    floats: ["scale"],
    source: `function(units, n, width, scale) {${rowAndColumn("n")}
      let sum = 0.0;
      for (let k = 0; k < width; k++) { sum += units[at(r, width, k)] * units[at(n + c, width, k)]; }
      return sum * scale;
    }`,
  },
  pairLoss: {
    integers: ["n"],
    source: `function(s, rowSums, columnSums, n) {
      return 0.5 * (rowSums[this.thread.x] + columnSums[this.thread.x]) - s[at(this.thread.x, n, this.thread.x)];
    }`,
  },
  similarityGradient: {
    integers: ["n"],
    floats: ["scale"],
    source: `function(s, rowSums, columnSums, n, scale) {${rowAndColumn("n")}
      let sum = Math.exp(s[this.thread.x] - rowSums[r]) + Math.exp(s[this.thread.x] - columnSums[c]);
      if (r === c) { sum -= 2.0; }
      return sum * scale;
    }`,
  },
  unitGradient: {
    integers: ["n", "width"],
    source: `function(dS, units, n, width) {${rowAndColumn("width")}
      let sum = 0.0;
      for (let k = 0; k < n; k++) {
        if (r < n) { sum += dS[at(r, n, k)] * units[at(n + k, width, c)]; }
        else { sum += dS[at(k, n, r - n)] * units[at(k, width, c)]; }
      }
      return sum;
    }`,
  },
  rowProduct: {
    integers: ["width"],
    source: `function(a, b, width) {
      let sum = 0.0;
      for (let c = 0; c < width; c++) { sum += a[at(this.thread.x, width, c)] * b[at(this.thread.x, width, c)]; }
      return sum;
    }`,
  },
  removeAlong: {
    integers: ["width"],
    source: `function(dUnits, units, along, width) {
      return dUnits[this.thread.x] - units[this.thread.x] * along[quotient(this.thread.x, width)];
    }`,
  },
} satisfies Record<string, KernelSource>;

/** `applyOptimizer` of core, one buffer per kernel; 1 − β comes from the host, which has it in float64. */
const optimizerKernels = {
  sgdMoment: {
    floats: ["momentum", "decay"],
    source: `function(moment, gradient, weights, momentum, decay) {
      return momentum * moment[this.thread.x] + (gradient[this.thread.x] + decay * weights[this.thread.x]);
    }`,
  },
  sgdWeights: {
    floats: ["rate"],
    source: `function(weights, moment, rate) { return weights[this.thread.x] - rate * moment[this.thread.x]; }`,
  },
  adamFirst: {
    floats: ["beta", "rest", "decay"],
    source: `function(moment, gradient, weights, beta, rest, decay) {
      return beta * moment[this.thread.x] + rest * (gradient[this.thread.x] + decay * weights[this.thread.x]);
    }`,
  },
  adamSecond: {
    floats: ["beta", "rest", "decay"],
    source: `function(moment, gradient, weights, beta, rest, decay) {
      const g = gradient[this.thread.x] + decay * weights[this.thread.x];
      return beta * moment[this.thread.x] + rest * g * g;
    }`,
  },
  adamWeights: {
    floats: ["shrink", "stepSize", "correction", "epsilon"],
    source: `function(weights, first, second, shrink, stepSize, correction, epsilon) {
      const denominator = Math.sqrt(second[this.thread.x]) / correction + epsilon;
      return weights[this.thread.x] * shrink - (stepSize * first[this.thread.x]) / denominator;
    }`,
  },
} satisfies Record<string, KernelSource>;

export const kernelSources = {
  zeros: { source: "function() { return 0.0; }" },
  ...batchKernels,
  ...layerKernels,
  ...estimatorKernels,
  ...lossKernels,
  ...contrastKernels,
  ...optimizerKernels,
} satisfies Record<string, KernelSource>;

export type KernelName = keyof typeof kernelSources;
