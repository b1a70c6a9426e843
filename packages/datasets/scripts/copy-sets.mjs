// Makes data/ from a folder with the six full sets: node scripts/copy-sets.mjs <source folder>
// (after `pnpm build`). Arrays are copied byte for byte. Only b1 is smaller than its source: a seeded
// stratified draw of rows, whose float16 values keep their bits (a test decodes and encodes them all).
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createRandom } from "@glai/core";
import { encodeNpy, parseNpy, stratifiedRows } from "@glai/io";

const sets = [
  "a1_fashion_mnetv2_384",
  "a2_wordnet14_use_512",
  "b1_fashion_mnetv2_1280",
  "b2_brown_use_512",
  "c1_glyphs_mnetv2_576",
  "c2_wordnet10_use_512",
];
const subsample = { b1_fashion_mnetv2_1280: { fraction: 0.4, seed: 0 } };

const [source] = process.argv.slice(2);
if (source === undefined) {
  console.error("Expected the folder with the full sets. Run: node scripts/copy-sets.mjs <folder>");
  process.exit(2);
}
const target = join(import.meta.dirname, "../data");
let total = 0;
for (const name of sets) total += await copySet(name);
console.log(`${total} bytes in all`);

async function copySet(name) {
  await mkdir(join(target, name), { recursive: true });
  let bytes = 0;
  const counts = {};
  for (const split of ["train", "val"]) {
    const x = await readFile(join(source, name, `${split}_x.npy`));
    const y = await readFile(join(source, name, `${split}_y.npy`));
    const [keptX, keptY] = name in subsample ? drawRows(name, split, x, y) : [x, y];
    counts[split] = parseNpy(keptY).shape[0];
    await writeFile(join(target, name, `${split}_x.npy`), keptX);
    await writeFile(join(target, name, `${split}_y.npy`), keptY);
    bytes += keptX.length + keptY.length;
  }
  const meta = JSON.parse(await readFile(join(source, name, "meta.json"), "utf8"));
  const text = `${JSON.stringify(describe(name, meta, counts, bytes), null, 1)}\n`;
  await writeFile(join(target, name, "meta.json"), text);
  console.log(`${name}: ${counts.train} + ${counts.val} rows, ${bytes} bytes`);
  return bytes;
}

/** The rows of one split that the draw keeps, in their old order, as .npy files. */
function drawRows(name, split, x, y) {
  const { fraction, seed } = subsample[name];
  const features = parseNpy(x, `${split}_x.npy`);
  const labels = parseNpy(y, `${split}_y.npy`);
  const random = createRandom(seed).split(`${name} ${split}`);
  const rows = stratifiedRows(Uint32Array.from(labels.data), fraction, random).validation;
  const width = features.shape[1];
  const values = new Float32Array(rows.length * width);
  rows.forEach((row, i) =>
    values.set(features.data.subarray(row * width, (row + 1) * width), i * width),
  );
  const kept = Int32Array.from(rows, (row) => labels.data[row]);
  return [
    encodeNpy({ dtype: features.dtype, shape: [rows.length, width], data: values }),
    encodeNpy({ dtype: labels.dtype, shape: [rows.length], data: kept }),
  ];
}

/** The source's meta.json, its numbers made true for the copy, and what was changed. */
function describe(name, meta, counts, bytes) {
  const described = { ...meta, train: counts.train, val: counts.val };
  described.files =
    "train_x.npy val_x.npy float16 [N,D] (the source's description says float32, its files are float16); train_y.npy val_y.npy int32 [N]";
  described.mb = Number((bytes / 1e6).toFixed(1));
  if (!(name in subsample)) {
    described.changed = "Nothing: arrays are byte for byte those of the source.";
    return described;
  }
  const { fraction, seed } = subsample[name];
  described.changed = `Rows only: ${counts.train} of ${meta.train} training and ${counts.val} of ${meta.val} validation rows, a stratified draw of ${fraction} of each class with seed ${seed} (scripts/copy-sets.mjs); the values of the rows kept are bit for bit those of the source.`;
  described.sanity = { of: "the full set, before the draw", ...meta.sanity };
  return described;
}
