import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { headLogits } from "@glai/core";
import { decodeHeadModel } from "@glai/io";
import { readDataset, readModel } from "@glai/io/node";
import { beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { explainSchema } from "../../src/schemas/explain.js";
import { exportSchema } from "../../src/schemas/export.js";
import { shortRun, smallData, temporaryFolder, writeData } from "../support/data.js";
import { glai, glaiJson } from "../support/glai.js";

const root = temporaryFolder();
const data = join(root, "data");
const features = join(data, "val_x.npy");
const runs = { kernel: join(root, "kernel"), paths: join(root, "paths"), mlp: join(root, "mlp") };

beforeAll(async () => {
  writeData(data, smallData());
  for (const [out, ...flags] of [
    [runs.kernel],
    [runs.paths, "--compact", ...shortRun],
    [runs.mlp, "--head", "mlp", ...shortRun],
  ] as const) {
    await glaiJson(["train", data, "--out", out, ...flags], root);
  }
}, 120_000);

describe("glai export", () => {
  it("writes an ONNX model beside the run's model", async () => {
    const printed = exportSchema.parse(await glaiJson(["export", runs.kernel], root));
    const out = join(runs.kernel, "model.onnx");
    expect(printed).toMatchObject({ out, format: "onnx", nFeatures: 6, nOutputs: 3 });
    expect(printed.outputs).toEqual(["logits", "probabilities", "label"]);
    expect(readFileSync(out)).toHaveLength(printed.bytes);
  });

  it("takes the format from the file name; safetensors reads back as the same head", async () => {
    const out = join(root, "head.safetensors");
    expect(await glaiJson(["export", runs.paths, "--out", out], root)).toMatchObject({
      format: "safetensors",
      outputs: [],
    });
    expect(decodeHeadModel(readFileSync(out))).toEqual(await readModel(runs.paths));
  });

  it("never overwrites without being told to", async () => {
    const out = join(root, "kept.onnx");
    await glaiJson(["export", runs.mlp, "--out", out], root);
    const before = readFileSync(out);
    const { code, stderr } = await glai(["export", runs.kernel, "--out", out], root);
    expect(code).toBe(2);
    expect(stderr).toMatch(/Expected a new file at .*kept\.onnx .*\n.*--force/);
    expect(readFileSync(out)).toEqual(before);
    await glaiJson(["export", runs.kernel, "--out", out, "--force"], root);
    expect(readFileSync(out)).not.toEqual(before);
  });

  it("refuses an ending it does not know and a folder that is not there", async () => {
    const unknown = await glai(["export", runs.mlp, "--out", "head.pt"], root);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toMatch(/ends in \.onnx or \.safetensors .*head\.pt/);
    const nowhere = join(root, "nowhere/head.onnx");
    const failed = await glai(["export", runs.mlp, "--out", nowhere], root);
    expect(failed.code).toBe(74);
    expect(existsSync(nowhere)).toBe(false);
  });
});

describe("glai explain", () => {
  async function explain(...args: string[]): Promise<z.infer<typeof explainSchema>> {
    return explainSchema.parse(await glaiJson(["explain", ...args], root));
  }

  it("splits a logit into the terms of each kind of head", async () => {
    const { validation } = await readDataset(data);
    for (const [kind, run] of Object.entries(runs)) {
      const found = await explain(run, features, "--row", "4", "--class", "1", "--count", "100000");
      const logits = headLogits(await readModel(run), validation.features).values;
      expect(found.logit, kind).toBeCloseTo(logits[4 * 3 + 1] ?? NaN, 6);
      const sum = found.terms.reduce((total, { product }) => total + product, found.constant);
      expect(sum, kind).toBeCloseTo(found.logit, 6);
      const expected = { kernel: "sample", paths: "path", mlp: "input" }[kind];
      expect(new Set(found.terms.map((term) => term.kind))).toEqual(new Set([expected]));
    }
  }, 60_000);

  it("explains the class that predict prints, and says so in words", async () => {
    const { labels } = (await glaiJson(["predict", runs.paths, features], root)) as {
      labels: number[];
    };
    expect((await explain(runs.paths, features, "--row", "2")).output).toBe(labels[2]);
    const { stdout, code } = await glai(["explain", runs.paths, features, "--count", "3"], root);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Row 0: class \d\./);
    expect(stdout).toMatch(/the sum of \d+ open of \d+ kept paths/);
    expect(stdout.match(/^(feature \d+|bias) /gm)).toHaveLength(3);
  }, 60_000);

  it("names the row or the class that is not there", async () => {
    const row = await glai(["explain", runs.mlp, features, "--row", "30"], root);
    expect([row.code, row.stderr]).toEqual([2, expect.stringMatching(/0 to 29, .* 30/)]);
    const output = await glai(["explain", runs.mlp, features, "--class", "3"], root);
    expect([output.code, output.stderr]).toEqual([2, expect.stringMatching(/0 to 2, .*"3"/)]);
  }, 60_000);
});
