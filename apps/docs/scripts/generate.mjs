// Writes into generated/ (not under version control) what the site shows besides the pages of the repository:
// the API reference, one page per entry point, from the sources; the examples of docs/examples; the data
// sets of the page that trains.
//
//   node scripts/generate.mjs
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { writeApi } from "./api.mjs";

const docs = resolve(import.meta.dirname, "..");
const root = resolve(docs, "../..");
const generated = join(docs, "generated");

/** C2's validation split has other classes than its training split: the page cuts the training split. */
const dataFiles = [
  "a1_fashion_mnetv2_384/meta.json",
  "a1_fashion_mnetv2_384/train_x.npy",
  "a1_fashion_mnetv2_384/train_y.npy",
  "a1_fashion_mnetv2_384/val_x.npy",
  "a1_fashion_mnetv2_384/val_y.npy",
  "c2_wordnet10_use_512/meta.json",
  "c2_wordnet10_use_512/train_x.npy",
  "c2_wordnet10_use_512/train_y.npy",
];

function writeExamples() {
  const folder = join(root, "docs/examples");
  const names = readdirSync(folder).filter((name) => name.endsWith(".ts"));
  const sections = names.toSorted().map((name) => {
    const code = readFileSync(join(folder, name), "utf8");
    return `## ${name.replace(/\.ts$/, "")}\n\n\`\`\`ts\n${code}\`\`\`\n`;
  });
  const opening = "# Examples\n\nWhole files, run in every check.\n\n";
  writeFileSync(join(generated, "examples.md"), opening + sections.join("\n"));
}

function copyData() {
  for (const file of dataFiles) {
    cpSync(join(root, "packages/datasets/data", file), join(generated, "public/data", file));
  }
}

rmSync(generated, { recursive: true, force: true });
mkdirSync(generated, { recursive: true });
writeExamples();
copyData();
await writeApi(root, join(generated, "api"));
