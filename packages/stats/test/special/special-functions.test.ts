import { describe, expect, it } from "vitest";
import {
  binomialLowerTail,
  binomialProbability,
  binomialUpperTail,
} from "../../src/special/binomial.js";
import { chiSquaredUpperTail } from "../../src/special/chi-squared.js";
import { continuedFraction } from "../../src/special/continued-fraction.js";
import { incompleteBeta } from "../../src/special/incomplete-beta.js";
import { lowerGamma, upperGamma } from "../../src/special/incomplete-gamma.js";
import {
  noncentralStudentCdf,
  noncentralStudentShift,
} from "../../src/special/noncentral-student.js";
import { normalCdf, normalQuantile, normalUpperTail } from "../../src/special/normal.js";
import { solveIncreasing } from "../../src/special/solve.js";
import {
  snedecorUpperTail,
  studentCdf,
  studentUpperQuantile,
  studentUpperTail,
} from "../../src/special/student.js";
import {
  studentizedRangeQuantile,
  studentizedRangeUpperTail,
} from "../../src/special/studentized-range.js";
import { errorOf, expectAllClose, fixture } from "../fixture.js";

type Row = readonly number[];
const rows = fixture<Record<string, readonly Row[]>>("special-functions.json");

describe("special functions against 40-digit values from mpmath", () => {
  // Relative errors seen on these rows: 8e-15, 2e-15, 4e-13 (where p is 1e-300), 2e-14, 4e-15, 2e-15.
  it.each([
    ["normalUpperTail", 1, normalUpperTail, 2e-14],
    ["normalQuantile", 1, normalQuantile, 1e-14],
    ["studentUpperTail", 2, studentUpperTail, 1e-12],
    ["snedecorUpperTail", 3, snedecorUpperTail, 5e-14],
    ["chiSquaredUpperTail", 2, chiSquaredUpperTail, 2e-14],
    ["studentizedRangeUpperTail", 2, studentizedRangeUpperTail, 2e-14],
  ] as const)("%s keeps its relative precision into the tail", (name, inputs, f, tolerance) => {
    const call = f as (...values: number[]) => number;
    expectAllClose(
      rows[name],
      (row) => errorOf(call(...row.slice(0, inputs)), row[inputs]),
      tolerance,
    );
  });

  it("noncentralStudentCdf is right to 1e-13 absolute", () => {
    expectAllClose(
      rows.noncentralStudentCdf,
      ([t, degrees, shift, p]) => Math.abs(noncentralStudentCdf(t, degrees, shift) - p),
      1e-13,
    );
  });

  it("agrees with SciPy's studentised range for infinite degrees of freedom", () => {
    // SciPy's own integration stops at about 1e-11.
    expectAllClose(
      rows.studentizedRangeUpperTail,
      ([q, k, , scipy]) => Math.abs(studentizedRangeUpperTail(q, k) - scipy),
      1e-10,
    );
  });
});

describe("quantiles invert their distributions", () => {
  const tails = [1e-16, 1e-6, 0.005, 0.025, 0.05, 0.3, 0.49];
  it.each(tails)("at an upper tail of %s", (tail) => {
    expect(errorOf(normalCdf(normalQuantile(tail)), tail)).toBeLessThan(1e-13);
    if (tail > 1e-15) expect(normalUpperTail(normalQuantile(1 - tail))).toBeCloseTo(tail, 14);
    for (const degrees of [1, 2, 7, 17, 200]) {
      const t = studentUpperQuantile(tail, degrees);
      expect(errorOf(studentUpperTail(t, degrees), tail)).toBeLessThan(1e-13);
      expect(errorOf(studentCdf(-t, degrees), tail)).toBeLessThan(1e-13);
      const shift = noncentralStudentShift(1.5, degrees, tail);
      expect(noncentralStudentCdf(1.5, degrees, shift)).toBeCloseTo(tail, 12);
    }
    for (const k of [2, 3, 8]) {
      const q = studentizedRangeQuantile(tail, k);
      expect(errorOf(studentizedRangeUpperTail(q, k), tail)).toBeLessThan(1e-12);
    }
  });

  it("gives Demšar's (2006) table 5(a): critical values for the Nemenyi test", () => {
    const published = [1.96, 2.343, 2.569, 2.728, 2.85, 2.949, 3.031, 3.102, 3.164];
    published.forEach((value, i) => {
      const found = studentizedRangeQuantile(0.05, i + 2) / Math.SQRT2;
      expect(Math.abs(found - value)).toBeLessThan(1e-3); // printed with three decimals
    });
  });
});

describe("incomplete functions at their ends and in closed forms", () => {
  it("is 0 and 1 at the ends", () => {
    expect(incompleteBeta(2, 3, 0)).toBe(0);
    expect(incompleteBeta(2, 3, 1)).toBe(1);
    expect(upperGamma(0.5, 0)).toBe(1);
    expect(upperGamma(0.5, Infinity)).toBe(0);
    expect(lowerGamma(0.5, 0)).toBe(0);
    expect(lowerGamma(0.5, Infinity)).toBe(1);
    expect(upperGamma(0.5, 5000)).toBe(0);
    expect(chiSquaredUpperTail(0, 3)).toBe(1);
    expect(snedecorUpperTail(0, 2, 3)).toBe(1);
    expect(studentizedRangeUpperTail(0, 3)).toBe(1);
    expect(studentUpperTail(0, 3)).toBe(0.5);
    expect(normalUpperTail(Infinity)).toBe(0);
    expect(normalUpperTail(-Infinity)).toBe(1);
  });

  it("equals polynomials and exponentials where those exist", () => {
    // I_x(2, 3) = x² (6 − 8x + 3x²); Q(1, x) = e⁻ˣ; Cauchy: P(T > t) = ½ − atan(t)/π
    for (const x of [0.01, 0.3, 0.5, 0.77, 0.99]) {
      expect(errorOf(incompleteBeta(2, 3, x), x * x * (6 - 8 * x + 3 * x * x))).toBeLessThan(1e-14);
      expect(errorOf(upperGamma(1, 5 * x), Math.exp(-5 * x))).toBeLessThan(1e-14);
      expect(errorOf(lowerGamma(1, 9 * x), -Math.expm1(-9 * x))).toBeLessThan(1e-14);
      expect(errorOf(studentUpperTail(3 * x, 1), 0.5 - Math.atan(3 * x) / Math.PI)).toBeLessThan(
        1e-14,
      );
    }
  });

  it("sums binomial probabilities to the tails on both sides of the switch at n = 50", () => {
    for (const n of [1, 7, 50, 51, 80]) {
      for (const p of [0.5, 0.2]) {
        const all = Array.from({ length: n + 1 }, (_, k) => binomialProbability(k, n, p));
        for (let k = 0; k <= n; k++) {
          const upper = all.slice(k).reduceRight((a, b) => a + b, 0);
          const lower = all.slice(0, k + 1).reduce((a, b) => a + b, 0);
          expect(errorOf(binomialUpperTail(k, n, p), upper)).toBeLessThan(1e-12);
          expect(errorOf(binomialLowerTail(k, n, p), lower)).toBeLessThan(1e-12);
        }
      }
    }
    expect(binomialUpperTail(6, 5, 0.5)).toBe(0);
    expect(binomialUpperTail(5, 5, 0.5)).toBe(2 ** -5);
  });
});

describe("the root finder", () => {
  it("widens to either side and ends within an ulp or two", () => {
    expect(solveIncreasing((x) => x ** 3 - 1e6, 0, 1)).toBeCloseTo(100, 11);
    expect(solveIncreasing((x) => x + 5000, 0, 1)).toBe(-5000);
    expect(solveIncreasing((x) => Math.expm1(x - 3), -1, 1)).toBeCloseTo(3, 14);
    expect(solveIncreasing((x) => (x < 2 ? -1 : 1), 0, 1)).toBeCloseTo(2, 14);
  });

  it("says when there is no root", () => {
    expect(() => solveIncreasing(() => -1, 0, 1)).toThrow("found none up to Infinity");
    expect(() => solveIncreasing(() => 1, 0, 1)).toThrow("found none up to -Infinity");
  });

  it("says when a continued fraction does not settle", () => {
    const wandering = () =>
      // discriminant 1.1² − 4 · 1.3 < 0: it turns for ever
      continuedFraction(
        1,
        () => -1.3,
        () => 1.1,
      );
    expect(wandering).toThrow("to settle within 100000 terms");
  });
});
