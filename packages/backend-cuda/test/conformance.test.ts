import { runConformance } from "@glai/core";
import { describe, expect, inject, it } from "vitest";
import { emulatedBackend, loadEmulated } from "./support/emulated.js";

describe.skipIf(inject("noEmulation") !== "")("the kernels on the emulated GPU", () => {
  for (const reverse of [false, true]) {
    it(`keep every promise of the Backend interface with threads in ${reverse ? "reverse" : "forward"} order`, async () => {
      const addon = loadEmulated();
      addon.emulation.setReverse(reverse);
      const report = await runConformance(emulatedBackend(addon));
      addon.emulation.setReverse(false);
      const failures = report.results.filter(({ status }) => status === "failed");
      expect(failures).toEqual([]);
      for (const { name, status, reason } of report.results)
        if (status === "skipped") expect(name, reason).toMatch(/^linear algebra|not listed/);
      expect(report.passed).toBeGreaterThan(200);
    });
  }
});
