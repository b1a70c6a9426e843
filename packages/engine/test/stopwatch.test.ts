import { describe, expect, it } from "vitest";
import { createStopwatch, runSeconds } from "../src/stopwatch.js";

describe("stopwatch", () => {
  it("counts every moment towards the innermost clock only", async () => {
    let time = 0;
    const stopwatch = createStopwatch(() => time);
    time += 1000; // outside
    await stopwatch.during("training", async () => {
      time += 2000;
      await stopwatch.during("evaluation", () => void (time += 300));
      stopwatch.duringSync("outside", () => void (time += 5000));
      time += 1000;
    });
    time += 7000;
    const seconds = runSeconds(stopwatch.clocks());
    expect(seconds).toEqual({
      preprocess: 0,
      reduced: 0,
      conversion: 0,
      training: 3,
      evaluation: 0.3,
      total: 3,
    });
  });

  it("stops a clock whose work failed", async () => {
    let time = 0;
    const stopwatch = createStopwatch(() => time);
    const failing = stopwatch.during("reduced", () => {
      time += 500;
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    time += 9000;
    expect(stopwatch.clocks().reduced).toBe(0.5);
  });

  it("goes on from the clocks of a checkpoint", async () => {
    let time = 0;
    const start = { preprocess: 1, reduced: 2, conversion: 3, training: 4, evaluation: 5 };
    const stopwatch = createStopwatch(() => time, start);
    await stopwatch.during("training", () => void (time += 250));
    expect(stopwatch.clocks()).toEqual({ ...start, training: 4.25 });
  });
});
