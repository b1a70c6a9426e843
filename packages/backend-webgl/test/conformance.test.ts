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

  it("refuses a GPU that computes something else, and says what", async () => {
    await opened.page.reload();
    await opened.page.waitForFunction("globalThis.glai");
    const { verdict, error } = await opened.page.evaluate(async () => {
      const { core, webgl, sources } = (globalThis as unknown as { glai: Packages }).glai;
      const adam = sources.kernelSources.adamSecond as { source: string };
      adam.source = adam.source.replace("rest * g * g", "rest * g"); // the GPU that lies
      const backend = webgl.createWebglBackend();
      const verdict = await backend.probe();
      const error = await backend
        .prepare(
          { kind: "mlp", sizes: [2, 2] },
          { loss: { kind: "crossEntropy" }, optimizer: core.optimizerDefaults.sgd },
        )
        .then(String, (thrown: { code: string }) => thrown.code);
      return { verdict, error };
    });
    expect(verdict.available).toBe(false);
    expect(verdict.reason).toContain("This GPU does not compute what the reference does");
    expect(verdict.reason).toContain("five steps of adamw");
    expect(error).toBe("unavailable");
  });
});
