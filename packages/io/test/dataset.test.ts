import { describe, expect, it } from "vitest";
import {
  type DatasetOptions,
  type Tensor,
  encodeNpy,
  encodeNpz,
  encodeSafetensors,
  parseDatasetFiles,
  parseDatasetTable,
  parseFeatures,
  tensorOf,
} from "../src/index.js";
import { thrownBy, utf8 } from "./support.js";

const matrix = (rows: number[][], dtype: "float16" | "float32" = "float32") =>
  tensorOf(Float32Array.from(rows.flat()), [rows.length, rows[0].length], dtype);
const good: Readonly<Record<string, Tensor>> = {
  train_x: matrix([[1, 2], [3, 4], [5, 6]], "float16"), // prettier-ignore
  train_y: tensorOf(BigInt64Array.of(0n, 1n, 2n), [3]),
  val_x: matrix([[7, 8]]),
  val_y: tensorOf(Uint8Array.of(1), [1]),
};

function files(
  arrays: Readonly<Record<string, Tensor | undefined>>,
  meta?: string,
): Record<string, Uint8Array> {
  const all = Object.entries({ ...good, ...arrays }).flatMap(([key, tensor]) =>
    tensor === undefined ? [] : [[`${key}.npy`, encodeNpy(tensor)] as const],
  );
  return { ...Object.fromEntries(all), ...(meta === undefined ? {} : { "meta.json": utf8(meta) }) };
}

describe("parseDatasetFiles", () => {
  it("reads the four arrays and, with them, classes and name of meta.json", () => {
    const meta = '{"name":"größen","classes":["a","b","c","d"],"source":"x"}';
    const test = { test_x: matrix([[9, 9]]), test_y: tensorOf(Float64Array.of(3), [1, 1]) };
    expect(parseDatasetFiles(files(test, meta))).toEqual({
      name: "größen",
      train: {
        features: { values: Float32Array.of(1, 2, 3, 4, 5, 6), nSamples: 3, nFeatures: 2 },
        labels: Uint32Array.of(0, 1, 2),
      },
      validation: {
        features: { values: Float32Array.of(7, 8), nSamples: 1, nFeatures: 2 },
        labels: Uint32Array.of(1),
      },
      test: {
        features: { values: Float32Array.of(9, 9), nSamples: 1, nFeatures: 2 },
        labels: Uint32Array.of(3),
      },
      nClasses: 4,
      classNames: ["a", "b", "c", "d"],
      meta: { name: "größen", classes: ["a", "b", "c", "d"], source: "x" },
    });
  });

  it("counts classes over all splits when nothing names them", () => {
    const dataset = parseDatasetFiles(files({ val_y: tensorOf(Uint8Array.of(3), [1]) }));
    expect(dataset.nClasses).toBe(4);
    expect(dataset.classNames).toBeUndefined();
  });

  it("draws a validation split when asked and there is none", () => {
    const labels = Int32Array.from({ length: 20 }, (_, row) => row % 2);
    const arrays = {
      train_x: tensorOf(Float32Array.from(labels.keys()), [20, 1]),
      train_y: tensorOf(labels, [20]),
      val_x: undefined,
      val_y: undefined,
    };
    const { train, validation } = parseDatasetFiles(files(arrays), { valSplit: 0.3, seed: 5 });
    expect([train.labels.length, validation.labels.length]).toEqual([14, 6]);
    expect(validation.labels.filter((label) => label === 1).length).toBe(3);
    for (const split of [train, validation]) {
      expect([...split.features.values].map((row) => row % 2)).toEqual([...split.labels]);
    }
  });

  it.each<[string, Record<string, Uint8Array>, DatasetOptions, string]>([
    [
      "NaN features",
      files({
        train_x: matrix([
          [1, NaN],
          [2, 3],
          [Infinity, 0],
        ]),
      }),
      {},
      "Expected finite numbers in data/train_x.npy but found 2 NaN or infinite values among 6: at row 0 column 1 (NaN), row 2 column 0 (Infinity).",
    ],
    [
      "more NaN than fit a line",
      files({
        val_x: tensorOf(new Float64Array(8).fill(NaN), [4, 2]),
        val_y: tensorOf(new Uint8Array(4), [4]),
      }),
      {},
      "found 8 NaN or infinite values among 8: the first 5 are row 0 column 0 (NaN)",
    ],
    [
      "a label out of the named classes",
      files({}, '{"classes":["a","b"]}'),
      {},
      "Expected labels in 0..1 in data/train_y.npy but received 2 in row 2.",
    ],
    [
      "a fractional label",
      files({ train_y: tensorOf(Float32Array.of(0, 1.5, 1), [3]) }),
      {},
      "in data/train_y.npy but received 1.5 in row 1",
    ],
    [
      "a negative label",
      files({ val_y: tensorOf(Int8Array.of(-1), [1]) }),
      {},
      "in data/val_y.npy but received -1 in row 0",
    ],
    [
      "labels that are no class numbers",
      files({ val_y: tensorOf(Uint32Array.of(4000000000), [1]) }),
      {},
      "class numbers under the number of rows (4) in data/val_y.npy but found 4000000000 in row 0",
    ],
    [
      "one class only",
      files({ train_y: tensorOf(Uint8Array.of(1, 1, 1), [3]) }),
      {},
      "at least two classes in data/train_y.npy but found only class 1",
    ],
    [
      "one-hot labels",
      files({ train_y: tensorOf(new Uint8Array(9), [3, 3]) }),
      {},
      "one label per sample [nSamples] in data/train_y.npy but found uint8 [3, 3]",
    ],
    [
      "mismatched rows",
      files({ train_y: tensorOf(Uint8Array.of(0, 1), [2]) }),
      {},
      "Expected 3 labels in data/train_y.npy, one per row of data/train_x.npy, but found 2.",
    ],
    [
      "mismatched widths",
      files({ val_x: matrix([[1, 2, 3]]) }),
      {},
      "Expected 2 columns in data/val_x.npy, as in data/train_x.npy, but found 3",
    ],
    [
      "features of three axes",
      files({ train_x: tensorOf(new Float32Array(12), [3, 2, 2]) }),
      {},
      "features [nSamples, nFeatures] in data/train_x.npy but found float32 [3, 2, 2]",
    ],
    [
      "no row",
      files({
        val_x: tensorOf(new Float32Array(), [0, 2]),
        val_y: tensorOf(new Uint8Array(), [0]),
      }),
      {},
      "at least one of each",
    ],
    [
      "a missing file",
      files({ train_y: undefined }),
      {},
      "Expected train_y.npy in data but found train_x.npy, val_x.npy, val_y.npy.",
    ],
    [
      "no validation split",
      files({ val_x: undefined, val_y: undefined }),
      {},
      "a validation split (val_x, val_y) in data",
    ],
    ["half a validation split", files({ val_y: undefined }), {}, "Expected val_y.npy in data"],
    ["nothing", {}, {}, "in data but found no array"],
    ["meta.json that is no JSON", files({}, "{"), {}, "Expected JSON in data/meta.json"],
    [
      "classes that are no texts",
      files({}, '{"classes":[1,2]}'),
      {},
      "a list of texts for classes in data/meta.json",
    ],
    [
      "64-bit integers that no double holds",
      files({ train_x: tensorOf(BigInt64Array.of(1n, 2n, 3n, 9007199254740993n, 5n, 6n), [3, 2]) }),
      {},
      "9007199254740993 at row 1 column 1",
    ],
  ])("refuses %s", (_, given, options, message) => {
    const error = thrownBy(() => parseDatasetFiles(given, options, "data"));
    expect(error.message).toContain(message);
    expect(error.code).toBe("bad-data");
    expect(error.hint).toBeDefined();
  });

  it("refuses options that contradict the folder", () => {
    expect(thrownBy(() => parseDatasetFiles(files({}), { valSplit: 0.2 })).code).toBe(
      "bad-argument",
    );
    expect(thrownBy(() => parseDatasetFiles(files({}), { x: "train_x" })).message).toContain(
      "no --x and --y",
    );
  });

  it("keeps exact 64-bit integers as features", () => {
    const big = tensorOf(BigInt64Array.of(1n, 2n, 3n, 9007199254740992n, -5n, 6n), [3, 2]);
    const { values } = parseDatasetFiles(files({ train_x: big })).train.features;
    expect(values).toEqual(Float64Array.of(1, 2, 3, 9007199254740992, -5, 6));
  });
});

describe("parseDatasetTable", () => {
  const x = tensorOf(
    Float32Array.from({ length: 20 }, (_, i) => i),
    [10, 2],
  );
  const y = tensorOf(
    Int32Array.from({ length: 10 }, (_, i) => i % 2),
    [10],
  );

  it.each([
    [
      "d.npz",
      encodeNpz(
        new Map([
          ["x", x],
          ["y", y],
        ]),
      ),
    ],
    [
      "d.safetensors",
      encodeSafetensors(
        new Map([
          ["x", x],
          ["y", y],
        ]),
      ),
    ],
  ])("splits the x and y of %s by a seeded draw", (file, bytes) => {
    const dataset = parseDatasetTable(file, bytes);
    expect(dataset.name).toBe("d");
    expect([dataset.train.labels.length, dataset.validation.labels.length]).toEqual([8, 2]);
    expect(parseDatasetTable(file, bytes)).toEqual(dataset);
    expect(
      parseDatasetTable(file, bytes, { valSplit: 0.5, seed: 1 }).validation.labels.length,
    ).toBe(5);
  });

  it("reads an archive with a split of its own as a folder", () => {
    const { name, ...dataset } = parseDatasetTable(
      "dir/d.npz",
      encodeNpz(new Map(Object.entries(good))),
    );
    const { name: folderName, ...folder } = parseDatasetFiles(files({}));
    expect(dataset).toEqual(folder);
    expect([name, folderName]).toEqual(["d", "dataset"]);
  });

  it("takes arrays by name and lists what there is otherwise", () => {
    const bytes = encodeNpz(
      new Map([
        ["emb", x],
        ["cls", y],
      ]),
    );
    expect(parseDatasetTable("d.npz", bytes, { x: "emb", y: "cls" }).nClasses).toBe(2);
    const error = thrownBy(() => parseDatasetTable("d.npz", bytes));
    expect(error.message).toContain("but found emb, cls");
    expect(error.hint).toContain("--x <name>");
    expect(
      thrownBy(() => parseDatasetTable("d.npz", bytes, { x: "foo", y: "cls" })).message,
    ).toContain('"foo"');
  });

  const csv = "f0,f1,species,note\n0.5,1,cat,7\n1.5,2,dog,8\n2.5,3,cat,9\n3.5,4,dog,6\n";

  it("reads class names from CSV, sorted, and the columns that are asked for", () => {
    const dataset = parseDatasetTable("pets.csv", utf8(csv), {
      x: "f*",
      y: "species",
      valSplit: 0.5,
    });
    expect(dataset.classNames).toEqual(["cat", "dog"]);
    expect(dataset.train.features.nFeatures).toBe(2);
    const all = [dataset.train, dataset.validation].flatMap(({ features, labels }) =>
      [...labels].map((label, i) => [features.values[2 * i], label]),
    );
    expect(all.toSorted(([a], [b]) => a - b)).toEqual([
      [0.5, 0],
      [1.5, 1],
      [2.5, 0],
      [3.5, 1],
    ]);
  });

  it("reads whole numbers in a CSV column as class numbers", () => {
    const dataset = parseDatasetTable("d.csv", utf8("a,label\n1,0\n2,2\n3,0\n4,2\n"), {
      valSplit: 0.5,
    });
    expect(dataset.nClasses).toBe(3);
    expect(dataset.classNames).toBeUndefined();
  });

  it.each<[string, string, DatasetOptions, string, string]>([
    ["no label column", "a,b\n1,2\n", {}, "bad-data", "one column named y, label"],
    ["a label column that is not there", csv, { y: "kind" }, "bad-data", 'a column "kind"'],
    ["feature columns that are not there", csv, { y: "species", x: "g*" }, "bad-argument", '"g*"'],
    [
      "a fractional label",
      "a,y\n1,0\n2,0.5\n",
      {},
      "bad-data",
      'in column "y" of d.csv but received 0.5 in row 1',
    ],
    ["an empty label", "a,y\n1,cat\n2,\n", {}, "bad-data", "an empty cell in row 1"],
    ["a missing number", "a,y\n,1\n2,0\n", {}, "bad-data", "row 0 column 0 (NaN)"],
    ["too few rows to split", "a,y\n1,0\n2,1\n", {}, "bad-data", "keep 0.2 of them for validation"],
  ])("refuses CSV with %s", (_, text, options, code, message) => {
    const error = thrownBy(() => parseDatasetTable("d.csv", utf8(text), options));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });

  it("refuses other endings, and the bytes of Parquet, which are read by a promise", () => {
    const parquet = thrownBy(() => parseDatasetTable("d.parquet", new Uint8Array()));
    expect(parquet.code).toBe("bad-argument");
    expect(parquet.hint).toContain("await parseParquet(bytes, file)");
    expect(thrownBy(() => parseDatasetTable("d.txt", new Uint8Array())).message).toContain(".csv");
    expect(thrownBy(() => parseDatasetTable("d.npy", new Uint8Array())).hint).toContain("folder");
  });
});

describe("parseFeatures", () => {
  const expected = { values: Float32Array.of(7, 8), nSamples: 1, nFeatures: 2 };

  it("reads .npy and the only array, or the one that is named, of an archive", () => {
    const [one] = [matrix([[7, 8]])];
    expect(parseFeatures("A.NPY", encodeNpy(one))).toEqual(expected);
    expect(parseFeatures("a.npz", encodeNpz(new Map([["q", one]])))).toEqual(expected);
    const two = new Map([
      ["q", one],
      ["x", matrix([[1]])],
    ]);
    expect(parseFeatures("a.safetensors", encodeSafetensors(two), { x: "q" })).toEqual(expected);
  });

  it("leaves the label column of CSV out", () => {
    const features = parseFeatures("a.csv", utf8("a,Label,b\n7,cat,8\n"));
    expect(features).toEqual({ ...expected, values: Float64Array.of(7, 8) });
    expect(parseFeatures("a.csv", utf8("a,kind,b\n7,cat,8\n"), { y: "kind" })).toEqual(features);
  });

  it("refuses NaN", () => {
    const error = thrownBy(() => parseFeatures("a.npy", encodeNpy(matrix([[NaN, 1]]))));
    expect(error.message).toContain(
      "in a.npy but found 1 NaN or infinite value among 2: at row 0 column 0",
    );
  });
});
