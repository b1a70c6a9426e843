import { parquetMetadata, parquetRead } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { badData, count } from "./errors.js";

/** A Parquet file by columns, in the file's order. */
export interface ParquetTable {
  readonly nRows: number;
  readonly columns: ReadonlyMap<string, ParquetColumn>;
  readonly classNames: ReadonlyMap<string, readonly string[]>; // of label columns that say theirs
}

/** A missing value is NaN among numbers and "" among texts. */
export type ParquetColumn =
  | { readonly kind: "numbers"; readonly values: Float64Array } // [nRows]
  | {
      readonly kind: "vectors"; // a list of equal length in every row
      readonly values: Float32Array | Float64Array; // [nRows, width]; float32 where that is exact
      readonly width: number;
    }
  | { readonly kind: "texts"; readonly values: readonly string[] } // [nRows]
  | { readonly kind: "other"; readonly why: string }; // neither: dates, structures, ragged lists, integers beyond 2^53

const hint = "Write the file again: it is damaged or not Parquet.";

/**
 * Reads a Parquet file: numbers, truth values (0 and 1), texts and lists of numbers, in any of the usual compressions.
 * Names of classes are taken from the metadata that the `datasets` library writes. Columns of another kind
 * are named, not read. Throws `bad-data` for a file that does not decode. `name` is what messages call it.
 *
 * @example
 * const table = await parseParquet(bytes, "train.parquet");
 * const dataset = parseDatasetTable("train.parquet", table, { x: "embedding", y: "label" });
 */
export async function parseParquet(
  bytes: Uint8Array,
  name = "the Parquet data",
): Promise<ParquetTable> {
  const { nRows, cells, classNames } = await decode(bytes, name);
  const columns = new Map<string, ParquetColumn>();
  for (const [column, values] of cells) {
    if (values.length !== nRows) {
      throw badData(
        `column "${column}" of ${name}`,
        count(nRows, "row"),
        count(values.length, "row"),
        hint,
      );
    }
    columns.set(column, columnOf(values));
  }
  return { nRows, columns, classNames };
}

async function decode(
  bytes: Uint8Array,
  name: string,
): Promise<{
  readonly nRows: number;
  readonly cells: ReadonlyMap<string, readonly unknown[]>;
  readonly classNames: ReadonlyMap<string, readonly string[]>;
}> {
  const cells = new Map<string, unknown[]>();
  try {
    const file = new Uint8Array(bytes).buffer; // a copy, also of a Buffer (whose memory is shared)
    const metadata = parquetMetadata(file);
    for (const { name: column } of topLevel(metadata.schema)) cells.set(column, []);
    await parquetRead({
      file,
      metadata,
      compressors,
      onChunk: ({ columnName, columnData }) => {
        const found = cells.get(columnName);
        for (const cell of Array.from<unknown>(columnData)) found?.push(cell);
      },
    });
    const description = metadata.key_value_metadata?.find(({ key }) => key === "huggingface");
    return { nRows: Number(metadata.num_rows), cells, classNames: namesIn(description?.value) };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw badData(name, "a Parquet file", `what does not decode (${message})`, hint, cause);
  }
}

interface SchemaElement {
  readonly name: string;
  readonly num_children?: number;
}

/** The elements under the root of a schema, which is a tree written in depth-first order. */
function topLevel(schema: readonly SchemaElement[]): readonly SchemaElement[] {
  const found: SchemaElement[] = [];
  let at = 1;
  const skip = (): void => {
    const children = schema[at++].num_children ?? 0;
    for (let child = 0; child < children; child++) skip();
  };
  while (at < schema.length) {
    found.push(schema[at]);
    skip();
  }
  return found;
}

/** `info.features.<column>.names` of a ClassLabel, as Hugging Face's `datasets` writes them. */
function namesIn(json: string | undefined): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  if (json === undefined) return found;
  const features = field(field(JSON.parse(json), "info"), "features");
  if (typeof features !== "object" || features === null) return found;
  for (const [column, feature] of Object.entries(features)) {
    const names = field(feature, "names");
    if (Array.isArray(names) && names.every((each) => typeof each === "string")) {
      found.set(column, names);
    }
  }
  return found;
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}

function columnOf(cells: readonly unknown[]): ParquetColumn {
  const first = cells.find((cell) => cell !== null && cell !== undefined);
  if (typeof first === "string") {
    const values = cells.map((cell) => (typeof cell === "string" ? cell : ""));
    return { kind: "texts", values };
  }
  if (Array.isArray(first) || ArrayBuffer.isView(first)) return vectorsOf(cells);
  const values = new Float64Array(cells.length);
  for (let row = 0; row < cells.length; row++) {
    const value = numberOf(cells[row]);
    if (typeof value === "string") return { kind: "other", why: value };
    values[row] = value;
  }
  return { kind: "numbers", values };
}

function vectorsOf(cells: readonly unknown[]): ParquetColumn {
  const width = lengthOf(cells[0]);
  const values = new Float64Array(cells.length * width);
  for (let row = 0; row < cells.length; row++) {
    const cell = cells[row];
    if (lengthOf(cell) !== width) {
      const why = `lists of different lengths: ${width} in row 0, ${lengthOf(cell)} in row ${row}`;
      return { kind: "other", why };
    }
    for (let i = 0; i < width; i++) {
      const value = numberOf((cell as ArrayLike<unknown>)[i]);
      if (typeof value === "string") return { kind: "other", why: `lists of ${value}` };
      values[row * width + i] = value;
    }
  }
  const isSingle = values.every((value) => Object.is(Math.fround(value), value));
  return { kind: "vectors", values: isSingle ? Float32Array.from(values) : values, width };
}

function lengthOf(cell: unknown): number {
  return Array.isArray(cell) || ArrayBuffer.isView(cell)
    ? (cell as unknown as ArrayLike<unknown>).length
    : 0;
}

/** A number, NaN for a missing one; or what else it is. */
function numberOf(cell: unknown): number | string {
  if (cell === null || cell === undefined) return NaN;
  if (typeof cell === "number") return cell;
  if (typeof cell === "boolean") return Number(cell);
  if (typeof cell === "bigint") {
    return BigInt(Number(cell)) === cell ? Number(cell) : `integers like ${cell}, beyond 2^53`;
  }
  return cell instanceof Date ? "dates" : "structures";
}
