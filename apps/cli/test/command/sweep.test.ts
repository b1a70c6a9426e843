import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRandom, createReferenceBackend } from "@glai/core";
import { innerSplit, protocolDefaults, trainHead } from "@glai/engine";
import { readDataset } from "@glai/io/node";
import { Ajv2020 } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, it } from "vitest";
import type { CollectDocument } from "../../src/sweep/collect.js";
import { smallData, temporaryFolder, writeData } from "../support/data.js";
import { glai, glaiJson, startGlai } from "../support/glai.js";

const root = temporaryFolder();
const data = join(root, "data");
const base = ["--backend", "reference", "--set", "protocol.shiftRows=0"];

beforeAll(() => {
  writeData(data, smallData());
});

function write(name: string, text: string): string {
  const path = join(root, name);
  writeFileSync(path, text);
  return path;
}

const small = `
heads: [mlp-adam, linear]
seeds: 0..1
grid:
  protocol.hidden: [[4], [9]]
  protocol.maxEpochs: [3]
`;

function plan(
  out: string,
  grid: string,
  more: readonly string[] = [],
  on = data,
): Promise<unknown> {
  const file = write(`${out}.yaml`, grid);
  return glaiJson(["sweep", "plan", on, "--grid", file, "--out", out, ...base, ...more], root);
}

const collect = async (out: string) =>
  (await glaiJson(["sweep", "collect", out], root)) as CollectDocument;

function expectSchema(name: string, document: unknown): void {
  const path = join(import.meta.dirname, `../../schemas/${name}.schema.json`);
  const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
  ajv.validate(JSON.parse(readFileSync(path, "utf8")) as object, document);
  expect(ajv.errors ?? []).toEqual([]);
}

/** The manifest of every run, by name. */
function manifests(out: string): Record<string, { status: string; result: { resumed: boolean } }> {
  const folder = join(root, out, "runs");
  return Object.fromEntries(
    readdirSync(folder).map((name) => [
      name,
      JSON.parse(readFileSync(join(folder, name, "manifest.json"), "utf8")) as never,
    ]),
  );
}

describe("glai sweep plan", () => {
  it.each([
    [
      "an unknown key",
      "grid: { protocol.hiden: [[4]] }",
      [],
      ["protocol.hiden", "protocol.hidden"],
    ],
    ["a value that cannot be", "grid: { protocol.rho: [0.5, 2] }", [], ["protocol.rho=2", "rho"]],
    [
      "sizes that cannot be served",
      "grid: { protocol.rho: [0.5, 0.99], protocol.hidden: [[4]] }",
      ["--protocol", "paper"],
      ["rho"],
    ],
    ["a key that is no part of the protocol", "grid: { seed: [1] }", [], ["seed", "protocol"]],
    ["a value given twice", "grid: { protocol.hidden: [[4], [4]] }", [], ["[4]", "twice"]],
    ["a value that is no list", "grid: { protocol.rho: 0.5 }", [], ["grid.protocol.rho"]],
    ["an unknown head", "heads: [glia]", [], ["heads.0"]],
    ["an unknown word", "head: glai", [], ["head"]],
    ["seeds given twice", "seeds: [1, 1]", [], ["1,1"]],
    [
      "objectives that have different scores",
      "grid: { protocol.objective: [{ kind: classification, classWeights: none }, { kind: contrastive, temperature: 0.1, nOutputs: 4, evaluationBatch: 8 }] }\nheads: [mlp]",
      ["--set", "protocol.dropout=0.1"],
      ["objective"],
    ],
  ] as const)("refuses %s before anything is written", async (_, grid, more, says) => {
    const file = write("bad.yaml", grid);
    const args = ["sweep", "plan", data, "--grid", file, "--out", "bad", ...base, ...more];
    const { code, stdout, stderr } = await glai(args, root);
    expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: "" });
    for (const word of says) expect(stderr).toContain(word);
    expect(existsSync(join(root, "bad"))).toBe(false);
  });

  it("writes every head with every setting and seed, and refuses a folder that holds something", async () => {
    const planned = (await plan("planned", small)) as { runs: { name: string }[]; scoring: string };
    expectSchema("sweep-plan", planned);
    expect(planned.scoring).toBe("inner");
    expect(planned.runs.map(({ name }) => name)).toEqual([
      "1-mlp-adam-seed0",
      "1-mlp-adam-seed1",
      "2-mlp-adam-seed0",
      "2-mlp-adam-seed1",
      "3-linear-seed0",
      "3-linear-seed1",
      "4-linear-seed0",
      "4-linear-seed1",
    ]);
    const again = ["sweep", "plan", data, "--grid", join(root, "planned.yaml"), "--out", "planned"];
    expect(await glai(again, root)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("glai sweep run"),
    });
  });
});

describe("glai sweep run, status and collect", () => {
  it("share a folder between processes without doing a run twice, and score on an inner split", async () => {
    await plan("shared", small);
    const both = await Promise.all([1, 2].map(() => glai(["sweep", "run", "shared", "-q"], root)));
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    const found = Object.entries(manifests("shared"));
    expect(found).toHaveLength(8);
    for (const [name, { status, result }] of found) {
      expect([name, status, result.resumed]).toEqual([name, "finished", false]);
      const metrics = readFileSync(join(root, "shared/runs", name, "metrics.jsonl"), "utf8");
      expect(metrics.split("\n").filter((line) => line.includes('"epoch"'))).toHaveLength(3);
    }
    const status = await glaiJson(["sweep", "status", "shared"], root);
    expectSchema("sweep-status", status);
    expect(status).toMatchObject({ counts: { finished: 8, waiting: 0 }, failures: [] });
    const collected = await collect("shared");
    expectSchema("sweep-collect", collected);
    const means = collected.rows.map(({ score }) => score?.mean ?? NaN);
    expect(means).toEqual(means.toSorted((a, b) => b - a));
    const dataset = await readDataset(data);
    const row = collected.rows.find(
      ({ head, settings }) => head === "mlp-adam" && String(settings["protocol.hidden"]) === "9",
    );
    const scores = await Promise.all(
      [0, 1].map(async (seed) => {
        const inner = innerSplit(dataset, 0.2, createRandom(seed).split("tuning"));
        const protocol = { ...protocolDefaults("fast"), hidden: [9], maxEpochs: 3, shiftRows: 0 };
        const backend = createReferenceBackend();
        const options = { head: "mlp-adam", protocol, backend, seed, now: () => 0 } as const;
        return (await trainHead(inner, options)).score;
      }),
    );
    expect(row?.score).toMatchObject({ mean: ((scores[0] ?? 0) + (scores[1] ?? 0)) / 2, count: 2 });
  }, 60_000);

  it("do not look at the validation split unless that is asked for, and then say so", async () => {
    const blind = writeData(join(root, "blind"), {
      ...smallData(),
      valY: smallData().valY.map((label) => (label + 1) % 3),
    });
    const grid = "heads: [linear-ridge]";
    for (const [out, on, more] of [
      ["inner-a", data, []],
      ["inner-b", blind, []],
      ["seen-a", data, ["--on-validation"]],
      ["seen-b", blind, ["--on-validation"]],
    ] as const) {
      await plan(out, grid, more, on);
      await glaiJson(["sweep", "run", out], root);
    }
    const scoreOf = async (out: string) => (await collect(out)).rows[0]?.score?.mean;
    expect(await scoreOf("inner-b")).toBe(await scoreOf("inner-a"));
    expect(await scoreOf("seen-b")).toBeLessThan((await scoreOf("seen-a")) ?? 0);
    const said = await glai(["sweep", "collect", "seen-a"], root);
    expect(said.stdout).toContain("on the validation split, as was asked for");
    const inner = await glai(["sweep", "collect", "inner-a"], root);
    expect(inner.stdout).toContain("the validation split was not looked at");
    expect(inner.stdout).toContain(
      "glai train <data> --head linear-ridge --set protocol.shiftRows=0",
    );
  }, 60_000);

  it("lose no run for one that fails, and try that again when asked to", async () => {
    await plan("failing", "heads: [linear]\nseeds: 0..2\ngrid: { protocol.maxEpochs: [2] }");
    const bad = join(root, "failing/runs/1-linear-seed1");
    mkdirSync(join(bad, "checkpoints"), { recursive: true });
    writeFileSync(join(bad, "manifest.json"), '{ "status": "interrupted" }');
    writeFileSync(join(bad, "checkpoints/000001.safetensors"), "no checkpoint");
    for (const how of ["first", "without --retry"]) {
      const run = await glai(["sweep", "run", "failing", "--json"], root);
      expect(run.code, how).toBe(1);
      const document = JSON.parse(run.stdout) as { failures: { name: string; error: string }[] };
      expectSchema("sweep-status", document);
      expect(document).toMatchObject({ counts: { finished: 2, failed: 1 } });
      expect(document.failures[0]).toMatchObject({
        name: "1-linear-seed1",
        error: expect.stringContaining("000001.safetensors"),
      });
    }
    const { rows } = await collect("failing");
    expect(rows).toMatchObject([{ planned: 3, failed: 1, score: { count: 2 } }]);
    rmSync(join(bad, "checkpoints"), { recursive: true });
    const retried = await glaiJson(["sweep", "run", "failing", "--retry"], root);
    expect(retried).toMatchObject({ counts: { finished: 3, failed: 0 } });
  }, 60_000);

  it("go on with a run that was killed, to the score of one that never was", async () => {
    const grid = "heads: [mlp]\nseeds: [5]\ngrid: { protocol.maxEpochs: [1500] }";
    const long = ["--set", "protocol.earlyStopping.patience=2000"];
    for (const out of ["killed", "whole"]) await plan(out, grid, long);
    const running = startGlai(["sweep", "run", "killed"], root);
    await running.saw(/mlp-seed5/);
    const at = join(root, "killed/runs/1-mlp-seed5/checkpoints");
    while (!existsSync(at)) await new Promise((wake) => setTimeout(wake, 20));
    expect(await glaiJson(["sweep", "status", "killed"], root)).toMatchObject({
      counts: { running: 1 },
    });
    running.child.kill("SIGKILL");
    await running.outcome;
    expect(await glaiJson(["sweep", "status", "killed"], root)).toMatchObject({
      counts: { interrupted: 1 },
    });
    for (const out of ["killed", "whole"]) await glaiJson(["sweep", "run", out], root);
    expect(manifests("killed")["1-mlp-seed5"]?.result.resumed).toBe(true);
    const scores = (document: CollectDocument) => document.rows.map(({ score }) => score);
    expect(scores(await collect("killed"))).toEqual(scores(await collect("whole")));
  }, 90_000);

  it("refuse data that changed since the plan", async () => {
    const own = writeData(join(root, "changing"), smallData());
    await plan("moved", "heads: [linear]", [], own);
    writeData(own, smallData({ nTrain: 60, nFeatures: 6, nClasses: 3 }));
    const run = await glai(["sweep", "run", "moved"], root);
    expect(run).toMatchObject({ code: 65, stderr: expect.stringContaining("train_x.npy") });
  }, 30_000);

  it("print the table as CSV, with settings in quotes where they need them", async () => {
    await plan(
      "table",
      "heads: [linear]\ngrid: { protocol.hidden: [[4, 3]], protocol.maxEpochs: [1] }",
    );
    const before = await glai(["sweep", "collect", "table", "--csv"], root);
    expect(before.stdout.split("\n")[1]).toBe('linear,"[4,3]",1,,,,0,1,0');
    await glaiJson(["sweep", "run", "table"], root);
    const { stdout } = await glai(["sweep", "collect", "table", "--csv"], root);
    const [header, row] = stdout.split("\n");
    expect(header).toBe(
      "head,protocol.hidden,protocol.maxEpochs,accuracy,accuracy std,seconds,seeds,planned,failed",
    );
    expect(row).toMatch(/^linear,"\[4,3\]",1,0\.\d+,0,[\d.e-]+,1,1,0$/);
  }, 30_000);
});
