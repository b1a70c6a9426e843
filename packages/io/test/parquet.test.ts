import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDatasetTable, parseFeatures, parseParquet, parseSamplesTable } from "../src/index.js";
import { rejectionOf, thrownBy } from "./support.js";

// Files that DuckDB wrote: fixtures/make_parquet.sql.
const bytesOf = (file: string) => readFileSync(join(import.meta.dirname, "fixtures", file));
const tableOf = (file: string) => parseParquet(bytesOf(file), file);
const twelve = Array.from({ length: 12 }, (_, i) => i);
const embedding = Float32Array.from(twelve.flatMap((i) => [i / 2, 0 - i, 0.25]));

describe("parseParquet", () => {
  it("reads numbers, truth values, texts and vectors, in snappy, zstd and gzip", async () => {
    const { nRows, columns, classNames } = await tableOf("snappy.parquet");
    expect(nRows).toBe(12);
    expect([...columns.keys()]).toEqual(["id", "embedding", "label", "species"]);
    expect(columns.get("id")).toEqual({ kind: "numbers", values: Float64Array.from(twelve) });
    expect(columns.get("embedding")).toEqual({ kind: "vectors", values: embedding, width: 3 });
    expect(columns.get("species")).toMatchObject({ kind: "texts" });
    expect([...classNames]).toEqual([["label", ["lily", "rose", "tulip"]]]);
    const zstd = await tableOf("zstd.parquet");
    expect(zstd.columns.get("embedding")).toEqual(columns.get("embedding"));
    const gzip = await tableOf("gzip.parquet");
    const thirds = Float64Array.from(twelve, (i) => i / 3);
    expect(gzip.columns.get("third")).toEqual({ kind: "numbers", values: thirds });
    const fresh = Float64Array.from(twelve, (i) => Number(i % 2 === 0));
    expect(gzip.columns.get("fresh")).toEqual({ kind: "numbers", values: fresh });
  });

  it("joins row groups in their order", async () => {
    const { nRows, columns } = await tableOf("groups.parquet");
    expect(nRows).toBe(5000);
    const x = columns.get("x");
    if (x?.kind !== "vectors") throw new Error("expected vectors");
    for (let row = 0; row < nRows; row++) {
      expect([x.values[2 * row], x.values[2 * row + 1]]).toEqual([row, row + 1]);
    }
  });

  it("names what it does not read, and counts a missing number as NaN", async () => {
    const { columns } = await tableOf("odd.parquet");
    const why = (column: string) => columns.get(column);
    expect(why("ragged")).toEqual({
      kind: "other",
      why: "lists of different lengths: 1 in row 0, 2 in row 1",
    });
    expect(why("day")).toEqual({ kind: "other", why: "dates" });
    expect(why("structure")).toEqual({ kind: "other", why: "structures" });
    expect(why("large")).toEqual({
      kind: "other",
      why: "integers like 9007199254740993, beyond 2^53",
    });
    const hole = Float64Array.of(0, 1, NaN, 3, 4, 5);
    expect(why("hole")).toEqual({ kind: "numbers", values: hole });
  });

  it("refuses what is cut off or is not Parquet, at any byte", async () => {
    const bytes = bytesOf("snappy.parquet");
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: bytes.length - 1 }), async (length) => {
        const error = await rejectionOf(parseParquet(bytes.subarray(0, length), "cut.parquet"));
        expect(error.code).toBe("bad-data");
        expect(error.message).toContain("Expected a Parquet file in cut.parquet");
      }),
    );
  });
});

describe("a dataset from Parquet", () => {
  it("takes the one column of vectors and the label column, with its class names", async () => {
    const table = await tableOf("snappy.parquet");
    const options = { y: "label", valSplit: 0.25 };
    const dataset = parseDatasetTable("data/flowers.parquet", table, options);
    expect(dataset).toMatchObject({ name: "flowers", nClasses: 3 });
    expect(dataset.classNames).toEqual(["lily", "rose", "tulip"]);
    expect(dataset.train.features).toMatchObject({ nSamples: 9, nFeatures: 3 });
    const { split, classNames } = parseSamplesTable("flowers.parquet", table, { y: "label" });
    expect(split.features.values).toEqual(embedding);
    expect([...split.labels]).toEqual(twelve.map((i) => i % 3));
    expect(classNames).toEqual(["lily", "rose", "tulip"]);
  });

  it("numbers the names of a text column", async () => {
    const table = await tableOf("gzip.parquet");
    const { split, classNames } = parseSamplesTable("d.parquet", table, {
      x: "th*,id",
      y: "species",
    });
    expect(classNames).toEqual(["lily", "rose", "tulip"]);
    expect([...split.labels]).toEqual(twelve.map((i) => i % 3));
    expect(split.features.nFeatures).toBe(2);
    expect([...split.features.values.subarray(0, 4)]).toEqual([0, 0, 1 / 3, 1]);
  });

  it("gives features alone, without the label column", async () => {
    const features = parseFeatures("d.parquet", await tableOf("zstd.parquet"));
    expect(features).toEqual({ values: embedding, nSamples: 12, nFeatures: 3 });
  });

  it("says which columns there are when it cannot choose", async () => {
    const snappy = await tableOf("snappy.parquet");
    const noLabel = thrownBy(() => parseSamplesTable("d.parquet", snappy, { y: "kind" }));
    expect(noLabel.message).toContain('a column "kind" in d.parquet but found id, embedding');
    const text = thrownBy(() =>
      parseSamplesTable("d.parquet", snappy, { x: "species", y: "label" }),
    );
    expect(text.message).toContain('in column "species" of d.parquet but found texts');
    const unmatched = thrownBy(() =>
      parseSamplesTable("d.parquet", snappy, { x: "vec*", y: "label" }),
    );
    expect([unmatched.code, unmatched.message]).toEqual([
      "bad-argument",
      expect.stringContaining('"vec*", which matches none of id, embedding, species'),
    ]);
    const vectors = thrownBy(() => parseSamplesTable("d.parquet", snappy, { y: "embedding" }));
    expect(vectors.message).toContain("class numbers or names");
    const odd = await tableOf("odd.parquet");
    const two = thrownBy(() => parseSamplesTable("d.parquet", odd));
    expect(two.message).toContain("one column of vectors in d.parquet but found u, v");
    expect(parseSamplesTable("d.parquet", odd, { x: "u,v" }).split.features.nFeatures).toBe(4);
    const hole = thrownBy(() => parseSamplesTable("d.parquet", odd, { x: "hole" }));
    expect(hole.message).toContain("1 NaN or infinite value among 6");
  });
});
