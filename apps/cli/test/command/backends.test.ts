import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { shortRun, smallData, temporaryFolder, writeData } from "../support/data.js";
import { glai, glaiJson } from "../support/glai.js";

const root = temporaryFolder();
const data = join(root, "data");
const core = pathToFileURL(createRequire(import.meta.url).resolve("@glai/core")).href;

/** A backend package of a third party in the user's node_modules. */
function install(name: string, source: string): void {
  const folder = join(root, "node_modules/@glai", `backend-${name}`);
  mkdirSync(folder, { recursive: true });
  const manifest = {
    name: `@glai/backend-${name}`,
    type: "module",
    exports: { ".": { types: "./main.d.ts", default: "./main.js" } },
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(folder, "main.js"), source);
}

beforeAll(() => {
  writeData(data, smallData());
  install(
    "oracle",
    `import { createReferenceBackend } from ${JSON.stringify(core)};
     export const createBackend = () => ({ ...createReferenceBackend(), name: "oracle" });`,
  );
  install(
    "absent",
    `import { createReferenceBackend } from ${JSON.stringify(core)};
     export const createBackend = () => {
       const reference = createReferenceBackend();
       return { ...reference, name: "absent", probe: async () => ({
         ...(await reference.probe()), available: false, reason: "No such device.", hint: "Buy one.",
       }) };
     };`,
  );
  const compiled = join(root, "node_modules/@glai/backend-oracle-linux-x64");
  mkdirSync(compiled, { recursive: true });
  writeFileSync(join(compiled, "package.json"), JSON.stringify({ os: ["linux"], cpu: ["x64"] }));
  install("broken", `throw new Error("it fell apart");`);
  install(
    "wrong",
    `export const createBackend = () => { throw new Error("never"); };
     export const apiVersion = 7;`,
  );
});

describe("backends in the user's folder", () => {
  it("are found by name and train there", async () => {
    const args = ["train", data, "--backend", "oracle", "--out", "run", "--head", "mlp"];
    expect(await glaiJson([...args, ...shortRun], root)).toMatchObject({
      backend: "oracle",
      capability: { precision: "float64" },
    });
  }, 30_000);

  it("are passed over by auto with the reason, and auto says what it took", async () => {
    const args = ["train", data, "--backend", "auto", "--head", "mlp", "--out", "auto"];
    const run = await glai([...args, ...shortRun, "--json"], root);
    expect(run.code, run.stderr).toBe(0);
    const { backend, passedOver } = JSON.parse(run.stdout) as {
      backend: string;
      passedOver: { name: string; reason: string }[];
    };
    expect(["cpu", "oracle"]).toContain(backend); // whichever is faster on so small a network
    const reasons = Object.fromEntries(passedOver.map(({ name, reason }) => [name, reason]));
    expect(reasons.absent).toBe("No such device.");
    expect(reasons.broken).toContain("it fell apart");
    expect(reasons.reference).toContain("oracle");
    expect(reasons[backend === "cpu" ? "oracle" : "cpu"]).toMatch(/µs a training step/);
    expect(run.stderr).toContain(`backend ${backend}`);
    expect(run.stderr).toContain("passed over");
  }, 30_000);

  it("are never swapped for another when they were named", async () => {
    const absent = await glai(["train", data, "--backend", "absent", "--json"], root);
    expect(absent).toMatchObject({ code: 2, stdout: "" });
    expect(JSON.parse(absent.stderr)).toEqual({
      error: {
        code: "unavailable",
        message: "Backend absent cannot run here. No such device.",
        hint: "Buy one.",
      },
    });
    const broken = await glai(["train", data, "--backend", "broken"], root);
    expect(broken).toMatchObject({ code: 2, stderr: expect.stringContaining("it fell apart") });
  }, 30_000);

  it("are examined by doctor, which fails when one cannot be loaded", async () => {
    const run = await glai(["doctor", "--json"], root);
    expect(run.code, run.stderr).toBe(1);
    const { backends, healthy } = JSON.parse(run.stdout) as {
      healthy: boolean;
      backends: { name: string; error: string | null; conformance: { failed: number } | null }[];
    };
    expect(healthy).toBe(false);
    const named = Object.fromEntries(backends.map((backend) => [backend.name, backend]));
    expect(named.cpu?.conformance?.failed).toBe(0);
    expect(named.oracle?.conformance?.failed).toBe(0);
    expect(named.absent).toMatchObject({ error: null, conformance: null });
    expect(named.broken?.error).toContain("it fell apart");
  }, 60_000);

  it("are examined by doctor, which is content with the built-in ones", async () => {
    const run = await glai(["doctor"], temporaryFolder());
    expect(run.code, run.stdout).toBe(0);
    expect(run.stdout).toContain("Everything that runs here is right.");
  }, 60_000);
});
