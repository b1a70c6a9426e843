import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCsv } from "../src/index.js";
import { thrownBy, utf8 } from "./support.js";

describe("parseCsv", () => {
  it("reads a header, quotes, blanks, a byte order mark and Windows line ends", () => {
    const table = parseCsv(
      utf8('\uFEFF a ,"b, or c",name\r\n1, 2.5e-3 ,"x ""y"""\r\n-4,5,ü\r\n\r\n'),
      {
        textColumns: () => ["name"],
      },
    );
    expect(table.columns).toEqual(["a", "b, or c", "name"]);
    expect(table.numeric).toEqual(["a", "b, or c"]);
    expect(table.nRows).toBe(2);
    expect([...table.numbers]).toEqual([1, 0.0025, -4, 5]);
    expect(table.text.get("name")).toEqual(['x "y"', "ü"]);
  });

  it("reads a quoted name behind a byte order mark", () => {
    expect(parseCsv(utf8('\uFEFF"a,1",b\n1,2\n')).columns).toEqual(["a,1", "b"]);
  });

  it("numbers the columns of a file without a header", () => {
    expect(parseCsv(utf8("1,2\n3,4\n")).columns).toEqual(["0", "1"]);
  });

  it("takes 0,1,…,label for a header", () => {
    expect(parseCsv(utf8("0,1,label\n5,6,7\n")).columns).toEqual(["0", "1", "label"]);
  });

  it("reads a Buffer as it reads plain bytes", () => {
    const text = '\uFEFFa,b\n1,"2"\n';
    expect(parseCsv(Buffer.from(text))).toEqual(parseCsv(utf8(text)));
  });

  it("finds semicolons and tabs", () => {
    expect([...parseCsv(utf8("a;b\n1;2\n")).numbers]).toEqual([1, 2]);
    expect([...parseCsv(utf8("a\tb\n1\t2\n")).numbers]).toEqual([1, 2]);
  });

  it("reads missing cells as NaN and infinities as such, for a later check to count", () => {
    const { numbers } = parseCsv(utf8("a,b,c,d,e\n,NaN,n/a,inf,-Infinity\n"));
    expect([...numbers]).toEqual([NaN, NaN, NaN, Infinity, -Infinity]);
  });

  it("brings back every number as written by JavaScript", () => {
    const row = fc.array(fc.double({ noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (rows) => {
        const text = `a,b,c\n${rows.map((cells) => cells.join(",")).join("\n")}`;
        expect([...parseCsv(utf8(text)).numbers]).toEqual(rows.flat().map((n) => n + 0));
      }),
    );
  });

  it.each([
    ["a word among numbers", "a,b\n1,2\n3,red\n", '"red" at row 1 column "b"'],
    ["a row too short", "a,b\n1,2\n3\n", "2 cells in row 1 in d.csv but found 1 (line 3)"],
    ["a row too long", "a,b\n1,2,3\n", "2 cells in row 0"],
    ["an open quote", 'a,b\n1,"2\n', "Expected CSV in d.csv"],
    ["equal column names", "a,a\n1,2\n", '"a" twice'],
    [
      "a first row half words, half fractions",
      "0.5,red\n0.1,blue\n",
      "a header or a row of numbers",
    ],
    ["no row", "a,b\n", "at least one row"],
    ["nothing", "", "at least one row"],
  ])("refuses %s", (_, text, message) => {
    const error = thrownBy(() => parseCsv(utf8(text), { name: "d.csv" }));
    expect(error.code).toBe("bad-data");
    expect(error.message).toContain(message);
    expect(error.message).toContain("d.csv");
  });
});
