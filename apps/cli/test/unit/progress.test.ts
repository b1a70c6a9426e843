import type { TrainingEvent } from "@glai/engine";
import { describe, expect, it } from "vitest";
import { createProgress } from "../../src/progress/create.js";
import type { Terminal } from "../../src/terminal.js";

/** A terminal whose clock stands still until it is moved. */
function fakeTerminal(barWidth: number | undefined) {
  const clock = { milliseconds: 0 };
  let written = "";
  const terminal: Terminal = {
    cwd: "/",
    env: {},
    barWidth,
    out: () => {
      throw new Error("progress must not write to stdout");
    },
    err: (text) => (written += text),
    now: () => clock.milliseconds,
  };
  return { terminal, clock, written: () => written };
}

function progressEvent(rows: number): TrainingEvent {
  return { kind: "progress", phase: "training", epoch: 1, rows, nRows: 100, maxEpoch: 10 };
}

describe("progress", () => {
  it("draws a bar with the time left at most on a terminal, one line wide", () => {
    const { terminal, clock, written } = fakeTerminal(90);
    const progress = createProgress(terminal, { quiet: false });
    progress.start("glai, seed 0", 1, 3);
    progress.event({ kind: "phase-started", phase: "training" });
    progress.event(progressEvent(0));
    clock.milliseconds = 1000;
    progress.event(progressEvent(50)); // 5 % of ten epochs in a second
    progress.close();
    const frames = written().split("\r\u001b[2K");
    expect(frames.at(-2)).toContain("[2/3] glai, seed 0 · training");
    expect(frames.at(-2)).toContain("█░░░░░░░░░░░░░░░░░░░ 5 %, at most 19 s left");
    expect(Math.max(...frames.map((frame) => frame.length))).toBeLessThan(90);
    expect(frames.at(-1)).toBe("");
    expect(written()).not.toContain("\n");
  });

  it("redraws at most about twelve times a second", () => {
    const { terminal, clock, written } = fakeTerminal(80);
    const progress = createProgress(terminal, { quiet: false });
    progress.event({ kind: "phase-started", phase: "training" });
    for (let i = 0; i < 100; i++) {
      clock.milliseconds = i;
      progress.event(progressEvent(i));
    }
    expect(written().split("\r").length - 1).toBeLessThanOrEqual(3);
  });

  it("writes plain lines without control characters elsewhere", () => {
    const { terminal, clock, written } = fakeTerminal(undefined);
    const progress = createProgress(terminal, { quiet: false });
    progress.start("glai, seed 0", 0, 1);
    progress.event({ kind: "phase-started", phase: "training" });
    progress.event(progressEvent(0));
    clock.milliseconds = 6000;
    progress.event(progressEvent(50));
    progress.event({ kind: "phase-ended", phase: "training", seconds: 7.5 });
    progress.event({ kind: "warning", message: "It diverged.", hint: "Lower the learning rate." });
    expect(written().split("\n")).toEqual([
      "glai, seed 0",
      "glai, seed 0: training, epoch 1 of at most 10, at most 1:54 min left",
      "glai, seed 0: training took 7.5 s",
      "warning: It diverged. Lower the learning rate.",
      "",
    ]);
  });

  it("keeps only notes and warnings when it is asked to be quiet", () => {
    const { terminal, written } = fakeTerminal(80);
    const progress = createProgress(terminal, { quiet: true });
    progress.start("glai", 0, 1);
    progress.event({ kind: "phase-started", phase: "training" });
    progress.event({ kind: "warning", message: "It diverged." });
    progress.note("Interrupted.");
    progress.close();
    expect(written()).toBe("warning: It diverged.\nInterrupted.\n");
  });
});
