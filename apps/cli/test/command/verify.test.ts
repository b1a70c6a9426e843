import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HeadModel } from "@glai/core";
import { encodeHeadModel } from "@glai/io";
import { readModel } from "@glai/io/node";
import { beforeAll, describe, expect, it } from "vitest";
import { settings, shortRun, smallData, temporaryFolder, writeData } from "../support/data.js";
import { glai, glaiJson } from "../support/glai.js";

const root = temporaryFolder();
const data = join(root, "data");

beforeAll(() => {
  writeData(data, smallData());
});

describe("glai paths --verify", () => {
  it.each([
    ["path", "false", "theorem2"],
    ["slab", "true", "theorem2"],
    ["slab", "false", "relative"],
  ])(
    "finds that the certificate of a trained run holds (block %s, linear skip %s, rank %s)",
    async (block, skip, rank) => {
      const chosen = settings([
        `protocol.estimator.block=${block}`,
        `protocol.estimator.linearSkip=${skip}`,
        `protocol.estimator.rank=${rank}`,
        "protocol.selectionRows=50",
      ]);
      const out = `run-${block}-${rank}`;
      await glaiJson(["train", data, "--out", out, ...shortRun, ...chosen], root);
      const document = await glaiJson(["paths", "--verify", out], root);
      expect(document).toMatchObject({ verified: true, stored: { nSamples: 50 }, problems: [] });
    },
    30_000,
  );

  it("reads a table as the run did", async () => {
    const { trainX, trainY } = smallData();
    const rows = Array.from(trainY, (label, i) => [...trainX.subarray(6 * i, 6 * i + 6), label]);
    const lines = ["a,b,c,d,e,f,kind", ...rows.map((row) => row.join(","))];
    writeFileSync(join(root, "table.csv"), `${lines.join("\n")}\n`);
    const read = ["--y", "kind", "--val-split", "0.4"];
    await glaiJson(["train", "table.csv", "--out", "of-table", ...read, ...shortRun], root);
    for (const data of [[], ["table.csv"]]) {
      const document = await glaiJson(["paths", "--verify", "of-table", ...data], root);
      expect(document).toMatchObject({ verified: true, stored: { nSamples: 54 } });
    }
    const manifest = JSON.parse(
      readFileSync(join(root, "of-table/manifest.json"), "utf8"),
    ) as object;
    expect(manifest).toMatchObject({ dataset: { options: { y: "kind", valSplit: 0.4 } } });
  }, 30_000);

  it("finds weights that were changed afterwards, with exit code 1", async () => {
    await glaiJson(["train", data, "--out", "changed", ...shortRun], root);
    const model: HeadModel = await readModel(join(root, "changed"));
    if (model.body.kind !== "estimator") throw new Error("not a GLAI head");
    const weights = model.body.selection.weights.map((weight) => 1.01 * weight);
    const selection = { ...model.body.selection, weights };
    const changed = { ...model, body: { ...model.body, selection } };
    writeFileSync(join(root, "changed/model.safetensors"), encodeHeadModel(changed));
    const run = await glai(["paths", "--verify", "changed", "--json"], root);
    expect(run.code).toBe(1);
    const { verified, problems } = JSON.parse(run.stdout) as {
      verified: boolean;
      problems: string[];
    };
    expect(verified).toBe(false);
    expect(problems.join(" ")).toContain("keptMass");
  }, 30_000);

  it("refuses heads that have no certificate", async () => {
    await glaiJson(["train", data, "--head", "mlp", "--out", "mlp", ...shortRun], root);
    const run = await glai(["paths", "--verify", "mlp"], root);
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining("certificate") });
  }, 30_000);
});
