import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { kernelTable, stepTable } from "../scripts/estimate.js";

const squeeze = (text: string): string => text.replace(/[ -]+/g, " ");

it("the page on this backend shows the tables that scripts/estimate.js computes", () => {
  const page = readFileSync(
    join(import.meta.dirname, "..", "..", "..", "docs", "backends", "cuda.md"),
    "utf8",
  );
  const missing = `${kernelTable()}\n${stepTable()}`
    .split("\n")
    .filter((line) => !line.includes("---") && !squeeze(page).includes(squeeze(line)));
  expect(missing).toEqual([]);
});
