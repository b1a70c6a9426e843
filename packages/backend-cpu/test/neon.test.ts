import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const native = new URL("../native", import.meta.url).pathname;
const hasClang = spawnSync("clang++", ["--version"]).status === 0;

/** What an ARM build compiles: the baseline kernels and everything that is compiled once, bindings apart. */
const sources = readdirSync(native)
  .filter((name) => name.endsWith(".cc") && !/^(addon|binding|native_|wasm_)/.test(name))
  .filter((name) => !/_avx(2|512)\.cc$/.test(name));

it.runIf(hasClang)("the kernels compile for 64-bit ARM with NEON", () => {
  const { status, stderr } = spawnSync(
    "clang++",
    [
      "--target=aarch64-none-elf",
      "-ffreestanding",
      "-std=gnu++17",
      "-fsyntax-only",
      "-Wall",
      "-Wextra",
      "-Werror",
      ...sources.map((name) => join(native, name)),
    ],
    { encoding: "utf8" },
  );
  expect(stderr).toBe("");
  expect(status).toBe(0);
});
