import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { benchBackendSchema } from "../../src/schemas/bench-backend.js";
import { benchSchema } from "../../src/schemas/bench.js";
import { temporaryFolder } from "../support/data.js";
import { glai } from "../support/glai.js";

describe("glai bench", () => {
  it("refuses a shape it does not know", async () => {
    const { code, stderr } = await glai(["bench", "--shapes", "A9"], temporaryFolder());
    expect(code).toBe(2);
    expect(stderr).toContain("received A9");
  });

  it("prints ratios to our own MLP step as one document of its schema", async () => {
    const args = ["bench", "--shapes", "A2", "--batches", "16", "--quick", "--rounds", "1"];
    const { code, stdout } = await glai([...args, "--json", "--quiet"], temporaryFolder());
    expect(code).toBe(0);
    const report = benchSchema.parse(JSON.parse(stdout));
    const own = report.rows.filter(({ tier }) => !["pytorch", "tfjs"].includes(tier));
    expect(own.length).toBeGreaterThan(3);
    expect(report.rows.every(({ shape, batch }) => shape === "A2" && batch === 16)).toBe(true);
  }, 120_000);
});

const core = pathToFileURL(createRequire(import.meta.url).resolve("@glai/core")).href;
const cudaFolder = join(import.meta.dirname, "../../../../packages/backend-cuda");
const emulated = join(cudaFolder, "build/emulation/emulated.node");
const cuda = pathToFileURL(join(cudaFolder, "dist/backend.js")).href;
if (!existsSync(emulated))
  console.log(`glai bench --backend is not run on an emulated GPU: ${emulated} is not built.`);

/** A folder with one backend package in its node_modules. */
function folderWith(name: string, source: string): string {
  const root = temporaryFolder();
  const folder = join(root, "node_modules/@glai", `backend-${name}`);
  mkdirSync(folder, { recursive: true });
  const exports = { ".": "./main.js" };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", exports }));
  writeFileSync(join(folder, "main.js"), source);
  return root;
}

describe("glai bench --backend", () => {
  const few = ["--shapes", "A2", "--batches", "4", "--quick"];

  it.skipIf(!existsSync(emulated))(
    "checks the CUDA kernels, emulated here, and then times the table's models",
    async () => {
      const root = folderWith(
        "emulated",
        `import { createRequire } from "node:module";
         import { createBackendOver } from ${JSON.stringify(cuda)};
         const path = ${JSON.stringify(emulated)};
         export const createBackend = () =>
           createBackendOver(() => ({ addon: createRequire(import.meta.url)(path), path }));`,
      );
      const args = ["bench", "--backend", "emulated", ...few];
      const { code, stdout, stderr } = await glai([...args, "--json"], root);
      expect(stderr).toContain("conformance");
      expect(code).toBe(0);
      const { conformance, wrong, rows } = benchBackendSchema.parse(JSON.parse(stdout));
      expect(conformance.failed).toBe(0);
      expect(wrong).toEqual([]);
      expect(rows.map(({ model, parameters }) => [model, parameters])).toEqual([
        ["mlp", 98_948], // the table of docs/backends/cuda.md
        ["path", 49_472],
        ["block16", 49_472],
        ["slab", 49_472],
      ]);
      for (const row of rows) expect(row.distanceFromReference).toBeLessThan(1e-4);
    },
    120_000,
  );

  it("times nothing when a backend computes wrongly, and ends with exit code 1", async () => {
    const root = folderWith(
      "slanted",
      `import { createReferenceBackend } from ${JSON.stringify(core)};
       const reference = createReferenceBackend();
       export const createBackend = () => ({ ...reference, name: "slanted",
         async prepare(model, training) {
           const session = await reference.prepare(model, training);
           return { ...session, trainSteps: (samples, rows, options) =>
             session.trainSteps(samples, rows, { ...options, learningRate: 2 * options.learningRate }) };
         } });`,
    );
    const { code, stdout } = await glai(["bench", "--backend", "slanted", ...few], root);
    expect(code).toBe(1);
    expect(stdout).toContain("Nothing was timed");
  }, 60_000);

  it("refuses a backend that cannot run here, with what is missing", async () => {
    const { code, stderr, stdout } = await glai(
      ["bench", "--backend", "cuda", ...few],
      temporaryFolder(),
    );
    if (code === 0) return expect(stdout).toContain("compute capability"); // there is a GPU
    expect(code).toBe(2);
    expect(stderr).toMatch(/Backend cuda cannot run here\. .*(driver|GPU|built)/);
  }, 120_000);

  it("refuses to count processor time of a device", async () => {
    const args = ["bench", "--backend", "cpu", "--clock", "cpu"];
    const { code, stderr } = await glai(args, temporaryFolder());
    expect(code).toBe(2);
    expect(stderr).toContain("--clock wall");
  });
});
