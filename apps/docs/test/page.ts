import { readFileSync } from "node:fs";
import type { Browser, Locator, Page } from "playwright-core";
import { expect } from "vitest";
import type { PageHead, Settings } from "../train/settings.js";

/** Longer than anything here takes on a machine with other work to do; a hang is what it is for. */
export const patience = 180_000; // milliseconds, of a test

/** The page that trains, opened, with what went wrong on it so far. */
export interface OpenPage {
  readonly page: Page;
  readonly errors: string[]; // exceptions, warnings of Vue, requests that failed
}

/** Opens an address and waits until the page answers to input, where it can be told. */
export async function openPage(browser: Browser, url: string): Promise<OpenPage> {
  const page = await browser.newPage({
    viewport: { width: 1280, height: 900 },
    acceptDownloads: true,
  });
  page.setDefaultTimeout(patience / 3);
  const errors: string[] = [];
  page.on("pageerror", ({ message }) => errors.push(message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("response", (response) => {
    if (response.status() >= 400) errors.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(url);
  return { page, errors };
}

/** Fills the form in. Fields are disabled until the page has come to life, so that nothing is lost. */
export async function fill(page: Page, settings: Settings): Promise<void> {
  await page.getByLabel("Training rows, at most").fill(String(settings.rows));
  await page.getByLabel("Hidden units").fill(String(settings.hidden));
  await page.getByLabel("Epochs, at most").fill(String(settings.epochs));
  await page.getByLabel("Seed").fill(String(settings.seed));
  await page.getByLabel("Backend", { exact: true }).selectOption(settings.backend);
}

/** Presses Train. What is waited for afterwards is about this training and no earlier one. */
export async function startTraining(page: Page): Promise<Locator> {
  const before = Number(await page.locator(".status").getAttribute("data-trainings"));
  await page.getByRole("button", { name: "Train", exact: true }).click();
  return page.locator(`.status[data-trainings="${before + 1}"]`);
}

/** Trains to the end; the scores by head. */
export async function train(page: Page): Promise<Partial<Record<PageHead, number>>> {
  const status = await startTraining(page);
  await status.and(page.locator(":not([data-phase=training])")).waitFor();
  const text = await page.locator(".train-page").innerText();
  expect(await status.getAttribute("data-phase"), text).toBe("done");
  const rows = await page.locator("tr[data-head]").all();
  const scores = rows.map(async (row) => [
    await row.getAttribute("data-head"),
    Number(await row.getAttribute("data-score")),
  ]);
  return Object.fromEntries(await Promise.all(scores));
}

/** Waits until every budget of the slider is there. */
export async function allBudgets(page: Page): Promise<void> {
  await page.locator("[data-budgets=complete]").waitFor();
}

/** Downloads what a button of the table gives. */
export async function download(page: Page, button: string): Promise<Buffer> {
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: button }).click(),
  ]);
  return readFileSync(await file.path());
}

interface AccessibleNode {
  readonly role: string;
  readonly name: string;
}

/** What Chromium tells a screen reader about everything that can be used, or looked at, in the page's tool. */
export async function controlsOf(page: Page): Promise<readonly AccessibleNode[]> {
  const nodes = await accessibleNodes(page, ".train-page");
  const roles = /^(?:button|checkbox|combobox|image|radio|region|slider|spinbutton|textbox)$/;
  return nodes.filter(({ role }) => roles.test(role));
}

/** The accessible name of what has the focus. */
export async function focusedName(page: Page): Promise<string> {
  const [node] = await accessibleNodes(page, ":focus");
  return node?.name ?? "";
}

/** An element and everything in it, as the accessibility tree has it. */
async function accessibleNodes(page: Page, selector: string): Promise<readonly AccessibleNode[]> {
  const client = await page.context().newCDPSession(page);
  const { root } = await client.send("DOM.getDocument");
  const { nodeId } = await client.send("DOM.querySelector", { nodeId: root.nodeId, selector });
  const { nodes } = await client.send("Accessibility.queryAXTree", { nodeId });
  await client.detach();
  return nodes
    .filter(({ ignored }) => !ignored)
    .map(({ role, name }) => ({ role: String(role?.value), name: String(name?.value ?? "") }));
}
