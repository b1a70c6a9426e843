import { createHash } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { renderReport } from "../../src/report/render.js";
import type { ReportData } from "../../src/report/report-data.js";
import { temporaryFolder } from "../support/data.js";
import { hostile, shortReport } from "../support/report.js";

const executablePath = "/usr/bin/chromium";
/** In a page: texts of one drawing that lie on each other. */
const labelsOnLabels = `[...document.querySelectorAll("svg")].flatMap((svg) => {
  const boxes = [...svg.querySelectorAll("text")]
    .map((text) => ({ text: text.textContent, box: text.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 0);
  return boxes.flatMap((a, i) =>
    boxes.slice(i + 1).flatMap((b) => {
      const across = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
      const down = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
      return across > 1 && down > 4 ? [a.text + " | " + b.text] : [];
    }),
  );
})`;
let data: ReportData;
let html = "";

beforeAll(async () => {
  data = await shortReport();
  html = renderReport(data);
}, 60_000);

describe("report.html", () => {
  it("has a policy that allows its own stylesheet and nothing else", () => {
    const [, style = ""] = /<style>([^]*?)<\/style>/.exec(html) ?? [];
    const hash = createHash("sha256").update(style).digest("base64");
    const [, policy = ""] =
      /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html) ?? [];
    expect(policy.replaceAll("&#39;", "'")).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`,
    );
    expect(html.indexOf("Content-Security-Policy")).toBeLessThan(html.indexOf("<style>"));
  });

  it("refers to nothing on a network and holds no script, handler or inline style", () => {
    expect(html).not.toMatch(/https?:|\/\/[a-z]|url\(|@import|<script|<link|<iframe|<img|<object/i);
    const tags = html.match(/<[a-z][^>]*>/gi) ?? [];
    expect(tags.length).toBeGreaterThan(200);
    expect(tags.filter((tag) => /\s(?:on\w+|style|src|href)\s*=/i.test(tag))).toEqual([]);
  });

  it("shows hostile names as text", () => {
    for (const name of hostile) expect(html).not.toContain(name);
    expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(html).toContain("It&#39;s &quot;fine&quot; &amp; &lt;well&gt;.");
  });

  it("shows what was cut at once, and what the plan decided on demand", () => {
    expect(html).toContain('<p class="note">Budget: six epochs.</p>');
    const [, folded = ""] =
      /<details><summary>What the plan decided \(2\)<\/summary>(.*?)<\/details>/.exec(html) ?? [];
    expect(folded).toBe("<ul><li>&lt;i&gt;first&lt;/i&gt; note</li><li>second note</li></ul>");
    expect(renderReport({ ...data, budget: null, notes: [] })).not.toContain(
      "What the plan decided",
    );
  });

  it("says how many seeds reached the target when some did not", () => {
    const { comparison } = data;
    const some = { mean: 3, std: 0, count: 1 };
    const heads = comparison.heads.map((head) => ({ ...head, speedupToTarget: some }));
    const partly = renderReport({ ...data, comparison: { ...comparison, heads } });
    expect(partly).toContain("3.00 × (1 of 3)");
    const all = { mean: 3, std: 0.5, count: 3 };
    const others = comparison.heads.map((head) => ({ ...head, speedupToTarget: all }));
    expect(renderReport({ ...data, comparison: { ...comparison, heads: others } })).not.toContain(
      " of 3)",
    );
  });

  it("holds every part: scores, curves, phases, shift, certificate, tests, ranks, classes, origin", () => {
    const titles = [...html.matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, title]) => title);
    expect(titles).toEqual([
      "In words",
      "Result",
      "Score against the clock",
      "Where the time goes",
      "Every run",
      "Structural shift beside the loss",
      "Certificate of glai",
      "Tests",
      "Ranks",
      "By class",
      "Made with",
    ]);
    const [glai] = data.comparison.heads.filter(({ head }) => head === "glai");
    expect(html).toContain(`<td>${glai?.runs[0]?.run.certificate?.kept}</td>`);
    const { confusion } = data.classification[0]?.report ?? { confusion: [] };
    expect(confusion.flat().reduce((sum, count) => sum + count, 0)).toBe(30);
  });

  it("leaves out what there is nothing to show of", () => {
    const { comparison } = data;
    const [mlp] = comparison.heads;
    if (mlp === undefined) throw new Error("no heads");
    const one = renderReport({
      ...data,
      comparison: { ...comparison, heads: [mlp], seeds: [0] },
      tests: [],
      classification: [],
    });
    expect(one).not.toContain("Certificate of");
    expect(one).not.toContain("<h2>Ranks");
    expect(one).not.toContain("NaN");
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
  });

  it.skipIf(!existsSync(executablePath))(
    "opens in a browser without errors or requests, fits a phone, and names nobody's alert",
    async () => {
      const file = join(temporaryFolder(), "report.html");
      writeFileSync(file, html);
      const args = [
        "--no-sandbox",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
      ];
      const browser = await chromium.launch({
        executablePath,
        args: [...args, "--disable-component-update", "--disable-sync"],
      });
      try {
        for (const [width, colorScheme] of [
          [390, "dark"],
          [1200, "light"],
        ] as const) {
          const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
          const seen: string[] = [];
          page.on("console", (message) => seen.push(message.text()));
          page.on("pageerror", (error) => seen.push(error.message));
          page.on("dialog", (dialog) => seen.push(dialog.message()));
          page.on("request", (request) => seen.push(request.url()));
          const address = pathToFileURL(file).href;
          await page.goto(address);
          expect(seen.filter((what) => what !== address)).toEqual([]);
          const size = await page.evaluate(
            "[document.documentElement.scrollWidth, document.querySelectorAll('svg').length]",
          );
          expect(size).toEqual([width, expect.any(Number)]);
          expect(await page.evaluate(labelsOnLabels), `${width} wide`).toEqual([]);
          const colour = await page.evaluate("getComputedStyle(document.body).backgroundColor");
          expect(colour).toBe(colorScheme === "dark" ? "rgb(20, 23, 28)" : "rgb(253, 253, 252)"); // the policy let the style in
          await page.emulateMedia({ media: "print", colorScheme });
          const onPaper = await page.evaluate(
            "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]",
          );
          expect(onPaper).toEqual(["rgb(255, 255, 255)", "rgb(0, 0, 0)"]);
          await page.close();
        }
      } finally {
        await browser.close();
      }
    },
    60_000,
  );
});
