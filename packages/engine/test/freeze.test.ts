import { describe, expect, it } from "vitest";
import { hasSettled, reducedEpochLimit } from "../src/index.js";

const shift = (values: readonly number[]) =>
  values.map((relative, i) => ({ epoch: i + 1, structuralShift: relative, relative }));

describe("freeze rule", () => {
  it("freezes at a fraction of the reference epochs, at least one", () => {
    expect(reducedEpochLimit({ kind: "fraction", of: 0.2 }, 60)).toBe(12);
    expect(reducedEpochLimit({ kind: "fraction", of: 0.15 }, 31)).toBe(5);
    expect(reducedEpochLimit({ kind: "fraction", of: 0.1 }, 3)).toBe(1);
  });

  it("freezes after a fixed number of epochs or at the cap", () => {
    expect(reducedEpochLimit({ kind: "epochs", n: 2 }, 60)).toBe(2);
    expect(reducedEpochLimit({ kind: "auto", threshold: 0.5, cap: 10 }, 60)).toBe(10);
  });

  it("settles when the relative shift is under half of its maximum so far", () => {
    expect(hasSettled(shift([0.4, 0.3, 0.19]), 0.5)).toBe(true);
    expect(hasSettled(shift([0.4, 0.3, 0.2]), 0.5)).toBe(false);
    expect(hasSettled(shift([0.1, 0.4, 0.21]), 0.5)).toBe(false);
  });

  it("never settles on the first epoch, whose shift starts at the initialisation", () => {
    expect(hasSettled(shift([0]), 0.5)).toBe(false);
    expect(hasSettled([], 0.5)).toBe(false);
  });
});
