import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeNpy, tensorOf } from "@glai/io";
import { readManifest } from "@glai/io/node";
import { beforeAll, describe, expect, it } from "vitest";
import { settings, shortRun, smallData, temporaryFolder, writeData } from "../support/data.js";
import { glai, glaiJson } from "../support/glai.js";
import { schemaErrors } from "../support/schema.js";

const root = temporaryFolder();
const data = join(root, "data");
const nFeatures = 6;
const raw = settings(["protocol.preprocessing={ kind: none }"]);

/** Rows of the small data as x.npy and y.npy, labels changed by `relabel`. */
function writeRows(name: string, rows: number[], relabel = (label: number) => label): string {
  const { trainX, trainY } = smallData();
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  const x = rows.flatMap((row) => [...trainX.subarray(row * nFeatures, (row + 1) * nFeatures)]);
  const y = rows.map((row) => relabel(trainY[row] ?? NaN));
  writeFileSync(
    join(folder, "x.npy"),
    encodeNpy(tensorOf(Float32Array.from(x), [rows.length, nFeatures])),
  );
  writeFileSync(join(folder, "y.npy"), encodeNpy(tensorOf(Int32Array.from(y), [rows.length])));
  return folder;
}

interface Updated {
  readonly samples: { readonly before: number; readonly after: number };
  readonly classes: { readonly before: number; readonly after: number };
  readonly residual: number;
  readonly drift: number;
  readonly method: string;
  readonly factorBytes: number;
  readonly notes: readonly string[];
}

async function update(run: string, change: string[], out: string): Promise<Updated> {
  const document = await glaiJson(["update", run, ...change, "--out", out], root);
  expect(schemaErrors("update", document)).toEqual([]);
  return document as Updated;
}

async function scoresOf(run: string): Promise<number[]> {
  const document = await glaiJson(["predict", run, join(data, "val_x.npy")], root);
  return (document as { scores: number[][] }).scores.flat();
}

function largestDifference(a: number[], b: number[]): number {
  expect(a).toHaveLength(b.length);
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? NaN))));
}

beforeAll(async () => {
  writeData(data, smallData());
  for (const head of ["glai", "linear-ridge"]) {
    await glaiJson(["train", data, "--head", head, "--out", head, ...raw], root);
  }
}, 60_000);

describe("glai update", () => {
  it("adds a new class to a ridge head, and forgetting its samples gives the old scores back", async () => {
    const head = "linear-ridge";
    const more = writeRows("more", [0, 3, 6, 9], () => 3);
    const wide = await update(head, ["--add", more], `${head}-wide`);
    expect(wide).toMatchObject({
      samples: { before: 90, after: 94 },
      classes: { before: 3, after: 4 },
    });
    expect(wide.drift).toBeLessThan(1e-9);
    expect(wide.residual).toBeLessThan(1e-6);
    const back = await update(`${head}-wide`, ["--remove", more], `${head}-back`);
    expect(back.samples).toEqual({ before: 94, after: 90 });
    const { scores } = (await glaiJson(
      ["predict", `${head}-back`, join(data, "val_x.npy")],
      root,
    )) as { scores: number[][] };
    // The class stays with a score of its own; among the others nothing has changed.
    const others = scores.flatMap((row) => {
      const [a = NaN, b = NaN, c = NaN] = row;
      return [a, b, c].map((score) => score / (a + b + c));
    });
    expect(largestDifference(others, await scoresOf(head))).toBeLessThan(1e-9);
  }, 60_000);

  it("changes a kernel head by the factor it keeps, and gives the scores of solving anew", async () => {
    const train = ["train", data, "--keep-factor", "--out", "factor", ...raw];
    const { stderr } = await glai(train, root);
    expect(stderr).toContain("Keeping the factor of 90 samples");
    const more = writeRows("new", [1, 4, 8], (label) => 2 - label);
    const grown = await update("factor", ["--add", more], "factor-grown");
    expect(grown).toMatchObject({ method: "factor", factorBytes: 4 * 93 * 94, notes: [] });
    const anew = await update("glai", ["--add", more], "factor-anew");
    expect(anew).toMatchObject({ method: "anew", factorBytes: 0 });
    expect(
      largestDifference(await scoresOf("factor-grown"), await scoresOf("factor-anew")),
    ).toBeLessThan(1e-6);
    const back = await update("factor-grown", ["--remove", more], "factor-back");
    expect(back).toMatchObject({ method: "factor", factorBytes: 0 });
    expect(largestDifference(await scoresOf("factor-back"), await scoresOf("factor"))).toBeLessThan(
      1e-4,
    );
    const text = await glai(
      ["update", "factor-grown", "--remove", more, "--keep-factor", "--out", "factor-made"],
      root,
    );
    expect(text.stdout).toMatch(/solve +anew[^]*factor +3\d\.\d KiB kept/);
  }, 60_000);

  it("says that a head without a factor keeps none", async () => {
    const train = [
      "train",
      data,
      "--head",
      "linear-ridge",
      "--keep-factor",
      "--out",
      "sums",
      ...raw,
    ];
    const { code, stderr } = await glai(train, root);
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining("--keep-factor: Expected a kernel head"),
    ]);
  }, 60_000);

  it("merges kernel heads of shards as if their samples had never been apart", async () => {
    const head = "glai";
    const all = Array.from({ length: 90 }, (_, row) => row);
    const shard = writeRows("shard", all.slice(0, 30));
    const rest = writeRows("rest", all.slice(30));
    await update(head, ["--remove", rest], `${head}-a`);
    await update(head, ["--remove", shard], `${head}-b`);
    const merged = await update(`${head}-a`, ["--merge", `${head}-b`], `${head}-ab`);
    expect(merged.samples).toEqual({ before: 30, after: 90 });
    const scores = await scoresOf(`${head}-ab`);
    // The CPU's kernel keeps its coefficients in float32.
    expect(largestDifference(scores, await scoresOf(head))).toBeLessThan(1e-5);
    expect(await readManifest(join(root, `${head}-ab`))).toMatchObject({
      kind: "update",
      status: "finished",
      dataset: { name: "data" },
      update: {
        change: "merge",
        parents: [{ path: join(root, `${head}-a`) }, { path: join(root, `${head}-b`) }],
      },
      result: { samples: { before: 30, after: 90 } },
    });
  }, 60_000);

  it("says what changed, and what was measured about the solve", async () => {
    const more = writeRows("text", [1, 2], () => 3);
    const args = ["update", "linear-ridge", "--add", more, "--out", "text-run"];
    const { code, stdout } = await glai(args, root);
    expect(code).toBe(0);
    expect(stdout).toContain("samples   90 → 92");
    expect(stdout).toContain("classes   3 → 4, new: 3");
    expect(stdout).toMatch(/relative residual \S+, condition \S+, drift \S+e-\d+/);
  }, 30_000);

  it.each([
    {
      what: "two changes",
      args: ["glai", "--add", "data", "--remove", "data"],
      code: 2,
      says: "received 2",
    },
    {
      what: "a folder that holds a run",
      args: ["glai", "--add", "data", "--out", "glai"],
      code: 2,
      says: "holds a run already",
    },
    {
      what: "a folder without a run",
      args: ["data", "--add", "data"],
      code: 2,
      says: "no manifest",
    },
  ])(
    "refuses $what",
    async ({ args, code, says }) => {
      const out = args.includes("--out") ? [] : ["--out", "refused"];
      const outcome = await glai(["update", ...args, ...out, "--json"], root);
      expect(outcome.code).toBe(code);
      expect(outcome.stderr).toContain(says);
    },
    30_000,
  );

  it("names the first row that is to be removed and was never there", async () => {
    const never = writeRows("never", [0, 1, 2], (label) => (label + 1) % 3);
    const outcome = await glai(["update", "glai", "--remove", never, "--out", "no"], root);
    expect(outcome.code).toBe(65);
    expect(outcome.stderr).toContain("for row 0 (label 1) it has it with label 0");
  }, 30_000);

  it("refuses heads trained by epochs, damaged states and a model that was replaced", async () => {
    await glaiJson(["train", data, "--head", "mlp", "--out", "epochs", ...shortRun], root);
    await glaiJson(["train", data, "--head", "linear-ridge", "--out", "other"], root);
    const attempt = (run: string) =>
      glai(["update", run, "--add", data, "--out", "never-made"], root);
    const epochs = await attempt("epochs");
    expect(epochs).toMatchObject({ code: 2, stdout: "" });
    expect(epochs.stderr).toContain("cannot be changed exactly");
    const state = join(root, "other/retraining.safetensors");
    const bytes = readFileSync(state);
    writeFileSync(state, readFileSync(join(root, "linear-ridge/retraining.safetensors")));
    const replaced = await attempt("other");
    expect(replaced).toMatchObject({ code: 65 });
    expect(replaced.stderr).toContain("belong to the model beside it");
    bytes[bytes.length - 9] = (bytes[bytes.length - 9] ?? 0) ^ 1;
    writeFileSync(state, bytes);
    const damaged = await attempt("other");
    expect(damaged).toMatchObject({ code: 65 });
    expect(damaged.stderr).toContain("CRC-32");
    expect(damaged.stderr).not.toContain("--resume");
  }, 60_000);
});
