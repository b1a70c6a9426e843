// Trains one head of every kind with the command, exports it as ONNX and computes it with ONNX Runtime (its
// WebAssembly build, installed in a folder of its own): logits, probabilities and labels must be those of
// `glai predict`. The runtime is no dependency of the repository because of its size.
//
//   node .ci/check-onnx.mjs
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const runtime = "onnxruntime-web@1.30.0";
const root = resolve(import.meta.dirname, "..");
const scratch = mkdtempSync(join(tmpdir(), "glai-onnx-"));
const nRows = 200;
const whitening = "--set=protocol.preprocessing";
const whitened = [`${whitening}.kind=whiten`, `${whitening}.exponent=0.5`];
const heads = {
  "kernel of an infinite selector": ["--head=glai"],
  "kernel of a trained selector": ["--head=glai", ...solver("kernel", "trained")],
  "single paths": ["--head=glai", "--compact", "--set=protocol.estimator.block=path"],
  slabs: ["--head=glai", "--compact"],
  "radial basis functions": ["--head=kernel-rbf"],
  "whitened MLP": ["--head=mlp", ...whitened],
  linear: ["--head=linear"],
};

try {
  writeFileSync(join(scratch, "package.json"), '{ "private": true }\n');
  const npm = [
    "install",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    runtime,
  ];
  execFileSync("npm", npm, { cwd: scratch, stdio: "inherit" });
  const ort = createRequire(join(scratch, "package.json"))("onnxruntime-web");
  ort.env.wasm.numThreads = 1;
  const { parseNpy, encodeNpy, tensorOf, toFloats } = await import(
    pathToFileURL(join(root, "packages/io/dist/index.js")).href
  );
  const file = join(root, "packages/datasets/data/a2_wordnet14_use_512/val_x.npy");
  const all = parseNpy(readFileSync(file));
  const width = all.shape[1];
  const features = Float32Array.from(toFloats(all, file).subarray(0, nRows * width));
  writeFileSync(join(scratch, "x.npy"), encodeNpy(tensorOf(features, [nRows, width])));

  for (const [name, flags] of Object.entries(heads)) {
    const run = join(scratch, name.replaceAll(" ", "-"));
    glai("train", "A2", ...flags, "--set", "protocol.maxEpochs=3", "--out", run, "--quiet");
    const { out, bytes } = glai("export", run);
    const predicted = glai("predict", run, join(scratch, "x.npy"));
    const session = await ort.InferenceSession.create(readFileSync(out));
    const tensor = new ort.Tensor("float32", features, [nRows, width]);
    const { probabilities, label } = await session.run({ features: tensor });
    const expected = predicted.scores.flat();
    const worst = expected.reduce(
      (most, p, i) => Math.max(most, Math.abs(p - probabilities.data[i])),
      0,
    );
    const others = predicted.labels.filter((own, row) => BigInt(own) !== label.data[row]).length;
    console.log(
      `${name}: ${bytes} bytes, largest difference of a probability ${worst.toExponential(1)}, ${others} other labels of ${nRows}`,
    );
    // A pre-activation next to 0 may fall to the other side in float32, which moves one row a little.
    if (!(worst < 0.01 && others <= 1)) {
      throw new Error(`${name}: ONNX Runtime computes something else than glai predict.`);
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function solver(kind, selector) {
  const key = "--set=protocol.estimator.solver";
  return [`${key}.kind=${kind}`, `${key}.selector.kind=${selector}`];
}

/** The one JSON document of a command. */
function glai(...args) {
  const bin = join(root, "apps/cli/bin/glai.js");
  const text = execFileSync(process.execPath, [bin, ...args, "--json"], { encoding: "utf8" });
  return JSON.parse(text);
}
