import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serve } from "./support/serve.js";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const hasBrowser = existsSync(executablePath);
if (!hasBrowser) process.stderr.write(`backend-cpu: no browser at ${executablePath}\n`);

interface Outcome {
  readonly tier: string;
  readonly device: string;
  readonly threads: number;
  readonly failed: readonly string[];
  readonly passed: number;
  readonly turns: number; // timer callbacks while a long training ran
  readonly parameters: string;
}

/** What the page of support/serve.ts imports. */
interface Packages {
  readonly core: typeof import("@glai/core");
  readonly cpu: typeof import("../src/index.js");
}

/** Runs in the page: conformance, and a training long enough to see whether the page stays alive. */
async function inPage(): Promise<Outcome> {
  const { glai } = globalThis as unknown as { glai: Packages };
  const { createCpuBackend } = glai.cpu;
  const { createMlp, createRandom, runConformance } = glai.core;
  const backend = createCpuBackend({ threads: 2 });
  const { tier, device, threads } = await backend.probe();
  const report = await runConformance(backend, { quick: true });
  const sizes = [128, 192, 40];
  const random = createRandom(3);
  const session = await backend.prepare(
    { kind: "mlp", sizes },
    {
      loss: { kind: "crossEntropy" },
      optimizer: { kind: "sgd", momentum: 0.5, weightDecay: 0 },
    },
  );
  const nSamples = 256;
  session.write("parameters", createMlp(sizes, random).parameters);
  const samples = session.upload({
    features: {
      values: Float32Array.from({ length: nSamples * 128 }, () => random.normal()),
      nSamples,
      nFeatures: 128,
    },
    labels: Uint32Array.from({ length: nSamples }, () => random.integer(40)),
  });
  let turns = 0;
  const timer = setInterval(() => turns++, 4);
  const rows = Uint32Array.from({ length: nSamples * 200 }, (_, i) => i % nSamples);
  session.trainSteps(samples, rows, { batchSize: 32, learningRate: 0.01 });
  const values = await session.read("parameters");
  clearInterval(timer);
  session.dispose();
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const digest = await crypto.subtle.digest("SHA-256", bytes.slice());
  return {
    tier,
    device,
    threads,
    failed: report.results
      .filter((r) => r.status === "failed")
      .map((r) => `${r.name}: ${r.detail}`),
    passed: report.passed,
    turns,
    parameters: [...new Uint8Array(digest)].join(" "),
  };
}

describe.runIf(hasBrowser)("in a browser", () => {
  let browser: Browser;
  const outcomes = new Map<boolean, Outcome>();

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath,
      args: ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-gpu"],
    });
    for (const isIsolated of [true, false]) {
      const server = await serve(isIsolated);
      const page = await browser.newPage();
      await page.goto(server.origin);
      await page.waitForFunction("globalThis.glai");
      outcomes.set(isIsolated, await page.evaluate(inPage));
      await page.close();
      await server.close();
    }
  }, 120_000);

  afterAll(() => browser.close());

  it("WASM has its threads where the page is cross-origin isolated, and the page stays free", () => {
    const { tier, threads, failed, passed, turns } = outcomes.get(true) as Outcome;
    expect({ tier, threads, failed }).toEqual({ tier: "wasm", threads: 2, failed: [] });
    expect(passed).toBeGreaterThan(10);
    expect(turns).toBeGreaterThan(2);
  });

  it("WASM has one thread elsewhere", () => {
    const { tier, threads, failed } = outcomes.get(false) as Outcome;
    expect({ tier, threads, failed }).toEqual({ tier: "wasm", threads: 1, failed: [] });
  });

  it("one thread and two train to the same bits", () => {
    expect(outcomes.get(true)?.parameters).toBe(outcomes.get(false)?.parameters);
  });
});
