import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { encodeNpy, encodeNpz, tensorOf } from "../../src/index.js";
import { readDataset, readSamples } from "../../src/node.js";

const x = tensorOf(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2]);
const y = tensorOf(Int32Array.of(2, 2, 2), [3]);
const folder = (): string => mkdtempSync(join(tmpdir(), "glai-samples-"));

describe("readSamples", () => {
  it("reads every row of x.npy and y.npy, also of one class, with class names and checksums", async () => {
    const path = folder();
    writeFileSync(join(path, "x.npy"), encodeNpy(x));
    writeFileSync(join(path, "y.npy"), encodeNpy(y));
    writeFileSync(join(path, "meta.json"), JSON.stringify({ classes: ["a", "b", "c"] }));
    const { split, classNames, checksums } = await readSamples(path);
    expect(split.features).toMatchObject({ nSamples: 3, nFeatures: 2 });
    expect([...split.labels]).toEqual([2, 2, 2]);
    expect(classNames).toEqual(["a", "b", "c"]);
    expect(Object.keys(checksums).toSorted()).toEqual(["meta.json", "x.npy", "y.npy"]);
    await expect(readDataset(path)).rejects.toMatchObject({ code: "bad-data" });
  });

  it("reads the training split where there is one, and needs no other", async () => {
    const path = join(folder(), "rows.npz");
    writeFileSync(
      path,
      encodeNpz(
        new Map([
          ["train_x", x],
          ["train_y", y],
        ]),
      ),
    );
    expect((await readSamples(path)).split.labels).toHaveLength(3);
  });

  it("reads the named arrays of a table, and all rows of a CSV with named classes", async () => {
    const path = join(folder(), "rows.npz");
    writeFileSync(
      path,
      encodeNpz(
        new Map([
          ["mine", x],
          ["tags", y],
        ]),
      ),
    );
    expect((await readSamples(path, { x: "mine", y: "tags" })).split.labels).toHaveLength(3);
    await expect(readSamples(path)).rejects.toThrow("Expected one array named x");
    const csv = join(folder(), "rows.csv");
    writeFileSync(csv, "f1,f2,label\n1,2,cat\n3,4,cat\n");
    expect(await readSamples(csv)).toMatchObject({
      split: { features: { nSamples: 2, nFeatures: 2 } },
      classNames: ["cat"],
    });
  });

  it("refuses labels without features", async () => {
    const path = folder();
    writeFileSync(join(path, "y.npy"), encodeNpy(y));
    await expect(readSamples(path)).rejects.toMatchObject({ code: "bad-data" });
  });
});
