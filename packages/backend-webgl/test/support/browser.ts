import { existsSync } from "node:fs";
import { chromium, type Page } from "playwright-core";
import { serve, softwareGl } from "../../bench/serve.js";
import { page as body } from "./packages.js";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** Without a browser the tests that need one are skipped, with this line. */
export const hasBrowser = existsSync(executablePath);
if (!hasBrowser)
  process.stderr.write(`backend-webgl: tests skipped, no browser at ${executablePath}\n`);

/** A page that has imported the packages; see packages.ts. */
export async function openPage(
  more: readonly string[] = [],
): Promise<{ readonly page: Page; readonly errors: string[]; close(): Promise<void> }> {
  const server = await serve(body);
  const browser = await chromium.launch({ executablePath, args: [...softwareGl, ...more] });
  const page = await browser.newPage();
  const errors: string[] = []; // what gpu.js and the browser complain about on the console
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") errors.push(message.text());
  });
  await page.goto(server.origin);
  await page.waitForFunction("globalThis.glai");
  return {
    page,
    errors,
    async close() {
      await browser.close();
      await server.close();
    },
  };
}
