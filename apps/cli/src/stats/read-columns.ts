import { GlaiError } from "@glai/core";
import { type CsvTable, parseCsv } from "@glai/io";
import { readBytes } from "@glai/io/node";
import { type Columns, parseColumns } from "@glai/stats";
import { asBadData } from "./stats-errors.js";

const clusterColumn = "clusters";

/**
 * Columns of a file: JSON such as `{ "x": [1, 2], "y": [3, 4] }`, or CSV with a header. A column called
 * `clusters` names the group of each row.
 *
 * @param path - absolute; read as CSV unless its name ends in .json
 * @throws `bad-data` naming the file and the column, `io` when it cannot be read
 */
export async function readColumns(path: string): Promise<Columns> {
  const bytes = await readBytes(path);
  return path.toLowerCase().endsWith(".json") ? fromJson(bytes, path) : fromCsv(bytes, path);
}

function fromJson(bytes: Uint8Array, path: string): Columns {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new GlaiError("bad-data", `Expected JSON in ${path} but it does not parse: ${cause}.`, {
      hint: 'Write { "x": [1, 2, 3], "y": [2, 2, 4] }, or a CSV table with the columns x and y.',
      cause,
    });
  }
  return asBadData(path, () => parseColumns(document));
}

function parseTable(bytes: Uint8Array, path: string): CsvTable {
  try {
    return parseCsv(bytes, {
      name: path,
      textColumns: (columns) => columns.filter((column) => column === clusterColumn),
    });
  } catch (cause) {
    // The hint of the reader is about features and labels.
    if (!(cause instanceof GlaiError) || cause.code !== "bad-data") throw cause;
    const hint = `Write numbers under a header such as x,y; only a column "${clusterColumn}" may hold names.`;
    throw new GlaiError("bad-data", cause.message, { hint, cause });
  }
}

function fromCsv(bytes: Uint8Array, path: string): Columns {
  const { nRows, numbers, numeric, text } = parseTable(bytes, path);
  const columns = numeric.map((name, j) => [
    name,
    Array.from({ length: nRows }, (_, i) => numbers[i * numeric.length + j]),
  ]);
  const clusters = text.get(clusterColumn);
  const document = { ...Object.fromEntries(columns), ...(clusters && { clusters }) };
  return asBadData(path, () => parseColumns(document));
}
