// The folder that a page's shell, Python and configuration blocks run in, one after another, and the commands that they
// find there. The data are rows of the bundled set A1 under the names that the pages use:
//
//   data/      train_x.npy train_y.npy val_x.npy val_y.npy   300 + 100 rows
//   more/      x.npy y.npy                                   40 rows that are not in data/
//   forget.npz x y                                           10 of the training rows of data/
//   new.npy, new_x.npy                                       5 rows without labels
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadDataset } from "../../packages/datasets/dist/index.js";
import { encodeNpy, encodeNpz, tensorOf } from "../../packages/io/dist/index.js";
import { root, scratch } from "./pages.mjs";

const commands = join(scratch, "commands");

/** PATH with `glai`, and with `npx glai` and `pnpm --silent glai` in the same sense; other uses of the two are refused. */
export function pathWithCommands() {
  mkdirSync(commands, { recursive: true });
  const glai = `"${process.execPath}" "${join(root, "apps/cli/bin/glai.js")}"`;
  const refuse = `echo "$0 $*: only glai is run from here. Mark the block: no-run: <reason>" >&2; exit 64`;
  const scripts = {
    glai: `exec ${glai} "$@"`,
    npx: `[ "$1" = glai ] || { ${refuse}; }\nshift\nexec ${glai} "$@"`,
    pnpm: `[ "$1 $2" = "--silent glai" ] || { ${refuse}; }\nshift 2\nexec ${glai} "$@"`,
  };
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(commands, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(commands, name), 0o755);
  }
  return `${commands}:${process.env.PATH}`;
}

let rowsOfA1;

export async function preparePageFolder(path) {
  const folder = join(scratch, `page_${path.replaceAll(/[/.]/g, "_")}`);
  rowsOfA1 ??= loadDataset("A1");
  const { train, validation } = await rowsOfA1;
  const write = (name, bytes) => writeFileSync(join(folder, name), bytes);
  for (const name of ["data", "more"]) mkdirSync(join(folder, name), { recursive: true });
  write("data/train_x.npy", features(train, 0, 300));
  write("data/train_y.npy", labels(train, 0, 300));
  write("data/val_x.npy", features(validation, 0, 100));
  write("data/val_y.npy", labels(validation, 0, 100));
  write("more/x.npy", features(train, 300, 340));
  write("more/y.npy", labels(train, 300, 340));
  const forgotten = { x: featureTensor(train, 0, 10), y: labelTensor(train, 0, 10) };
  write("forget.npz", encodeNpz(new Map(Object.entries(forgotten))));
  for (const name of ["new.npy", "new_x.npy"]) write(name, features(validation, 100, 105));
  return folder;
}

function featureTensor({ features: { values, nFeatures } }, from, to) {
  return tensorOf(values.slice(from * nFeatures, to * nFeatures), [to - from, nFeatures]);
}

function labelTensor({ labels: values }, from, to) {
  return tensorOf(Int32Array.from(values.subarray(from, to)), [to - from]);
}

const features = (split, from, to) => encodeNpy(featureTensor(split, from, to));
const labels = (split, from, to) => encodeNpy(labelTensor(split, from, to));
