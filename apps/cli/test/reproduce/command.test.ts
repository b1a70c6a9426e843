import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { datasetFolder } from "@glai/datasets";
import { beforeAll, describe, expect, it } from "vitest";
import type { ReproduceDocument } from "../../src/reproduce/document.js";
import { temporaryFolder } from "../support/data.js";
import { glai, glaiJson, startGlai } from "../support/glai.js";
import { schemaErrors } from "../support/schema.js";

const root = temporaryFolder();
const quick = ["reproduce", "--quick", "--backend", "cpu", "--threads", "1"];

describe("glai reproduce --quick", () => {
  const out = join(root, "all");
  let document: ReproduceDocument;
  beforeAll(async () => {
    const experiments = ["--experiments", "A2,B2,C1"];
    document = (await glaiJson(
      [...quick, ...experiments, "--out", out],
      root,
    )) as ReproduceDocument;
  }, 90_000);

  it("runs one experiment of every family and prints one document of the published schema", () => {
    expect(schemaErrors("reproduce", document)).toEqual([]);
    expect(document.quick).toBe(true);
    const table3 = document.summaries.filter(({ group }) => group === "table3");
    expect(table3.map(({ experiment, head }) => `${experiment} ${head}`)).toEqual(
      ["A2", "B2", "C1"].flatMap((name) =>
        ["mlp", "mlp-reduced", "glai", "linear"].map((head) => `${name} ${head}`),
      ),
    );
    for (const { data } of document.records) expect(data).toContain("stand-in for");
    expect(document.tests.find(({ head }) => head === "glai")).toMatchObject({ n: 3 });
  });

  it("leaves the tables, the document and every finished run in the folder, and says that quick means nothing", () => {
    const files = readdirSync(out);
    expect(files).toEqual(expect.arrayContaining(["manifest.json", "results.json", "tables.md"]));
    expect(files).toContain("A2-table3-glai-seed0.json");
    const tables = readFileSync(join(out, "tables.md"), "utf8");
    expect(tables).toContain("These figures mean nothing");
    expect(tables).toMatch(/backend cpu \(.*, 1 thread\)/); // as --threads asked
  });

  it("goes on with what is there: only what is missing is run again", async () => {
    rmSync(join(out, "A2-table3-linear-seed0.json"));
    const again = (await glaiJson(
      [...quick, "--experiments", "A2,B2,C1", "--out", out],
      root,
    )) as ReproduceDocument;
    expect(again.reused).toBe(
      readdirSync(out).filter((name) => name.endsWith("seed0.json")).length - 1,
    );
    const same = (one: ReproduceDocument) =>
      one.records.filter(({ head }) => head !== "linear").map(({ seconds }) => seconds.total);
    expect(same(again)).toEqual(same(document));
  }, 60_000);

  it("refuses finished runs of other settings instead of mixing them in", async () => {
    const name = join(out, "A2-table3-mlp-seed0.json");
    const file = JSON.parse(readFileSync(name, "utf8")) as { key: string };
    writeFileSync(name, JSON.stringify({ ...file, key: "another" }));
    const run = await glai([...quick, "--experiments", "A2", "--out", out], root);
    expect(run).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("A2-table3-mlp-seed0.json"),
    });
  }, 60_000);

  it("keeps the others when one run fails, says so, and ends with exit code 1", async () => {
    const data = join(root, "data");
    cpSync(datasetFolder("A2"), join(data, "A2"), { recursive: true });
    mkdirSync(join(data, "C1"), { recursive: true });
    // C1 with one validation class only: no episode can be drawn from it.
    cpSync(datasetFolder("A2"), join(data, "C1"), { recursive: true });
    const labels = readFileSync(join(data, "C1/val_y.npy"));
    writeFileSync(
      join(data, "C1/val_y.npy"),
      Buffer.concat([labels.subarray(0, 128), Buffer.alloc(labels.length - 128)]),
    );
    const run = await glai(
      [...quick, "--experiments", "A2,C1", "--data", data, "--out", "part", "--json", "-q"],
      root,
    );
    expect(run.code).toBe(1);
    const part = JSON.parse(run.stdout) as ReproduceDocument;
    expect(part.failures.map(({ unit }) => unit)).toEqual(
      expect.arrayContaining(["C1-table3-episodes, seed 0", "C1-honest-episodes, seed 0"]),
    );
    expect(
      part.summaries.filter(({ experiment }) => experiment === "A2").length,
    ).toBeGreaterThanOrEqual(4);
    expect(part.records[0]?.data).toContain("from --data");
  }, 90_000);

  it("is refused to a second process, and keeps finished runs after an interrupt", async () => {
    const args = [
      "reproduce",
      "--experiments",
      "A1",
      "--seeds",
      "1",
      "--out",
      "busy",
      "--backend",
      "cpu",
    ];
    const first = startGlai(args, root);
    await first.saw(/A1-table3-mlp-reduced/);
    const second = await glai(args, root);
    expect(second.code).toBe(75);
    first.child.kill("SIGINT");
    const { code, stderr } = await first.outcome;
    expect(code).toBe(130);
    expect(stderr).toContain("same command again");
    expect(readdirSync(join(root, "busy"))).toContain("A1-table3-mlp-seed0.json");
  }, 90_000);
});

describe("glai reproduce", () => {
  it.each([
    [["--experiments", "A3"], "A1, A2, B1"],
    [["--ablate", "rho=2"], "reduction factors"],
    [["--seeds", "0"], "at least 1"],
  ])(
    "refuses %j as usage",
    async (flags, words) => {
      const run = await glai(["reproduce", "--quick", ...flags], root);
      expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining(words) });
    },
    30_000,
  );
});
