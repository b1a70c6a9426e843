import { describe, expect, it } from "vitest";
import { linearScale, logScale } from "../../src/report/charts/scale.js";

describe("scales", () => {
  it("put the ends of a range on the ends of the axis, and ticks on round values between", () => {
    const scale = linearScale(0.12, 0.93, 100, 0);
    expect([scale.at(0.12), scale.at(0.93)]).toEqual([100, 0]);
    expect(scale.ticks).toEqual([0.2, 0.4, 0.6, 0.8]);
    expect(linearScale(5, 5, 0, 10).ticks.length).toBeGreaterThan(0); // a range of one value
  });

  it("put equal ratios at equal distances", () => {
    const scale = logScale(0.01, 100, 0, 400);
    expect([0.01, 0.1, 1, 10, 100].map((value) => Math.round(scale.at(value)))).toEqual([
      0, 100, 200, 300, 400,
    ]);
    expect(scale.ticks).toEqual([0.01, 0.1, 1, 10, 100]);
    expect(logScale(0.4, 6, 0, 1).ticks).toEqual([0.5, 1, 2, 5]);
  });
});
