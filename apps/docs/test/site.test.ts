import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { createCpuBackend } from "@glai/backend-cpu";
import { headLogits } from "@glai/core";
import type { HeadRun } from "@glai/engine";
import { decodeHeadModel, encodeNpy, tensorOf } from "@glai/io";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BundledName, bundled, bundledDataset, withRows } from "../train/data.js";
import { runHeads } from "../train/run-heads.js";
import { defaultSettings, type PageHead, type Settings } from "../train/settings.js";
import { noBrowser, startBrowser } from "./browser.js";
import {
  allBudgets,
  controlsOf,
  download,
  fill,
  focusedName,
  type OpenPage,
  openPage,
  patience,
  startTraining,
  train,
} from "./page.js";
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

const open = (path = "train"): Promise<OpenPage> =>
  openPage(browser, `${site.origin}${base}${path}`);

/** The same training in Node. */
async function trainInNode(
  name: BundledName,
  settings: Settings,
): Promise<ReadonlyMap<PageHead, HeadRun>> {
  const { folder, files } = bundled[name];
  const bytes = files.map((file) => [file, new Uint8Array(readFileSync(join(data, folder, file)))]);
  const dataset = withRows(bundledDataset(name, Object.fromEntries(bytes)), settings.rows);
  return runHeads(dataset, settings, {
    backend: createCpuBackend({ tier: settings.backend as "typescript" | "wasm" }),
    signal: { aborted: false },
    now: () => performance.now(),
    onEvent: () => undefined,
  });
}

/** What the command says of the training that a run downloaded from the page describes. */
async function trainByCommand(
  data: BundledName,
  run: {
    readonly head: string;
    readonly seed: number;
    readonly config: { readonly protocol: unknown };
  },
  backend: string,
): Promise<{ readonly score: number; readonly certificate: { readonly bound: number } }> {
  const folder = mkdtempSync(join(scratch, "command-"));
  const config = join(folder, "config.yaml"); // JSON is YAML
  writeFileSync(config, JSON.stringify({ protocol: run.config.protocol }));
  const command = `train ${data} --head ${run.head} --seed ${run.seed} --backend ${backend} --quiet --json`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    resolve(docs, "../cli/bin/glai.js"),
    ...command.split(" "),
    "--config",
    config,
    "--out",
    join(folder, "run"),
  ]);
  return JSON.parse(stdout);
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
  }, 900_000);

  afterAll(async () => {
    await browser?.close();
    await site?.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  test.each(["typescript", "wasm"] as const)(
    "trains to the scores of the same run in Node, backend %s",
    async (backend) => {
      const settings = { ...small, backend };
      const { page, errors } = await open();
      await fill(page, settings);
      const scores = await train(page);
      const runs = await trainInNode("A1", settings);
      const expected = [...runs].map(([head, { score }]) => [head, score]);
      expect(scores).toEqual(Object.fromEntries(expected));
      expect(errors).toEqual([]);
      await page.close();
    },
    patience,
  );

  test.each(["typescript", "wasm"] as const)(
    "trains GLAI to the score that the command prints, tier %s",
    async (tier) => {
      const { page } = await open();
      await fill(page, { ...small, rows: 6000, backend: tier });
      const scores = await train(page);
      const run = JSON.parse(String(await download(page, "Download the GLAI run as JSON")));
      const printed = await trainByCommand("A1", run, `cpu:${tier}`);
      expect(printed.score).toBe(scores.glai);
      expect(printed.certificate.bound).toBe(run.certificate.bound);
      await page.close();
    },
    patience,
  );

  test(
    "trains with WebGL to about the scores of WASM",
    async () => {
      const { page, errors } = await open();
      await page.getByLabel(bundled.C2.title).check();
      const settings = { ...small, rows: 200, hidden: 16, epochs: 2 };
      const note = page.locator(".note", { hasText: "200 training" });
      await fill(page, { ...settings, backend: "webgl" });
      const scores = await train(page);
      expect(await note.innerText()).toContain("Backend WebGL (GPU): ");
      await fill(page, { ...settings, backend: "wasm" });
      for (const [head, score] of Object.entries(await train(page)))
        expect(Math.abs(score - (scores[head as PageHead] ?? 0)), head).toBeLessThan(0.02);
      await fill(page, { ...settings, backend: "auto" });
      await train(page);
      const why = await note.innerText();
      expect(why).toMatch(/fastest here: [\d,.]+ µs a training step; .*needs [\d,.]+ µs/);
      for (const name of ["wasm", "webgl", "typescript"]) expect(why.toLowerCase()).toContain(name);
      expect(errors).toEqual([]);
      await page.close();
    },
    2 * patience,
  );

  test(
    "hands out a head that predicts in Node, and the run as JSON",
    async () => {
      const { page } = await open();
      await page.getByLabel(bundled.C2.title).check();
      await fill(page, { ...small, rows: 300, backend: "wasm" });
      const scores = await train(page);
      const model = decodeHeadModel(await download(page, "Download the GLAI head as safetensors"));
      const run = JSON.parse(String(await download(page, "Download the GLAI run as JSON")));
      expect(run.score).toBe(scores.glai);
      expect(BigInt(run.certificate.paths)).toBeGreaterThan(BigInt(run.certificate.kept));
      const values = new Float32Array(512).fill(0.01);
      expect(headLogits(model, { values, nSamples: 1, nFeatures: 512 }).nColumns).toBe(5);
      await page.close();
    },
    patience,
  );

  test(
    "prunes by the slider and explains a sample, with the keyboard",
    async () => {
      const { page } = await open();
      await fill(page, { ...small, backend: "wasm" });
      await train(page);
      const slider = page.getByLabel("Budget: share of paths kept");
      await allBudgets(page);
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
    },
    patience,
  );

  test(
    "trains on the reader's own table and arrays, and says what is wrong with a bad one",
    async () => {
      const { page } = await open();
      const rows = Array.from(
        { length: 60 },
        (_, i) => `${Math.sin(i)},${i % 3},${i % 3 === 0 ? "lily" : "rose"}`,
      );
      const good = join(scratch, "flowers.csv");
      writeFileSync(good, ["a,b,species", ...rows].join("\n"));
      await page.locator("input[type=file]").setInputFiles(good);
      await page.getByLabel("Label column of a table").fill("species");
      await fill(page, { ...small, backend: "typescript" });
      expect((await train(page)).glai).toBeGreaterThan(0.5);
      await allBudgets(page);
      expect(await page.getByRole("alert").count()).toBe(0);

      const arrays = {
        "features.npy": tensorOf(
          Float32Array.from({ length: 240 }, (_, i) => Math.sin(i)),
          [60, 4],
        ),
        "labels.npy": tensorOf(
          Int32Array.from({ length: 60 }, (_, i) => i % 3),
          [60],
        ),
      };
      const paths = Object.entries(arrays).map(([name, tensor]) => {
        writeFileSync(join(scratch, name), encodeNpy(tensor));
        return join(scratch, name);
      });
      await page.locator("input[type=file]").setInputFiles(paths);
      await train(page);
      await page.getByText("Your data: 48 training and 12 validation rows, 4 features").waitFor();

      await page.locator("input[type=file]").setInputFiles(good);
      await page.getByLabel("Label column of a table").fill("colour");
      await page.getByRole("button", { name: "Train", exact: true }).click();
      const alert = page.getByRole("alert");
      await alert.waitFor();
      expect(await alert.innerText()).toContain('Expected a column "colour" in flowers.csv');
      await page.close();
    },
    patience,
  );

  test(
    "stops when Cancel is pressed, and can be started again",
    async () => {
      const { page } = await open();
      await fill(page, { ...small, rows: 6000, hidden: 256, epochs: 100, backend: "typescript" });
      const status = await startTraining(page);
      await status.and(page.getByText(/^Training /)).waitFor();
      await page.getByRole("button", { name: "Cancel" }).click();
      await status.and(page.locator("[data-phase=cancelled]")).waitFor();
      await fill(page, { ...small, backend: "wasm" });
      expect(Object.keys(await train(page))).toHaveLength(4);
      await page.close();
    },
    patience,
  );

  test(
    "tells a screen reader what everything is, and keeps the keyboard's place",
    async () => {
      const { page } = await open();
      await fill(page, { ...small, rows: 300, backend: "wasm" });
      await page.getByLabel(bundled.A1.title).focus();
      const stops = [await focusedName(page)];
      while (stops.length < 20 && stops.at(-1) !== "Train") {
        await page.keyboard.press("Tab");
        stops.push(await focusedName(page));
      }
      const fields =
        "linear|MLP|reduced MLP|GLAI|Backend|Training rows, at most|Hidden units|Epochs, at most";
      expect(stops.slice(2)).toEqual([
        ...fields.split("|"),
        "Freeze under (share of the largest shift)",
        "Seed",
        "Train",
      ]);
      expect(stops[0]).toBe(bundled.A1.title);
      expect(stops[1]).toMatch(/^Files: /);

      await page.keyboard.press("Enter");
      await page.locator(".status[data-phase=done]").waitFor();
      await allBudgets(page);
      expect(await focusedName(page)).toBe("Train");
      expect(await page.getByRole("status").innerText()).toMatch(/^Done\. linear: .* GLAI: /);
      expect(await page.getByText(/^Sample 0: /).getAttribute("aria-live")).toBe("polite");
      const controls = await controlsOf(page);
      expect(controls.filter(({ name }) => name.trim() === "")).toEqual([]);
      const charts = controls.filter(({ role }) => role === "image").map(({ name }) => name);
      expect(charts).toHaveLength(4);
      for (const name of charts) expect(name).toMatch(/: [\d.]+(?: %)? at [\d.]+/);
      await page.close();
    },
    patience,
  );

  test(
    "fits a phone, in light and dark",
    async () => {
      const { page } = await open();
      await fill(page, { ...defaultSettings, rows: 1500, backend: "wasm" });
      await train(page);
      await allBudgets(page);
      await page.getByLabel("Budget: share of paths kept").fill("5");
      for (const [width, height, name] of [
        [1280, 900, "desktop"],
        [390, 844, "phone"],
      ] as const) {
        await page.setViewportSize({ width, height });
        for (const scheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme: scheme });
          await page.evaluate("scrollTo(0, 0)");
          await page.waitForTimeout(800); // colours fade, charts follow the width a frame later
          expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
          expect(await page.evaluate("document.documentElement.classList.contains('dark')")).toBe(
            scheme === "dark",
          );
          await page.screenshot({ path: join(shots, `${name}-${scheme}.png`), fullPage: true });
        }
      }
      await page.close();
    },
    patience,
  );

  test(
    "finds pages by local search, sets the theory's mathematics, and works from its sub-path",
    async () => {
      const { page, errors } = await open("");
      await page.getByRole("button", { name: "Search" }).click();
      await page.locator("#localsearch-input").fill("structural shift");
      await page.locator(".VPLocalSearchBox .result").first().waitFor();
      expect(await page.locator(".VPLocalSearchBox .result").count()).toBeGreaterThan(1);
      await page.goto(`${site.origin}${base}theory`);
      expect(await page.locator("mjx-container").count()).toBeGreaterThan(10);
      expect(errors).toEqual([]);
      await page.close();
    },
    patience,
  );
});
