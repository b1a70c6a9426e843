import type { Dataset } from "@glai/core";
import { describe, expect, it } from "vitest";
import { checkDataset } from "../src/index.js";
import { blobs } from "./helpers/data.js";

function broken(change: (data: Dataset) => void): Dataset {
  const data = blobs({});
  change(data);
  return data;
}

describe("checkDataset", () => {
  it("accepts a sound dataset", () => {
    expect(() => checkDataset(blobs({}))).not.toThrow();
  });

  it("counts NaN and infinite features and names the first five places", () => {
    const data = broken(({ validation }) => validation.features.values.fill(NaN, 7, 14));
    expect(() => checkDataset(data)).toThrow(/validation features.*7 NaN.*first 5.*row 1 column 1/);
  });

  it("names the row of a label out of range", () => {
    const data = broken(({ train }) => train.labels.set([3], 11));
    expect(() => checkDataset(data)).toThrow(/0\.\.2 in the train labels.*3 in row 11/);
  });

  it("refuses a training split of one class", () => {
    const data = broken(({ train }) => train.labels.fill(1));
    expect(() => checkDataset(data)).toThrow("only class 1");
  });

  it("refuses splits of different widths", () => {
    const data = { ...blobs({}), validation: blobs({ nFeatures: 5 }).validation };
    expect(() => checkDataset(data)).toThrow("Expected 6 columns in the validation features");
  });

  it("refuses a wrong number of labels or class names", () => {
    const { train, ...rest } = blobs({});
    expect(() =>
      checkDataset({ ...rest, train: { ...train, labels: train.labels.subarray(1) } }),
    ).toThrow("Expected 48 labels");
    expect(() => checkDataset({ ...rest, train, classNames: ["a"] })).toThrow("3 class names");
  });

  it("needs no labels for a contrastive objective", () => {
    const { train, ...rest } = blobs({});
    const data = { ...rest, train: { ...train, labels: new Uint32Array(0) } };
    expect(() => checkDataset(data, "contrastive")).not.toThrow();
  });
});
