import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { runConformance } from "@glai/core";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { pathOf, sanitizerLibrary, type Variant } from "./support/build-emulation.js";
import { type EmulatedAddon, emulatedBackend, loadEmulated } from "./support/emulated.js";

/** A run under AddressSanitizer, which must be in the process before anything allocates. */
function sanitized(variant: Variant, ...args: string[]): { status: number | null; text: string } {
  const child = join(import.meta.dirname, "support", "sanitized-child.js");
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [child, pathOf(variant), ...args],
    {
      encoding: "utf8",
      env: {
        ...process.env,
        LD_PRELOAD: sanitizerLibrary(),
        // Node does not free everything at its end, and lives with containers that the binding fills.
        ASAN_OPTIONS: "detect_leaks=0:detect_container_overflow=0",
      },
    },
  );
  return { status, text: stdout + stderr };
}

describe.skipIf(inject("noEmulation") !== "")("mistakes in kernels", () => {
  let addon: EmulatedAddon;
  beforeAll(() => {
    addon = loadEmulated();
  });

  for (const reverse of [false, true])
    it(`a planted missing barrier turns the conformance checks red with threads in ${reverse ? "reverse" : "forward"} order`, async () => {
      const planted = loadEmulated("missing-barrier");
      planted.emulation.setReverse(reverse);
      const report = await runConformance(emulatedBackend(planted), { quick: true });
      const failed = report.results.filter(({ status }) => status === "failed");
      expect(failed.length).toBeGreaterThan(10);
      expect(failed.every(({ name }) => /mlp|conversion/.test(name))).toBe(true);
    });

  it("a planted store past the end is caught by the sanitizer, in the kernel's line", () => {
    const { status, text } = sanitized("out-of-bounds", "conformance");
    expect(status).not.toBe(0);
    expect(text).toContain("AddressSanitizer: heap-buffer-overflow");
    expect(text).toContain("estimatorSumChunks");
  });

  for (const order of ["forward", "reverse"]) {
    it(`the sound kernels pass under the sanitizer with threads in ${order} order`, () => {
      const { status, text } = sanitized("sanitized", "conformance", order);
      expect(text).toMatch(/^\d+ passed, 0 failed$/m);
      expect(status).toBe(0);
    });

    it(`they train as the reference does under the sanitizer with threads in ${order} order`, () => {
      const { status, text } = sanitized("sanitized", "training", order);
      expect(text).toMatch(/^4 models as the reference trains them$/m);
      expect(status).toBe(0);
    });
  }

  it("an evaluation with two views has room for both of its passes", () => {
    const { status, text } = sanitized("sanitized", "views");
    expect(text).toMatch(/^8352 logits$/m);
    expect(status).toBe(0);
  });

  it("graphs go when what they point at moves", () => {
    const { status, text } = sanitized("sanitized", "graphs");
    expect(text).toMatch(/^130 steps$/m);
    expect(status).toBe(0);
  });

  it("a store past a shared array is caught by the sanitizer", () => {
    const { status, text } = sanitized("sanitized", "fault", "pastSharedArray");
    expect(status).not.toBe(0);
    expect(text).toContain("AddressSanitizer: heap-buffer-overflow");
  });

  it("a store past dynamic shared memory, by one byte, is caught by the sanitizer", () => {
    const sound = sanitized("sanitized", "fault", "noneOfDynamic");
    expect(sound).toEqual({ status: 0, text: "\n" });
    const { status, text } = sanitized("sanitized", "fault", "pastDynamic");
    expect(status).not.toBe(0);
    expect(text).toContain("AddressSanitizer: heap-buffer-overflow");
    expect(text).toContain("dynamicNeighbours");
  });

  it("sound kernels are not accused", () => {
    expect(addon.emulation.runFault("none")).toBe("");
    expect(addon.emulation.runFault("noneOfDynamic")).toBe("");
  });

  const faults: [string, RegExp][] = [
    ["missingBarrier", /thread \d+ found/],
    ["barrierForSome", /wait for others that have ended/],
    ["differentBarriers", /stand at different barriers/],
    ["ballotForSome", /wait for others that have ended/],
    ["differentWarpFunctions", /stand at different warp functions/],
    ["tooMuchShared", /more than 48 KiB/],
    ["dynamicMissing", /uses dynamic shared memory but was launched with none/],
    ["dynamicMissingBarrier", /thread \d+ found/],
    ["tooMuchDynamic", /impossible launch/],
    ["tooMuchTogether", /more than 48 KiB/],
  ];
  for (const [name, noticed] of faults)
    it(`the emulation notices ${name} in either order`, () => {
      for (const reverse of [false, true]) {
        addon.emulation.setReverse(reverse);
        const found = addon.emulation.runFault(name);
        addon.emulation.setReverse(false);
        expect(found).toMatch(noticed);
        expect(addon.emulation.runFault("none")).toBe(""); // and recovers
      }
    });
});
