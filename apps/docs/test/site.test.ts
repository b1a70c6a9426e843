import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createCpuBackend } from "@glai/backend-cpu";
import { headLogits } from "@glai/core";
import type { HeadRun } from "@glai/engine";
import { decodeHeadModel } from "@glai/io";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BundledName, bundled, bundledDataset, withRows } from "../train/data.js";
import { runHeads } from "../train/run-heads.js";
import { defaultSettings, type PageHead, type Settings } from "../train/settings.js";
import { noBrowser, startBrowser } from "./browser.js";
import { serve } from "./serve.js";

const docs = resolve(import.meta.dirname, "..");
const data = resolve(docs, "../../packages/datasets/data");
const dist = join(docs, "node_modules/.vitest/site");
const base = "/some/where/";
/** Screenshots to look at. */
const shots = join(docs, "node_modules/.vitest/screenshots");

const small: Settings = { ...defaultSettings, rows: 600, hidden: 32, epochs: 3, seed: 5 };

let browser: Browser;
let site: Awaited<ReturnType<typeof serve>>;
const scratch = mkdtempSync(join(tmpdir(), "glai-docs-"));

if (noBrowser !== undefined) console.log(`The page that trains is not tested: ${noBrowser}.`);

/** The page with the small settings filled in. Any error of the page fails the test that opened it. */
async function open(path = "train"): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage({
    viewport: { width: 1280, height: 900 },
    acceptDownloads: true,
  });
  const errors: string[] = [];
  page.on("pageerror", ({ message }) => errors.push(message));
  page.on("response", (response) => {
    if (response.status() >= 400) errors.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(`${site.origin}${base}${path}`, { waitUntil: "networkidle" });
  return { page, errors };
}

async function fill(page: Page, settings: Settings): Promise<void> {
  await page.getByLabel("Training rows, at most").fill(String(settings.rows));
  await page.getByLabel("Hidden units").fill(String(settings.hidden));
  await page.getByLabel("Epochs, at most").fill(String(settings.epochs));
  await page.getByLabel("Seed").fill(String(settings.seed));
  await page.getByLabel("Tier of the CPU backend").selectOption(settings.tier);
}

/** Presses Train and waits for the end; the scores by head. */
async function train(page: Page): Promise<Partial<Record<PageHead, number>>> {
  await page.getByRole("button", { name: "Train", exact: true }).click();
  await page.locator(".status:not([data-phase=idle]):not([data-phase=training])").waitFor();
  expect(
    await page.locator(".status").getAttribute("data-phase"),
    await page.locator(".train-page").innerText(),
  ).toBe("done");
  const rows = await page.locator("tr[data-head]").all();
  const scores = rows.map(async (row) => [
    await row.getAttribute("data-head"),
    Number(await row.getAttribute("data-score")),
  ]);
  return Object.fromEntries(await Promise.all(scores));
}

/** The same training in Node. */
async function trainInNode(
  name: BundledName,
  settings: Settings,
): Promise<ReadonlyMap<PageHead, HeadRun>> {
  const { folder, files } = bundled[name];
  const bytes = files.map((file) => [file, new Uint8Array(readFileSync(join(data, folder, file)))]);
  const dataset = withRows(bundledDataset(name, Object.fromEntries(bytes)), settings.rows);
  return runHeads(dataset, settings, {
    backend: createCpuBackend({ tier: settings.tier }),
    signal: { aborted: false },
    now: () => performance.now(),
    onEvent: () => undefined,
  });
}

/** Downloads what a button of the table gives. */
async function download(page: Page, button: string): Promise<Buffer> {
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: button }).click(),
  ]);
  return readFileSync(await file.path());
}

describe.skipIf(noBrowser !== undefined)("the built site under a sub-path", () => {
  beforeAll(async () => {
    execFileSync("npm", ["run", "--silent", "docs:build"], {
      cwd: docs,
      env: { ...process.env, DOCS_BASE: base, DOCS_OUT: dist },
      stdio: ["ignore", "ignore", "pipe"],
    });
    site = await serve(dist, base);
    browser = await startBrowser();
    mkdirSync(shots, { recursive: true });
  }, 400_000);

  afterAll(async () => {
    await browser?.close();
    await site?.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  test.each(["typescript", "wasm"] as const)(
    "trains to the scores of the same run in Node, tier %s",
    async (tier) => {
      const settings = { ...small, tier };
      const { page, errors } = await open();
      await fill(page, settings);
      const scores = await train(page);
      const runs = await trainInNode("A1", settings);
      const expected = [...runs].map(([head, { score }]) => [head, score]);
      expect(scores).toEqual(Object.fromEntries(expected));
      expect(errors).toEqual([]);
      await page.close();
    },
    120_000,
  );

  test("hands out a head that predicts in Node, and the run as JSON", async () => {
    const { page } = await open();
    await page.getByLabel(bundled.C2.title).check();
    await fill(page, { ...small, rows: 300, tier: "wasm" });
    const scores = await train(page);
    const model = decodeHeadModel(await download(page, "Download the GLAI head as safetensors"));
    const run = JSON.parse(String(await download(page, "Download the GLAI run as JSON")));
    expect(run.score).toBe(scores.glai);
    expect(BigInt(run.certificate.paths)).toBeGreaterThan(BigInt(run.certificate.kept));
    const values = new Float32Array(512).fill(0.01);
    expect(headLogits(model, { values, nSamples: 1, nFeatures: 512 }).nColumns).toBe(5);
    await page.close();
  }, 120_000);

  test("prunes by the slider and explains a sample, with the keyboard", async () => {
    const { page } = await open();
    await fill(page, { ...small, tier: "wasm" });
    await train(page);
    const slider = page.getByLabel("Budget: share of paths kept");
    await page.getByText(/budgets computed/).waitFor({ state: "detached" });
    await slider.waitFor();
    await slider.focus();
    await page.keyboard.press("End");
    const all = await slider.getAttribute("aria-valuetext");
    expect(all).toMatch(/^100 percent of the paths, 61,?\d+ kept: bound 0, measured error/);
    await page.keyboard.press("ArrowLeft");
    expect(await slider.getAttribute("aria-valuetext")).toMatch(/^50 percent/);
    await page.getByLabel("Validation sample, 0 to 1499").fill("7");
    await page.keyboard.press("Enter");
    await page.getByText(/^Sample 7: /).waitFor();
    expect(await page.locator("td.bar").count()).toBe(10);
    await page.close();
  }, 120_000);

  test("trains on the reader's own table, and says what is wrong with a bad one", async () => {
    const { page } = await open();
    const rows = Array.from(
      { length: 60 },
      (_, i) => `${Math.sin(i)},${i % 3},${i % 3 === 0 ? "lily" : "rose"}`,
    );
    const good = join(scratch, "flowers.csv");
    writeFileSync(good, ["a,b,species", ...rows].join("\n"));
    await page.locator("input[type=file]").setInputFiles(good);
    await page.getByLabel("Label column of a table").fill("species");
    await fill(page, { ...small, tier: "typescript" });
    expect((await train(page)).glai).toBeGreaterThan(0.5);

    await page.getByLabel("Label column of a table").fill("colour");
    await page.getByRole("button", { name: "Train", exact: true }).click();
    const alert = page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.innerText()).toContain('Expected a column "colour" in flowers.csv');
    await page.close();
  }, 120_000);

  test("stops when Cancel is pressed, and can be started again", async () => {
    const { page } = await open();
    await fill(page, { ...small, rows: 6000, hidden: 256, epochs: 100, tier: "typescript" });
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await page.getByText(/^Training /).waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText(/^Cancelled/).waitFor({ timeout: 5000 });
    await fill(page, { ...small, tier: "wasm" });
    expect(Object.keys(await train(page))).toHaveLength(4);
    await page.close();
  }, 120_000);

  test("fits a phone, in light and dark", async () => {
    const { page } = await open();
    await fill(page, { ...defaultSettings, rows: 1500, tier: "wasm" });
    await train(page);
    await page.getByText(/budgets computed/).waitFor({ state: "detached" });
    await page.getByLabel("Budget: share of paths kept").fill("5");
    await page.screenshot({ path: join(shots, "desktop.png"), fullPage: true });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.waitForTimeout(300); // charts follow the width a frame later
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
    await page.screenshot({ path: join(shots, "phone.png"), fullPage: true });
    await page.evaluate("document.documentElement.classList.add('dark')");
    await page.screenshot({ path: join(shots, "phone-dark.png"), fullPage: true });
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.waitForTimeout(300);
    await page.screenshot({ path: join(shots, "desktop-dark.png"), fullPage: true });
    expect(existsSync(join(shots, "desktop-dark.png"))).toBe(true);
    await page.close();
  }, 120_000);

  test("finds pages by local search, sets the theory's mathematics, and works from its sub-path", async () => {
    const { page, errors } = await open("");
    await page.getByRole("button", { name: "Search" }).click();
    await page.locator("#localsearch-input").fill("structural shift");
    await page.locator(".VPLocalSearchBox .result").first().waitFor();
    expect(await page.locator(".VPLocalSearchBox .result").count()).toBeGreaterThan(1);
    await page.goto(`${site.origin}${base}theory`);
    expect(await page.locator("mjx-container").count()).toBeGreaterThan(10);
    expect(errors).toEqual([]);
    await page.close();
  }, 120_000);
});
