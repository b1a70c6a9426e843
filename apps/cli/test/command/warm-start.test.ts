import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { settings, smallData, temporaryFolder, writeData } from "../support/data.js";
import { glai, glaiJson } from "../support/glai.js";

const root = temporaryFolder();
const data = join(root, "data");
const compact = join(root, "compact");
const small = settings(["protocol.hidden=[16]", "protocol.maxEpochs=4"]);

interface TrainResult {
  readonly reducedEpochs: number;
  readonly config: { readonly protocol: { readonly estimator: { readonly solver: object } } };
  readonly notes: readonly string[];
}

beforeAll(async () => {
  writeData(data, smallData());
  await glaiJson(["train", data, "--compact", "--out", compact, ...small], root);
});

describe("glai train --from", () => {
  it("goes on from a run's head under that run's configuration, and says so in the manifest", async () => {
    const out = join(root, "warm");
    const run = (await glaiJson(
      ["train", data, "--from", compact, "--out", out],
      root,
    )) as TrainResult;
    expect(run.reducedEpochs).toBe(0);
    expect(run.config.protocol.estimator.solver).toMatchObject({ kind: "adam" });
    expect(run.notes.join()).toContain("earlier head");
    const manifest = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8")) as {
      readonly from: { readonly path: string; readonly model: string };
    };
    expect(manifest.from.path).toBe(compact);
    expect(manifest.from.model).toMatch(/^[0-9a-f]{64}$/);
  });

  it("points to update for closed forms", async () => {
    const fast = join(root, "fast");
    await glaiJson(["train", data, "--out", fast], root);
    const { code, stderr } = await glai(
      ["train", data, "--from", fast, "--out", join(root, "no")],
      root,
    );
    expect(code).toBe(2);
    expect(stderr).toContain("glai update");
  });
});

describe("glai train --verbose", () => {
  it("prints the cost model that solver auto was chosen by", async () => {
    const args = ["train", data, "--verbose", "--out", join(root, "verbose"), ...small];
    const { stderr } = await glai(args, root);
    expect(stderr).toContain("Solver auto: kernel.");
    expect(stderr).toMatch(/^kernel \* /m);
    expect(stderr).toMatch(/^ridge /m);
    expect(stderr).toMatch(/^adam /m);
  });
});
