import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  activationPatterns,
  enumeratePaths,
  type Features,
  type Mlp,
  type Path,
  pathDistance,
  pathNorm,
  pathWeight,
} from "@glai/core";
import { readDataset, readModel } from "@glai/io/node";
import { Ajv2020 } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, it } from "vitest";
import { jsonSchemas } from "../../src/schemas/documents.js";
import { shortRun, smallData, temporaryFolder, writeData, writeMlp } from "../support/data.js";
import { glai, glaiJson } from "../support/glai.js";

const schemaFolder = join(import.meta.dirname, "../../schemas");
const root = temporaryFolder();
const data = join(root, "data");
const sizes = [6, 5, 3];
const learning = [...shortRun, "--set", "protocol.maxEpochs=40"];

/** What an independent validator has against a document, by the schema published under this name. */
function schemaErrors(name: string, document: unknown): string[] {
  const path = join(schemaFolder, `${name}.schema.json`);
  const schema = JSON.parse(readFileSync(path, "utf8")) as object;
  const ajv = new Ajv2020({ strict: true, allErrors: true });
  ajv.validate(schema, document);
  return (ajv.errors ?? []).map(({ instancePath, keyword }) => `${keyword} at ${instancePath}/`);
}

function expectSchema(name: string, document: unknown): void {
  expect(schemaErrors(name, document)).toEqual([]);
}

beforeAll(() => {
  writeData(data, smallData());
  writeMlp(join(root, "a.safetensors"), sizes, 1);
  writeMlp(join(root, "b.safetensors"), sizes, 2);
});

describe("published schemas", () => {
  it("are those of the code: pnpm --filter glai schemas writes them", () => {
    const files = readdirSync(schemaFolder).map((name) => [
      name.replace(".schema.json", ""),
      JSON.parse(readFileSync(join(schemaFolder, name), "utf8")) as unknown,
    ]);
    expect(Object.fromEntries(files)).toEqual(JSON.parse(JSON.stringify(jsonSchemas())));
  });

  it("refuse a document that has too much or too little", () => {
    expect(schemaErrors("paths-shift", { structuralShift: 1 })).toContain("required at /");
    const error = { code: "io", message: "x", hint: null };
    expect(schemaErrors("error", { error, more: 1 })).toEqual(["additionalProperties at /"]);
  });
});

describe("glai train, predict, inspect and compare with --json", () => {
  it("train, inspect and predict one head", async () => {
    const out = join(root, "run");
    const trained = (await glaiJson(["train", data, "--out", out, ...learning], root)) as {
      score: number;
      certificate: { kept: number };
    };
    expectSchema("train", trained);
    expect(trained.score).toBeGreaterThan(0.5); // blobs are easy; chance is a third
    expect(trained.certificate.kept).toBeGreaterThan(0);
    const inspected = await glaiJson(["inspect", out], root);
    expectSchema("inspect-run", inspected);
    expect(inspected).toMatchObject({ head: "glai", certificate: trained.certificate });
    const predicted = (await glaiJson(["predict", out, join(data, "val_x.npy")], root)) as {
      labels: number[];
      scores: number[][];
    };
    expectSchema("predict", predicted);
    const { validation } = await readDataset(data);
    const right = predicted.labels.filter((label, i) => label === validation.labels[i]).length;
    expect(right / validation.labels.length).toBeCloseTo(trained.score, 10);
    for (const row of predicted.scores) {
      expect(row.reduce((sum, score) => sum + score, 0)).toBeCloseTo(1, 10);
    }
    expect(readdirSync(out)).toEqual(
      expect.arrayContaining([
        "manifest.json",
        "metrics.jsonl",
        "model.safetensors",
        "report.html",
      ]),
    );
  }, 60_000);

  it("inspect a dataset", async () => {
    const inspected = await glaiJson(["inspect", data], root);
    expectSchema("inspect-dataset", inspected);
    expect(inspected).toMatchObject({
      nFeatures: 6,
      nClasses: 3,
      train: { rows: 90, perClass: [30, 30, 30] },
    });
  }, 30_000);

  it("compare heads over seeds", async () => {
    const args = ["compare", data, "--heads", "mlp,glai,linear", "--seeds", "0..1", ...shortRun];
    const out = join(root, "comparison");
    const compared = (await glaiJson([...args, "--out", out], root)) as {
      heads: {
        head: string;
        speedup: { mean: number };
        runs: { seed: number; speedup: number }[];
      }[];
      tests: unknown[];
    };
    expectSchema("compare", compared);
    const inspected = await glaiJson(["inspect", out], root);
    expectSchema("inspect-run", inspected);
    expect(inspected).toMatchObject({
      head: null,
      manifest: { kind: "compare", status: "finished" },
    });
    expect(compared.heads.map(({ head }) => head)).toEqual(["mlp", "glai", "linear"]);
    for (const { runs, speedup } of compared.heads) {
      expect(runs.map(({ seed }) => seed)).toEqual([0, 1]);
      const [first = NaN, second = NaN] = runs.map((run) => run.speedup);
      expect(speedup.mean).toBeCloseTo((first + second) / 2, 10);
    }
    expect(compared.tests).toHaveLength(6); // Table 4: two heads, Table 5: one; time and score each
    const lines = readFileSync(join(out, "metrics.jsonl"), "utf8").trimEnd().split("\n");
    expect(lines).toHaveLength(6);
  }, 60_000);

  it("print the whole configuration, which the schema accepts and --config takes back", async () => {
    const printed = await glaiJson(["train", "--print-config", "--protocol", "paper"], root);
    expectSchema("config", printed);
    const { stdout } = await glai(["train", "--print-config", "--protocol", "paper"], root);
    writeFileSync(join(root, "again.yaml"), stdout);
    const again = await glaiJson(["train", "--print-config", "--config", "again.yaml"], root);
    expect(again).toEqual(printed);
  }, 30_000);

  it("print errors as one document on stderr", async () => {
    const { stderr } = await glai(["train", "nowhere", "--json"], root);
    expectSchema("error", JSON.parse(stderr));
  }, 30_000);
});

describe("glai paths with --json", () => {
  /** Every path of the network with its norm and its Theorem-2 score on the training split. */
  async function bruteForce(model: string) {
    const { train } = await readDataset(data);
    const { body } = await readModel(model);
    if (body.kind !== "mlp") throw new Error("not an MLP");
    const { network } = body;
    const patterns = activationPatterns(network, train.features);
    return [...enumeratePaths(network.sizes)].map((path) => {
      const norm = pathNorm(path, patterns, train.features);
      return { path, norm, score: Math.abs(pathWeight(network, path)) * norm };
    });
  }

  it("count, prune and certify as brute force does", async () => {
    const model = join(root, "a.safetensors");
    const all = await bruteForce(model);
    const scores = all.map(({ score }) => score).toSorted((x, y) => y - x);
    const total = scores.reduce((sum, score) => sum + score, 0);
    const kept = scores.slice(0, 20).reduce((sum, score) => sum + score, 0);
    const document = (await glaiJson(["paths", model, data, "--keep", "20", "--list"], root)) as {
      paths: string;
      totalMass: number;
      keptMass: number;
      bound: number;
      measuredError: number;
      list: unknown[];
    };
    expectSchema("paths", document);
    expect(document.paths).toBe(String(all.length));
    expect(document.totalMass).toBeCloseTo(total, 9);
    expect(document.keptMass).toBeCloseTo(kept, 9);
    expect(document.bound).toBeCloseTo(total - kept, 9);
    expect(document.measuredError).toBeLessThanOrEqual(document.bound);
    expect(document.list).toHaveLength(20);
  }, 30_000);

  it("rank by the share of the origin with --rank relative, as brute force does", async () => {
    const model = join(root, "a.safetensors");
    const all = await bruteForce(model);
    const originOf = ({ origin, firstLayer }: Path) => `${firstLayer > 1}, ${origin}`; // one hidden layer
    const masses = new Map<string, number>();
    for (const { path, score } of all)
      masses.set(originOf(path), (masses.get(originOf(path)) ?? 0) + score);
    const ranked = all
      .map(({ path, score }) => ({ score, share: score / (masses.get(originOf(path)) || 1) }))
      .toSorted((x, y) => y.share - x.share);
    const kept = ranked.slice(0, 20).reduce((sum, { score }) => sum + score, 0);
    const document = (await glaiJson(
      ["paths", model, data, "--keep", "20", "--rank", "relative"],
      root,
    )) as { rank: string; keptMass: number; bound: number; measuredError: number };
    expectSchema("paths", document);
    expect(document.rank).toBe("relative");
    expect(document.keptMass).toBeCloseTo(kept, 9);
    expect(document.measuredError).toBeLessThanOrEqual(document.bound);
  }, 30_000);

  it("keep the fewest paths whose bound is at most the error asked for", async () => {
    const model = join(root, "a.safetensors");
    const document = (await glaiJson(["paths", model, data, "--max-error", "0.3"], root)) as {
      kept: number;
      bound: number;
    };
    expect(document.bound).toBeLessThanOrEqual(0.3);
    const fewer = (await glaiJson(
      ["paths", model, data, "--keep", String(document.kept - 1)],
      root,
    )) as { bound: number };
    expect(fewer.bound).toBeGreaterThan(0.3);
  }, 30_000);

  it("measure the structural shift as brute force does", async () => {
    const [a, b] = [join(root, "a.safetensors"), join(root, "b.safetensors")];
    const document = (await glaiJson(["paths", "shift", a, b, data], root)) as {
      structuralShift: number;
    };
    expectSchema("paths-shift", document);
    const { train } = await readDataset(data);
    const [before, after] = [await networkOf(a), await networkOf(b)];
    expect(document.structuralShift).toBeCloseTo(meanDistance(before, after, train.features), 9);
  }, 30_000);

  it("refuse networks of another width than the data", async () => {
    const narrow = writeMlp(join(root, "narrow.safetensors"), [5, 4, 3], 1);
    const run = await glai(["paths", narrow, data, "--keep", "3", "--json"], root);
    expect(run.code).toBe(65);
    expect(run.stderr).toContain("Expected 5 features");
  }, 30_000);
});

async function networkOf(path: string): Promise<Mlp> {
  const { body } = await readModel(path);
  if (body.kind !== "mlp") throw new Error("not an MLP");
  return body.network;
}

/** m_t by visiting every path. */
function meanDistance(before: Mlp, after: Mlp, features: Features): number {
  const [a, b] = [activationPatterns(before, features), activationPatterns(after, features)];
  const distances = [...enumeratePaths(before.sizes)].map((path) =>
    pathDistance(path, path, a, features, b),
  );
  return distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
}
