import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasBrowser, openPage } from "./support/browser.js";
import type { Packages } from "./support/packages.js";

async function inPage() {
  const { core, webgl } = (globalThis as unknown as { glai: Packages }).glai;
  const backend = webgl.createWebglBackend();
  const began = performance.now();
  const capability = await backend.probe();
  const probeTime = performance.now() - began;
  const report = await core.runConformance(backend);
  return {
    capability,
    probeTime,
    time: performance.now() - began,
    passed: report.passed,
    failed: report.results
      .filter((r) => r.status === "failed")
      .map((r) => `${r.name}: ${r.detail}`),
    skipped: [
      ...new Set(report.results.filter((r) => r.status === "skipped").map((r) => r.reason)),
    ],
  };
}

describe.runIf(hasBrowser)("in Chromium", () => {
  let opened: Awaited<ReturnType<typeof openPage>>;
  beforeAll(async () => {
    opened = await openPage();
  });
  afterAll(() => opened.close());

  it("passes core's conformance checks", async () => {
    const outcome = await opened.page.evaluate(inPage);
    if (process.env["DEBUG_WEBGL"]) console.log(JSON.stringify(outcome, null, 1), opened.errors);
    expect(outcome.failed).toEqual([]);
    expect(outcome.passed).toBeGreaterThan(200);
    expect(opened.errors).toEqual([]);
  });
});
