import { describe, expect, it } from "vitest";
import { editDistance, nearestKey } from "../../src/config/nearest.js";

describe("editDistance", () => {
  it("counts insertions, deletions and substitutions", () => {
    expect(editDistance("kitten", "sitting")).toBe(3);
    expect(editDistance("", "abc")).toBe(3);
    expect(editDistance("abc", "abc")).toBe(0);
  });
});

describe("nearestKey", () => {
  const known = ["head", "heads", "protocol.maxEpochs", "protocol.rho", "seed"];

  it("finds a key with a typing mistake", () => {
    expect(nearestKey("protocol.maxEpoch", known)).toBe("protocol.maxEpochs");
    expect(nearestKey("seeed", known)).toBe("seed");
  });

  it("finds a key that was put into the wrong section", () => {
    expect(nearestKey("maxEpochs", known)).toBe("protocol.maxEpochs");
    expect(nearestKey("protocol.seed", known)).toBe("seed");
  });
});
