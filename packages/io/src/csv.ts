import { GlaiError } from "@glai/core";
import { CsvError, type Info, parse } from "csv-parse/browser/esm/sync";
import { badData, count } from "./errors.js";

/** A CSV file: numbers, and the columns that were asked for as text. */
export interface CsvTable {
  readonly columns: readonly string[]; // the header, or "0", "1", … without one
  readonly nRows: number;
  readonly numbers: Float64Array; // [nRows, numeric.length]
  readonly numeric: readonly string[]; // the columns of `numbers`, in the file's order
  readonly text: ReadonlyMap<string, readonly string[]>; // [nRows] per text column
}

/**
 * Reads CSV (RFC 4180, UTF-8; comma, semicolon or tab, whichever the first line has most of). The first
 * row is a header when it has a cell that is no number. Empty cells, "nan" and "na" are NaN, for a later
 * check to count; any other word among numbers is `bad-data` that names the row (from 0, header not
 * counted) and column. `textColumns` picks, from all columns, those to keep as text.
 *
 * @example
 * const table = parseCsv(bytes, { name: "data.csv", textColumns: () => ["label"] });
 */
export function parseCsv(
  bytes: Uint8Array,
  options: {
    readonly name?: string;
    readonly textColumns?: (columns: readonly string[]) => readonly string[];
  } = {},
): CsvTable {
  const { name = "the CSV data", textColumns = () => [] } = options;
  const collector = { values: new Float64Array(1024), length: 0, nRows: 0 };
  let layout: Layout | undefined;
  const onRecord = (record: readonly string[], info: Info): null => {
    if (layout === undefined) {
      const isHeader = record.some((cell) => parseNumber(cell) === undefined);
      if (isHeader) checkHeader(record, name);
      layout = createLayout(isHeader ? record : record.map((_, i) => String(i)), textColumns);
      if (isHeader) return null;
    }
    if (record.length !== layout.columns.length) {
      const expected = `${count(layout.columns.length, "cell")} in row ${collector.nRows}`;
      throw badData(
        name,
        expected,
        `${record.length} (line ${info.lines})`,
        "Quote cells that hold the delimiter.",
      );
    }
    appendRow(collector, layout, record, name);
    return null;
  };
  readRecords(bytes, name, onRecord);
  if (layout === undefined || collector.nRows === 0) {
    throw badData(name, "at least one row of numbers", "none", "Write one row per sample.");
  }
  const { columns, numeric, text } = layout;
  const numbers = collector.values.slice(0, collector.length);
  return { columns, nRows: collector.nRows, numbers, numeric, text };
}

interface Layout {
  readonly columns: readonly string[];
  readonly numeric: readonly string[];
  readonly text: ReadonlyMap<string, string[]>;
}

interface Collector {
  values: Float64Array;
  length: number;
  nRows: number;
}

function readRecords(
  bytes: Uint8Array,
  name: string,
  onRecord: (record: readonly string[], info: Info) => null,
): void {
  try {
    parse(withoutByteOrderMark(bytes), {
      delimiter: guessDelimiter(bytes),
      on_record: onRecord,
      relax_column_count: true, // counted above, with our words
      skip_empty_lines: true,
      trim: true,
    });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw badData(
      name,
      "CSV",
      `"${cause.message}"`,
      "Quote cells that hold quotes, and double those.",
      cause,
    );
  }
}

/** The parser's own option wants a Buffer of Node. */
function withoutByteOrderMark(bytes: Uint8Array): Uint8Array {
  const isMarked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return isMarked ? bytes.subarray(3) : bytes;
}

function guessDelimiter(bytes: Uint8Array): string {
  const end = bytes.indexOf(0x0a);
  const line = new TextDecoder().decode(bytes.subarray(0, end < 0 ? bytes.length : end));
  const times = (delimiter: string) => line.split(delimiter).length;
  let best = ",";
  for (const delimiter of [";", "\t"]) if (times(delimiter) > times(best)) best = delimiter;
  return best;
}

/** Headers like 0,1,…,label are fine; a first row with 0.37 in it is data with a text among it. */
function checkHeader(record: readonly string[], name: string): void {
  const number = record.find((cell) => parseNumber(cell) !== undefined && !/^\d*$/.test(cell));
  if (number !== undefined) {
    const found = `both in the first row (${number} and a text)`;
    throw badData(
      name,
      "a header or a row of numbers",
      found,
      "Add a first line that names the columns.",
    );
  }
  const twice = record.find((cell, i) => record.indexOf(cell) !== i);
  if (twice !== undefined) {
    throw badData(name, "different column names", `"${twice}" twice`, "Rename one of them.");
  }
}

function createLayout(
  columns: readonly string[],
  textColumns: (columns: readonly string[]) => readonly string[],
): Layout {
  const asText = textColumns(columns);
  const missing = asText.find((column) => !columns.includes(column));
  if (missing !== undefined) {
    throw new GlaiError(
      "bad-argument",
      `Expected text columns among ${columns.slice(0, 8).join(", ")} but received "${missing}".`,
    );
  }
  const numeric = columns.filter((column) => !asText.includes(column));
  return { columns, numeric, text: new Map(asText.map((column) => [column, []])) };
}

function appendRow(
  collector: Collector,
  { columns, numeric, text }: Layout,
  record: readonly string[],
  name: string,
): void {
  if (collector.length + numeric.length > collector.values.length) {
    const larger = new Float64Array(2 * collector.values.length + numeric.length);
    larger.set(collector.values);
    collector.values = larger;
  }
  for (let column = 0; column < record.length; column++) {
    const cell = record[column];
    const texts = text.size === 0 ? undefined : text.get(columns[column]);
    if (texts !== undefined) {
      texts.push(cell);
      continue;
    }
    const value = parseNumber(cell);
    if (value === undefined) {
      const place = `row ${collector.nRows} column "${columns[column]}"`;
      const found = `${JSON.stringify(cell.slice(0, 40))} at ${place}`;
      throw badData(
        name,
        "numbers",
        found,
        "Say which column holds the labels (--y <name>), or drop columns of text; the decimal point is a point.",
      );
    }
    collector.values[collector.length++] = value;
  }
  collector.nRows++;
}

/** The number of a cell; NaN for a missing one; undefined for a word. */
function parseNumber(cell: string): number | undefined {
  const value = Number(cell);
  if (!Number.isNaN(value) && cell !== "") return value;
  if (/^(?:|nan|na|n\/a|null)$/i.test(cell)) return NaN;
  const infinite = /^([+-]?)inf(?:inity)?$/i.exec(cell);
  if (infinite === null) return undefined;
  return infinite[1] === "-" ? -Infinity : Infinity;
}
