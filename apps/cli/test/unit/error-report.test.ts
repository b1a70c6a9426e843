import { GlaiError, type GlaiErrorCode } from "@glai/core";
import { describe, expect, it } from "vitest";
import { renderReport, renderReportJson, reportOf } from "../../src/error-report.js";
import { exitCodeOf } from "../../src/exit-codes.js";

describe("exit codes", () => {
  it.each<[GlaiErrorCode, number]>([
    ["bad-argument", 2],
    ["unavailable", 2],
    ["unsupported", 2],
    ["bad-data", 65],
    ["internal", 70],
    ["disposed", 70],
    ["io", 74],
    ["locked", 75],
    ["device-lost", 75],
    ["out-of-memory", 75],
    ["aborted", 130],
  ])("%s ends with %i", (code, exitCode) => {
    expect(exitCodeOf(code)).toBe(exitCode);
  });
});

describe("error reports", () => {
  it("show message and hint to people, and one document to programs", () => {
    const report = reportOf(
      new GlaiError("bad-data", "Row 3 is odd.", { hint: "Run: glai inspect" }),
    );
    expect(renderReport(report)).toBe("glai: Row 3 is odd.\n      Run: glai inspect\n");
    expect(JSON.parse(renderReportJson(report))).toEqual({
      error: { code: "bad-data", message: "Row 3 is odd.", hint: "Run: glai inspect" },
    });
  });

  it("take an error of the operating system for I/O", () => {
    const error = Object.assign(new Error("ENOSPC: no space left on device, write"), {
      code: "ENOSPC",
      syscall: "write",
    });
    expect(reportOf(error)).toMatchObject({ code: "io", exitCode: 74 });
  });

  it("call everything nobody foresaw our bug, with its stack", () => {
    const report = reportOf(new TypeError("x is undefined"));
    expect(report).toMatchObject({ code: "internal", exitCode: 70 });
    expect(report.stack).toContain("error-report.test.ts");
    expect(report.hint).toContain("bug");
  });
});
