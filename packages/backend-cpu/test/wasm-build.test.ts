import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = new URL("..", import.meta.url).pathname;
const record = JSON.parse(readFileSync(join(root, "wasm/kernels.json"), "utf8")) as Record<
  string,
  string
>;
const files = ["kernels.wasm", "kernels-threads.wasm"];

function sha256(parts: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

it("the committed WASM kernels were built from the sources that are here", () => {
  const native = join(root, "native");
  const inputs = readdirSync(native)
    .filter((name) => /\.(cc|h)$/.test(name) && !/_avx(2|512)\.cc$/.test(name))
    .filter((name) => !/^(addon|binding|native_)/.test(name))
    .toSorted()
    .map((name) => readFileSync(join(native, name)));
  expect(record["sources"], "Run: pnpm --filter @glai/backend-cpu build:wasm").toBe(sha256(inputs));
});

it("the committed WASM kernels are the files that were built", () => {
  for (const file of files) {
    expect(record[file]).toBe(sha256([readFileSync(join(root, "wasm", file))]));
  }
});

const hasClang = spawnSync("clang++", ["--version"]).status === 0;

// Half a minute of compiling: in CI, and wherever it is asked for.
it.runIf(hasClang && (process.env["CI"] ?? process.env["GLAI_SLOW_TESTS"]))(
  "clang builds the same bytes again",
  () => {
    const out = mkdtempSync(join(tmpdir(), "glai-wasm-test-"));
    try {
      const script = join(root, "scripts/build-wasm.js");
      const { status, stderr } = spawnSync(process.execPath, [script, "--out", out], {
        encoding: "utf8",
      });
      expect(status, stderr).toBe(0);
      for (const file of files) {
        const same = readFileSync(join(out, file)).equals(readFileSync(join(root, "wasm", file)));
        expect(same, `${file} differs: another version of clang, or a forgotten build:wasm`).toBe(
          true,
        );
      }
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  },
  300_000,
);
