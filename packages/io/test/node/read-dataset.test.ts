import { createHash } from "node:crypto";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createMlp, createRandom } from "@glai/core";
import { describe, expect, it } from "vitest";
import { encodeHeadModel, encodeNpy, parseDatasetFiles, tensorOf } from "../../src/index.js";
import { readBytes, readDataset, readFeatures, readModel, sha256 } from "../../src/node.js";
import { rejectionOf, utf8 } from "../support.js";
import { scratchFolders } from "./scratch.js";

const scratch = scratchFolders();
const files: Record<string, Uint8Array> = {
  "meta.json": utf8('{"classes":["a","b"]}'),
  "train_x.npy": encodeNpy(tensorOf(Float32Array.of(1, 2, 3, 4), [2, 2], "float16")),
  "train_y.npy": encodeNpy(tensorOf(Int8Array.of(0, 1), [2])),
  "val_x.npy": encodeNpy(tensorOf(Float32Array.of(5, 6), [1, 2])),
  "val_y.npy": encodeNpy(tensorOf(Int8Array.of(1), [1])),
};

function hash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function datasetFolder(): string {
  const folder = join(scratch(), "pets");
  mkdirSync(folder);
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  writeFileSync(join(folder, "notes.txt"), "not ours");
  return folder;
}

describe("readDataset", () => {
  it("reads a folder, calls it by its name and says the SHA-256 of what it read", async () => {
    const folder = datasetFolder();
    const { checksums, ...dataset } = await readDataset(`${folder}/`);
    expect(dataset).toEqual({ ...parseDatasetFiles(files), name: "pets" });
    expect(checksums).toEqual(
      Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, hash(bytes)])),
    );
  });

  it("reads one table", async () => {
    const path = join(scratch(), "pets.csv");
    writeFileSync(path, "a,y\n1,cat\n2,dog\n3,cat\n4,dog\n");
    const dataset = await readDataset(path, { valSplit: 0.5 });
    expect([dataset.name, dataset.classNames]).toEqual(["pets", ["cat", "dog"]]);
    expect(Object.keys(dataset.checksums)).toEqual(["pets.csv"]);
  });

  it("names the file with its path when it is cut off", async () => {
    const folder = datasetFolder();
    truncateSync(join(folder, "val_x.npy"), 130);
    const error = await rejectionOf(readDataset(folder));
    expect(error.code).toBe("bad-data");
    expect(error.message).toContain(`in ${join(folder, "val_x.npy")} but found 2.`);
  });

  it("refuses what is not there and what is no file", async () => {
    const missing = await rejectionOf(readDataset(join(scratch(), "nothing")));
    expect([missing.code, missing.message]).toEqual([
      "io",
      expect.stringMatching(/nothing.*ENOENT/),
    ]);
    const empty = scratch();
    const error = await rejectionOf(readDataset(empty));
    expect([error.code, error.message]).toEqual(["bad-data", expect.stringContaining(empty)]);
    const folder = scratch();
    mkdirSync(join(folder, "train_x.npy"));
    const inside = await rejectionOf(readDataset(folder));
    expect([inside.code, inside.message]).toEqual([
      "io",
      expect.stringContaining("found a folder"),
    ]);
  });
});

describe("readFeatures and readModel", () => {
  it("read features from a file", async () => {
    const path = join(scratch(), "x.npy");
    writeFileSync(path, files["val_x.npy"]);
    expect(await readFeatures(path)).toEqual({
      values: Float32Array.of(5, 6),
      nSamples: 1,
      nFeatures: 2,
    });
  });

  it("read a head from its file or its run folder", async () => {
    const folder = scratch();
    const network = createMlp([2, 3, 2], createRandom(0));
    const model = {
      head: "mlp",
      body: { kind: "mlp", network },
      preprocessing: { kind: "none" },
      config: {},
    } as const;
    writeFileSync(join(folder, "model.safetensors"), encodeHeadModel(model));
    expect(await readModel(join(folder, "model.safetensors"))).toEqual(model);
    expect(await readModel(folder)).toEqual(model);
    const run = scratch();
    for (const [hint, prepare] of [
      ["glai train <data> --out <folder>", () => {}],
      ["--resume", () => writeFileSync(join(run, "manifest.json"), "{}")],
    ] as const) {
      prepare();
      const error = await rejectionOf(readModel(run));
      expect([error.code, error.message, error.hint]).toEqual([
        "io",
        expect.stringContaining("model.safetensors"),
        expect.stringContaining(hint),
      ]);
    }
  });
});

describe("readBytes", () => {
  it("reads the bytes whose SHA-256 is known", async () => {
    const path = join(scratch(), "abc");
    writeFileSync(path, "abc");
    expect(sha256(await readBytes(path))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });

  it("refuses a file that no array can hold, before it takes memory", async () => {
    const path = join(scratch(), "huge.npy");
    writeFileSync(path, "");
    truncateSync(path, 2 ** 43); // sparse: takes no room on the disk
    const error = await rejectionOf(readBytes(path));
    expect(error.code).toBe("out-of-memory");
    expect(error.message).toContain(String(2 ** 43));
  });

  it("refuses devices", async () => {
    expect((await rejectionOf(readBytes("/dev/zero"))).message).toContain("a device or pipe");
  });
});
