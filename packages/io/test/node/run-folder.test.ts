import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { createMlp, createRandom } from "@glai/core";
import { describe, expect, it } from "vitest";
import type { CheckpointValue } from "../../src/index.js";
import { openRunFolder, readManifest, readMetrics, readModel } from "../../src/node.js";
import { rejectionOf, thrownBy } from "../support.js";
import { scratchFolders } from "./scratch.js";

const scratch = scratchFolders();
const create = { mode: "create" } as const;
const resume = { mode: "resume" } as const;
const checkpoint = (epoch: number): CheckpointValue => ({
  version: 1,
  arrays: { parameters: Float32Array.of(epoch, 0.5), moments: Float64Array.of(-0) },
  state: { epoch, best: -Infinity },
});

/** A closed run with this many epochs: a line and a checkpoint each, and one line after the last. */
async function runOf(nEpochs: number): Promise<string> {
  const path = join(scratch(), "runs", "x");
  const run = await openRunFolder(path, create);
  await run.writeManifest({ seed: 7 });
  for (let epoch = 1; epoch <= nEpochs; epoch++) {
    run.appendMetrics({ epoch });
    await run.writeCheckpoint(checkpoint(epoch));
  }
  run.appendMetrics({ epoch: nEpochs + 1 });
  await run.close();
  return path;
}

describe("a run folder", () => {
  it("keeps manifest, metrics, model and the last two checkpoints", async () => {
    const path = await runOf(4);
    expect(readdirSync(path).toSorted()).toEqual([
      "checkpoints",
      "lock",
      "manifest.json",
      "metrics.jsonl",
    ]);
    expect(readdirSync(join(path, "checkpoints")).toSorted()).toEqual([
      "000003.safetensors",
      "000004.safetensors",
    ]);
    expect(await readManifest(path)).toEqual({ seed: 7 });
    const run = await openRunFolder(path, resume);
    expect(run.manifest).toEqual({ seed: 7 });
    const network = createMlp([2, 2], createRandom(0));
    const model = {
      head: "linear",
      body: { kind: "mlp", network },
      preprocessing: { kind: "none" },
      config: null,
    } as const;
    await run.writeModel(model);
    await run.writeFile("report.html", "<p>ü</p>");
    await run.close();
    expect(await readModel(path)).toEqual(model);
    expect(readFileSync(join(path, "report.html"), "utf8")).toBe("<p>ü</p>");
  });

  it("resumes from the newest checkpoint and cuts the metrics to its lines", async () => {
    const path = await runOf(3);
    expect(await readMetrics(path)).toEqual([1, 2, 3, 4].map((epoch) => ({ epoch })));
    const run = await openRunFolder(path, resume);
    expect(await run.resume()).toStrictEqual({ checkpoint: checkpoint(3), warnings: [] });
    expect(await readMetrics(path)).toEqual([1, 2, 3].map((epoch) => ({ epoch })));
    run.appendMetrics({ epoch: 4, loss: NaN });
    await run.writeCheckpoint(checkpoint(4));
    await run.close();
    expect((await readMetrics(path))[3]).toEqual({ epoch: 4, loss: "NaN" });
    expect(readdirSync(join(path, "checkpoints")).toSorted()).toEqual([
      "000003.safetensors",
      "000004.safetensors",
    ]);
  });

  it("falls back to the checkpoint before a damaged one and says so", async () => {
    const path = await runOf(3);
    const newest = join(path, "checkpoints", "000003.safetensors");
    truncateSync(newest, 100);
    const run = await openRunFolder(path, resume);
    const { checkpoint: found, warnings } = await run.resume();
    expect(found).toStrictEqual(checkpoint(2));
    expect(warnings).toEqual([
      expect.stringMatching(/000003\.safetensors.*set aside as 000003\.safetensors\.damaged/),
    ]);
    expect(await readMetrics(path)).toEqual([{ epoch: 1 }, { epoch: 2 }]);
    await run.writeCheckpoint(checkpoint(9));
    await run.close();
    // The damaged one is no longer one of the two: the good one before it is still there.
    expect(readdirSync(join(path, "checkpoints")).toSorted()).toEqual([
      "000002.safetensors",
      "000003.safetensors",
      "000003.safetensors.damaged",
    ]);
    const again = await openRunFolder(path, resume);
    expect(await again.resume()).toStrictEqual({ checkpoint: checkpoint(9), warnings: [] });
    await again.close();
  });

  it("refuses to resume when every checkpoint is damaged", async () => {
    const path = await runOf(2);
    for (const name of ["000001", "000002"])
      truncateSync(join(path, "checkpoints", `${name}.safetensors`), 9);
    const run = await openRunFolder(path, resume);
    const error = await rejectionOf(run.resume());
    expect([error.code, error.message]).toEqual(["bad-data", expect.stringContaining("2 damaged")]);
    await run.close();
  });

  it("starts from the beginning when there is no checkpoint, without the lines of the first try", async () => {
    const path = join(scratch(), "x");
    const first = await openRunFolder(path, create);
    first.appendMetrics({ epoch: 1 });
    await first.close();
    const run = await openRunFolder(path, resume);
    expect(run.manifest).toBeUndefined();
    expect(await run.resume()).toEqual({ checkpoint: undefined, warnings: [] });
    run.appendMetrics({ epoch: 1 });
    await run.close();
    expect(await readMetrics(path)).toEqual([{ epoch: 1 }]);
  });

  it("cuts off a line that a kill tore, and says when lines are missing", async () => {
    const path = await runOf(2);
    appendFileSync(join(path, "metrics.jsonl"), '{"epoch": 4, "lo');
    expect((await readMetrics(path)).length).toBe(3);
    const torn = await openRunFolder(path, resume);
    torn.appendMetrics({ epoch: 9 });
    await torn.close();
    expect((await readMetrics(path)).at(-1)).toEqual({ epoch: 9 });
    writeFileSync(join(path, "metrics.jsonl"), '{"epoch":1}\n');
    const run = await openRunFolder(path, resume);
    expect((await run.resume()).warnings).toEqual([
      `Expected 2 lines in ${join(path, "metrics.jsonl")} but found 1: the curve has a gap.`,
    ]);
    await run.close();
  });

  it("sweeps temporary files of a killed owner", async () => {
    const path = await runOf(1);
    writeFileSync(join(path, ".manifest.json.1.0.tmp"), "half");
    writeFileSync(join(path, "checkpoints", ".000002.safetensors.1.0.tmp"), "half");
    await (await openRunFolder(path, resume)).close();
    expect(readdirSync(path).toSorted()).toEqual([
      "checkpoints",
      "lock",
      "manifest.json",
      "metrics.jsonl",
    ]);
    expect(readdirSync(join(path, "checkpoints"))).toEqual(["000001.safetensors"]);
  });

  it("is refused as new when it holds a run, and at all when it holds other files", async () => {
    const path = await runOf(1);
    const used = await rejectionOf(openRunFolder(path, create));
    expect([used.code, used.hint]).toEqual(["bad-argument", expect.stringContaining("--resume")]);
    await (await openRunFolder(path, resume)).close(); // the refusal gave the lock back
    const foreign = scratch();
    writeFileSync(join(foreign, "thesis.tex"), "");
    for (const options of [create, resume]) {
      const error = await rejectionOf(openRunFolder(foreign, options));
      expect([error.code, error.message]).toEqual([
        "bad-argument",
        expect.stringContaining("thesis.tex"),
      ]);
    }
    expect(readdirSync(foreign)).toEqual(["thesis.tex"]);
  });

  it("is no new folder when it holds the model of a run whose manifest was lost", async () => {
    const path = await runOf(1);
    const model = join(path, "model.safetensors");
    writeFileSync(model, "precious");
    rmSync(join(path, "manifest.json"));
    for (const options of [create, resume]) {
      const error = await rejectionOf(openRunFolder(path, options));
      expect([error.code, error.message]).toEqual([
        "bad-argument",
        expect.stringContaining("model.safetensors"),
      ]);
    }
    expect(readFileSync(model, "utf8")).toBe("precious");
  });

  it("cannot be made below a file", async () => {
    const folder = scratch();
    writeFileSync(join(folder, "file"), "");
    const error = await rejectionOf(openRunFolder(join(folder, "file", "x"), create));
    expect([error.code, error.message]).toEqual(["io", expect.stringContaining("ENOTDIR")]);
  });

  it("writes no manifest that JSON cannot hold", async () => {
    const path = join(scratch(), "x");
    const run = await openRunFolder(path, create);
    expect((await rejectionOf(run.writeManifest({ rate: Infinity }))).code).toBe("bad-argument");
    expect(existsSync(join(path, "manifest.json"))).toBe(false);
    await run.close();
  });

  it("throws disposed after close", async () => {
    const run = await openRunFolder(join(scratch(), "x"), create);
    await run.close();
    await run.close();
    expect(thrownBy(() => run.appendMetrics({})).code).toBe("disposed");
    for (const call of [
      run.writeManifest({}),
      run.writeCheckpoint(checkpoint(1)),
      run.resume(),
      run.writeFile("a", "b"),
    ]) {
      expect((await rejectionOf(call)).code).toBe("disposed");
    }
  });

  it("can be copied and resumed elsewhere", async () => {
    const path = await runOf(1);
    const copy = join(scratch(), "copy");
    mkdirSync(join(copy, "checkpoints"), { recursive: true });
    for (const name of ["manifest.json", "metrics.jsonl", "checkpoints/000001.safetensors"]) {
      copyFileSync(join(path, name), join(copy, name));
    }
    const run = await openRunFolder(copy, resume);
    expect((await run.resume()).checkpoint).toStrictEqual(checkpoint(1));
    await run.close();
  });
});
