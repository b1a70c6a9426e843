// What the loader makes of a package with the compiled kernels beside it, as npm would lay them out.
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  version: string;
};
const home = mkdtempSync(join(tmpdir(), "glai-cpu-"));
const scope = join(home, "node_modules/@glai");
const beside = `@glai/backend-cpu-${process.platform}-${process.arch}`;

beforeAll(() => {
  mkdirSync(join(scope, "backend-cpu"), { recursive: true });
  for (const name of ["dist", "package.json"])
    cpSync(join(root, name), join(scope, "backend-cpu", name), { recursive: true });
  symlinkSync(join(root, "../core"), join(scope, "core"), "dir");
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

interface Load {
  readonly path?: string;
  readonly tried?: readonly string[];
}

/** The loader's answer with a platform package of that version, whose addon is a stand-in. */
function loadWith(found: string): Load {
  const folder = join(home, "node_modules", beside);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: beside, version: found, main: "addon.cjs" }),
  );
  writeFileSync(join(folder, "addon.cjs"), 'module.exports = { instructionSet: "stand-in" };');
  const script = `
    const { loadNative } = await import(${JSON.stringify(join(scope, "backend-cpu/dist/native/loader.js"))});
    console.log(JSON.stringify(loadNative()));`;
  const args = ["--preserve-symlinks", "--input-type=module", "--eval", script];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: home, encoding: "utf8" })) as Load;
}

it("is used when it has the backend's version", () => {
  expect(loadWith(version).path).toBe(beside);
});

it("is refused when it is of another release, in words", () => {
  expect(loadWith("9.9.9").tried).toContain(
    `${beside}: version 9.9.9 beside @glai/backend-cpu ${version}`,
  );
});
