import { createRandom, referenceLinearAlgebra as algebra } from "@glai/core";
import { describe, expect, it } from "vitest";
import {
  appendToFactor,
  createKernelFactor,
  type KernelFactor,
  removeFromFactor,
  solveFactor,
} from "../../src/solvers/kernel-factor.js";
import { infinitePathKernel } from "../../src/solvers/kernels.js";
import { takeFeatures } from "../../src/solvers/samples.js";
import { blobs, relativeDistance } from "./problem.js";

const { features, labels } = blobs(100, 5, 3, 11);
const kernel = infinitePathKernel(5);
const range = (from: number, to: number): Uint32Array =>
  Uint32Array.from({ length: to - from }, (_, i) => from + i);
const fresh = (rows: Uint32Array): Promise<KernelFactor> =>
  createKernelFactor(
    algebra,
    kernel,
    { features: takeFeatures(features, rows) },
    rows.map((row) => labels[row]),
    0.3,
  );
const append = (head: KernelFactor, rows: Uint32Array): Promise<KernelFactor> =>
  appendToFactor(
    algebra,
    head,
    { features: takeFeatures(features, rows) },
    rows.map((row) => labels[row]),
  );

async function expectSame(head: KernelFactor, rows: Uint32Array, tolerance: number): Promise<void> {
  const updated = await solveFactor(algebra, head, 3);
  const scratch = await solveFactor(algebra, await fresh(rows), 3);
  expect(updated.support.features.values).toEqual(scratch.support.features.values);
  expect(relativeDistance(updated.coefficients, scratch.coefficients)).toBeLessThan(tolerance);
  expect(updated.intercept).toEqual(scratch.intercept);
}

describe("a kernel head that changes", () => {
  it("equals training from scratch after samples were added", async () => {
    await expectSame(await append(await fresh(range(0, 80)), range(80, 100)), range(0, 100), 1e-11);
  });

  it("equals training from scratch after samples were removed", async () => {
    const head = await removeFromFactor(algebra, await fresh(range(0, 100)), range(90, 100));
    expect(head.factor.nRows).toBe(100); // not made anew
    await expectSame(head, range(0, 90), 1e-11);
  });

  it("equals training from scratch after removing, adding and removing again", async () => {
    let head = await fresh(range(0, 80));
    head = await removeFromFactor(algebra, head, Uint32Array.of(3, 40));
    head = await append(head, range(80, 100));
    head = await removeFromFactor(algebra, head, Uint32Array.of(85, 0, 79));
    const out = new Set([3, 40, 85, 0, 79]);
    await expectSame(
      head,
      range(0, 100).filter((row) => !out.has(row)),
      1e-11,
    );
  });

  it("leaves the heads it was made from as they were, whichever grows first", async () => {
    const start = await removeFromFactor(algebra, await fresh(range(0, 80)), Uint32Array.of(5));
    const kept = [...range(0, 5), ...range(6, 80)];
    const first = await append(start, range(80, 90)); // in place: there is room
    expect(first.factor.values).toBe(start.factor.values);
    const second = await append(start, range(90, 100)); // the room is taken: a copy
    expect(second.factor.values).not.toBe(start.factor.values);
    const third = await append(first, range(95, 100));
    await expectSame(start, Uint32Array.from(kept), 1e-11);
    await expectSame(first, Uint32Array.from([...kept, ...range(80, 90)]), 1e-11);
    await expectSame(second, Uint32Array.from([...kept, ...range(90, 100)]), 1e-11);
    const rows = [...kept, ...range(80, 90), ...range(95, 100)];
    await expectSame(third, Uint32Array.from(rows), 1e-11);
  });

  it("is made anew when a fifth of its rows is out, and stays exact over 100 cycles", async () => {
    let head = await fresh(range(0, 60));
    let rows = [...range(0, 60)];
    const random = createRandom(2);
    let made = 0;
    for (let cycle = 0; cycle < 100; cycle++) {
      const position = random.integer(rows.length);
      // Row numbers of the head: those left, in order.
      const out = new Set(head.removed);
      const left = [...head.labels.keys()].filter((row) => !out.has(row));
      const before = head.factor.nRows;
      head = await removeFromFactor(algebra, head, Uint32Array.of(left[position]));
      if (head.factor.nRows < before) made++;
      const added = random.integer(100);
      rows = [...rows.slice(0, position), ...rows.slice(position + 1), added];
      head = await append(head, Uint32Array.of(added));
    }
    expect(made).toBeGreaterThan(3);
    await expectSame(head, Uint32Array.from(rows), 1e-10);
  });

  it("refuses rows that are not there or are out already", async () => {
    const head = await removeFromFactor(algebra, await fresh(range(0, 50)), Uint32Array.of(7));
    await expect(removeFromFactor(algebra, head, Uint32Array.of(7))).rejects.toThrow(/out already/);
    await expect(removeFromFactor(algebra, head, Uint32Array.of(50))).rejects.toThrow(/49 samples/);
    await expect(
      removeFromFactor(
        algebra,
        head,
        range(0, 50).filter((r) => r !== 7),
      ),
    ).rejects.toThrow(/at least one/);
  });
});
