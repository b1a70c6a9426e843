import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { encodeNpy, isGlaiError, parseNpy } from "@glai/io";
import { describe, expect, it } from "vitest";
import { fetchDataset } from "../src/browser.js";
import {
  datasetFiles,
  datasetFolder,
  findDataset,
  listDatasets,
  loadDataset,
} from "../src/index.js";

const names = listDatasets().map(({ name }) => name);
interface Meta {
  readonly name: string;
  readonly dim: number;
  readonly train: number;
  readonly val: number;
  readonly paper: string;
  readonly classes: readonly string[];
  readonly changed: string;
  readonly backbone: { readonly licence: string };
  readonly data: { readonly source: string; readonly licence: string };
}

function read(name: string, file: string): Uint8Array {
  return readFileSync(join(datasetFolder(name), file));
}

function metaOf(name: string): Meta {
  return JSON.parse(read(name, "meta.json").toString()) as Meta;
}

/** For comparisons of long arrays, which toEqual makes element by element. */
function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

describe.each(names)("%s", (name) => {
  it("loads as the catalog and its meta.json say", async () => {
    const entry = findDataset(name);
    const meta = metaOf(name);
    const { train, validation, nClasses, classNames, ...rest } = await loadDataset(name);
    expect(rest.name).toBe(name);
    expect([train.labels.length, validation.labels.length]).toEqual([
      entry.nTrain,
      entry.nValidation,
    ]);
    expect([meta.train, meta.val, meta.dim]).toEqual([
      entry.nTrain,
      entry.nValidation,
      entry.nFeatures,
    ]);
    expect([nClasses, classNames]).toEqual([entry.nClasses, meta.classes]);
    expect(train.features.nFeatures).toBe(entry.nFeatures);
    expect(validation.features.nFeatures).toBe(entry.nFeatures);
    expect(train.features.values).toBeInstanceOf(Float32Array);
  });

  it("has validation classes that training knows, except where episodes want new ones", async () => {
    const { train, validation } = await loadDataset(name);
    const known = new Set(train.labels);
    const isNew = [...validation.labels].map((label) => !known.has(label));
    expect(new Set(isNew)).toEqual(new Set([findDataset(name).use === "episodes"]));
  });

  it("stores float16 and int32 that survive decoding and encoding byte for byte", () => {
    for (const [file, dtype] of [
      ["train_x.npy", "float16"],
      ["val_x.npy", "float16"],
      ["train_y.npy", "int32"],
      ["val_y.npy", "int32"],
    ]) {
      const bytes = read(name, file);
      const tensor = parseNpy(bytes, file);
      expect(tensor.dtype).toBe(dtype);
      expect(Buffer.compare(encodeNpy(tensor), bytes)).toBe(0);
    }
  });

  it("says its source, its licence and what was changed", () => {
    const meta = metaOf(name);
    expect(meta.name).toBe(name);
    for (const text of [meta.changed, meta.data.source, meta.data.licence, meta.backbone.licence]) {
      expect(text.length).toBeGreaterThan(3);
    }
    const licences = readFileSync(new URL("../LICENSES.md", import.meta.url), "utf8");
    expect(licences).toContain(name);
  });

  it("has the files that are listed, and no others", () => {
    expect(readdirSync(datasetFolder(name)).toSorted()).toEqual([...datasetFiles]);
  });
});

describe("the package", () => {
  it("stays under 30 MB", () => {
    const sizes = names.flatMap((name) =>
      datasetFiles.map((file) => statSync(join(datasetFolder(name), file)).size),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(30e6);
  });

  it("holds the copies whose checksums were taken when they were made", async () => {
    const { checksums } = await loadDataset("A1");
    expect(checksums["train_x.npy"]).toBe(
      createHash("sha256").update(read("A1", "train_x.npy")).digest("hex"),
    );
    expect(checksums["train_x.npy"].slice(0, 16)).toBe("bd00f2f44010da4b");
  });

  it("keeps the notice of WordNet", () => {
    const notice = readFileSync(join(datasetFolder("A2"), "../WORDNET-LICENSE.txt"), "utf8");
    expect(notice).toContain("Copyright 2011 by Princeton University");
    expect(notice).toContain('PROVIDED "AS IS"');
  });

  it("knows class names beyond ASCII", async () => {
    expect((await loadDataset("c1_glyphs")).classNames?.slice(48, 52)).toEqual([
      "Б",
      "Д",
      "Ж",
      "З",
    ]);
  });

  it("draws the same share of every class into the smaller b1", async () => {
    const { train, validation } = await loadDataset("B1");
    for (const [labels, share] of [
      [train.labels, 240],
      [validation.labels, 60],
    ] as const) {
      const counts = Array.from(
        { length: 10 },
        (_, c) => labels.filter((label) => label === c).length,
      );
      expect(counts).toEqual(Array.from({ length: 10 }, () => share));
    }
  });
});

describe("findDataset", () => {
  it("takes names and aliases in any case", () => {
    expect(
      ["A1", "a1", "a1_fashion", "A1_Fashion_MNetV2_384"].map((name) => findDataset(name).name),
    ).toEqual(Array.from({ length: 4 }, () => "a1_fashion_mnetv2_384"));
    expect(existsSync(datasetFolder("C2"))).toBe(true);
  });

  it("lists what there is when it does not know a name", () => {
    let error: unknown;
    try {
      findDataset("mnist");
    } catch (thrown) {
      error = thrown;
    }
    expect(isGlaiError(error) && error.code).toBe("bad-argument");
    expect(String(error)).toContain("A1 (a1_fashion_mnetv2_384)");
  });

  it("gives every set names of its own", () => {
    const all = listDatasets().flatMap(({ name, aliases }) =>
      [name, ...aliases].map((n) => n.toLowerCase()),
    );
    expect(new Set(all).size).toBe(all.length);
  });
});

describe("fetchDataset", () => {
  const serve = async (url: string | URL | Request) => {
    const [name, file] = String(url).split("/").slice(-2);
    return name === "b2_brown_use_512"
      ? new Response(new Uint8Array(read(name, file)))
      : new Response("", { status: 404 });
  };

  it("gives in a browser what loadDataset gives in Node", async () => {
    const { checksums, ...expected } = await loadDataset("B2");
    expect(Object.keys(checksums).toSorted()).toEqual([...datasetFiles]);
    const fetched = await fetchDataset("B2", "https://site/data/", { fetch: serve });
    for (const split of ["train", "validation"] as const) {
      expect(
        bytesOf(fetched[split].features.values).equals(bytesOf(expected[split].features.values)),
      ).toBe(true);
      expect(fetched[split].labels).toEqual(expected[split].labels);
    }
    const rest = { train: null, validation: null };
    expect({ ...fetched, ...rest }).toEqual({ ...expected, ...rest });
  });

  it("names the address that does not answer", async () => {
    const error: unknown = await fetchDataset("A1", "/data", { fetch: serve }).catch(
      (e: unknown) => e,
    );
    expect(isGlaiError(error) && error.code).toBe("io");
    expect(String(error)).toContain(
      "/data/a1_fashion_mnetv2_384/meta.json but received status 404",
    );
  });
});

describe("the browser entry", () => {
  it("imports nothing of Node", () => {
    for (const file of ["browser.ts", "catalog.ts", "fetch.ts"]) {
      const text = readFileSync(new URL(`../src/${file}`, import.meta.url), "utf8");
      expect(text).not.toMatch(/from "(?:node:|@glai\/io\/node|\.\/load)/);
    }
  });
});
