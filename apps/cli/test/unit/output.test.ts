import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatEta,
  formatNumber,
  formatScore,
  shellWord,
} from "../../src/output/format.js";
import { renderTable } from "../../src/output/table.js";

describe("renderTable", () => {
  it("aligns columns by their widest cell and leaves no trailing blanks", () => {
    const table = renderTable(
      [
        { title: "head", align: "left" },
        { title: "s", align: "right" },
        { title: "note", align: "left" },
      ],
      [
        ["mlp", "1.25", ""],
        ["mlp-reduced", "10", "slow"],
      ],
    );
    expect(table.split("\n")).toEqual([
      "head            s  note",
      "mlp          1.25",
      "mlp-reduced    10  slow",
    ]);
  });
});

describe("shellWord", () => {
  it("leaves plain paths alone and quotes what a shell would read otherwise", () => {
    expect(["runs/a-1", "a=b,c", "", "my runs", "[8]", "it's $HOME"].map(shellWord)).toEqual([
      "runs/a-1",
      "a=b,c",
      "''",
      "'my runs'",
      "'[8]'",
      "'it'\\''s $HOME'",
    ]);
  });
});

describe("numbers for people", () => {
  it("keep three significant digits and readable sizes", () => {
    expect([0, 0.012345, 4.567, 312.4, 1e9, 1e-7, -2].map(formatNumber)).toEqual([
      "0",
      "0.0123",
      "4.57",
      "312",
      "1.00e+9",
      "1.00e-7",
      "-2",
    ]);
    expect(formatScore(0.8123, "accuracy")).toBe("81.2 %");
    expect(formatScore(0.012345, "loss")).toBe("0.01235");
    expect([0.4, 59, 61, 3600].map(formatEta)).toEqual(["0 s", "59 s", "1:01 min", "60:00 min"]);
    expect([12, 1536, 5 * 2 ** 30].map(formatBytes)).toEqual(["12 B", "1.5 KiB", "5.0 GiB"]);
  });
});
