import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { chiSquaredUpperTail } from "../../src/special/chi-squared.js";
import {
  noncentralStudentCdf,
  noncentralStudentShift,
} from "../../src/special/noncentral-student.js";
import { normalQuantile, normalUpperTail } from "../../src/special/normal.js";
import { snedecorUpperTail, studentQuantile, studentUpperTail } from "../../src/special/student.js";
import {
  studentizedRangeQuantile,
  studentizedRangeUpperTail,
} from "../../src/special/studentized-range.js";

type Rows = readonly (readonly number[])[];
const fixture = JSON.parse(
  readFileSync(new URL("../fixtures/special-functions.json", import.meta.url), "utf8"),
) as Record<string, Rows>;

/** Largest relative error over all rows; the expected value is at `expectedAt`. */
function worst(rows: Rows, expectedAt: number, f: (...args: number[]) => number): number {
  expect(rows.length).toBeGreaterThan(10);
  return Math.max(
    ...rows.map((row) => {
      const expected = row[expectedAt];
      const actual = f(...row.slice(0, expectedAt));
      return Math.abs(actual - expected) / (Math.abs(expected) || 1);
    }),
  );
}

describe("special functions against 40-digit values from mpmath", () => {
  it.each([
    ["normalUpperTail", 1, normalUpperTail, 2e-13],
    ["normalQuantile", 1, normalQuantile, 1e-14],
    ["studentUpperTail", 2, studentUpperTail, 2e-13],
    ["snedecorUpperTail", 3, snedecorUpperTail, 2e-13],
    ["chiSquaredUpperTail", 2, chiSquaredUpperTail, 2e-13],
    ["studentizedRangeUpperTail", 2, studentizedRangeUpperTail, 2e-13],
  ] as const)("%s keeps its relative precision into the tail", (name, at, f, tolerance) => {
    const e = worst(fixture[name], at, f as (...args: number[]) => number);
    console.log(name, e);
    expect(e).toBeLessThan(tolerance);
  });
  it("nct", () => {
    let w = 0;
    for (const [t, v, d, p] of fixture.noncentralStudentCdf) {
      const e = Math.abs(noncentralStudentCdf(t, v, d) - p);
      if (e > w) {
        w = e;
        console.log(t, v, d, p, e);
      }
    }
    console.log(w);
    console.log(
      studentQuantile(0.975, 17),
      studentQuantile(0.975, 1),
      studentizedRangeQuantile(0.05, 3),
      studentizedRangeQuantile(0.05, 2) / Math.SQRT2,
      noncentralStudentShift(2.5, 17, 0.025),
    );
  });
});
