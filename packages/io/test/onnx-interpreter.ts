// Reads and computes the ONNX models that this package writes, in float64 and as plainly as can be. It knows the
// operators of https://github.com/onnx/onnx/blob/main/docs/Operators.md that a head uses, in opset 13, and no others.
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

export interface Value {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: ReadonlyMap<string, number>;
}

export interface ParsedModel {
  readonly irVersion: number;
  readonly opset: number;
  readonly nodes: readonly Node[];
  readonly constants: ReadonlyMap<string, Value>;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly metadata: ReadonlyMap<string, string>;
}

export function parseOnnx(bytes: Uint8Array): ParsedModel {
  const model = fields(bytes);
  const graph = fields(bytesOf(model, 7)[0]);
  return {
    irVersion: numbersOf(model, 1)[0],
    opset: numbersOf(fields(bytesOf(model, 8)[0]), 2)[0],
    nodes: bytesOf(graph, 1).map((node) => parseNode(fields(node))),
    constants: new Map(bytesOf(graph, 5).map((tensor) => parseTensor(fields(tensor)))),
    inputs: bytesOf(graph, 11).map((value) => textsOf(fields(value), 1)[0]),
    outputs: bytesOf(graph, 12).map((value) => textsOf(fields(value), 1)[0]),
    metadata: new Map(
      bytesOf(model, 14).map((entry) => {
        const [key] = textsOf(fields(entry), 1);
        return [key, textsOf(fields(entry), 2)[0]];
      }),
    ),
  };
}

/** Every value of the graph by its name. Throws when a node comes before what it needs. */
export function runOnnx(model: ParsedModel, features: Value): ReadonlyMap<string, Value> {
  const values = new Map(model.constants).set("features", features);
  for (const { op, inputs, output, attributes } of model.nodes) {
    const operator = operators[op];
    if (operator === undefined) throw new Error(`unknown operator ${op}`);
    if (values.has(output)) throw new Error(`${output} is computed twice`);
    const known = inputs.map((name) => {
      const value = values.get(name);
      if (value === undefined) throw new Error(`${op} needs ${name}, which comes later or never`);
      return value;
    });
    values.set(output, operator(known, attributes));
  }
  return values;
}

type Operator = (inputs: readonly Value[], attributes: ReadonlyMap<string, number>) => Value;

const operators: Readonly<Record<string, Operator>> = {
  Add: elementwise((a, b) => a + b),
  Sub: elementwise((a, b) => a - b),
  Mul: elementwise((a, b) => a * b),
  Div: elementwise((a, b) => a / b),
  Max: elementwise(Math.max),
  Pow: elementwise((a, b) => a ** b),
  Greater: elementwise((a, b) => Number(a > b)),
  Relu: each((a) => Math.max(a, 0)),
  Exp: each(Math.exp),
  Sqrt: each(Math.sqrt),
  Acos: each(Math.acos),
  Cast: each((a) => a),
  Identity: each((a) => a),
  Clip: ([x, least, most]) =>
    each((a) => Math.min(Math.max(a, least.data[0]), most.data[0]))([x], new Map()),
  MatMul: ([a, b]) => matrixOf(a.shape[0], b.shape[1], (i, j) => inner(a, i, b, j)),
  Gemm: ([a, w, b], attributes) => {
    if (attributes.get("transB") !== 1) throw new Error("Gemm is expected with transB = 1");
    const columns = w.shape[1];
    return matrixOf(a.shape[0], w.shape[0], (i, j) => {
      let sum = b.data[j];
      for (let k = 0; k < columns; k++) sum += a.data[i * columns + k] * w.data[j * columns + k];
      return sum;
    });
  },
  Gather: ([x, indices], attributes) => {
    if (attributes.get("axis") !== 1) throw new Error("Gather is expected along axis 1");
    return matrixOf(x.shape[0], indices.data.length, (i, j) => {
      const at = indices.data[j];
      if (!(at >= 0 && at < x.shape[1])) throw new Error(`index ${at} of ${x.shape[1]} columns`);
      return x.data[i * x.shape[1] + at];
    });
  },
  Pad: ([x, pads, constant]) => {
    if (pads.data.join() !== "0,0,0,1") throw new Error("Pad is expected to add one column");
    const [rows, columns] = x.shape;
    return matrixOf(rows, columns + 1, (i, j) =>
      j < columns ? x.data[i * columns + j] : constant.data[0],
    );
  },
  ReduceSum: ([x]) =>
    matrixOf(x.shape[0], 1, (i) => rowOf(x, i).reduce((sum, value) => sum + value, 0)),
  Softmax: ([x]) => {
    const [rows, columns] = x.shape;
    return matrixOf(rows, columns, (i, j) => {
      const row = rowOf(x, i);
      const most = Math.max(...row);
      return Math.exp(row[j] - most) / row.reduce((sum, value) => sum + Math.exp(value - most), 0);
    });
  },
  ArgMax: ([x]) => ({
    shape: [x.shape[0]],
    data: Float64Array.from({ length: x.shape[0] }, (_, i) => {
      const row = rowOf(x, i);
      return row.indexOf(Math.max(...row));
    }),
  }),
};

/** Broadcasts over at most two dimensions. */
function elementwise(combine: (a: number, b: number) => number): Operator {
  return ([a, b]) => {
    const [rowsOfA, columnsOfA] = asMatrix(a.shape);
    const [rowsOfB, columnsOfB] = asMatrix(b.shape);
    const columns = Math.max(columnsOfA, columnsOfB);
    const at = (value: Value, rows: number, own: number, i: number, j: number): number =>
      value.data[(rows === 1 ? 0 : i) * own + (own === 1 ? 0 : j)];
    return matrixOf(Math.max(rowsOfA, rowsOfB), columns, (i, j) =>
      combine(at(a, rowsOfA, columnsOfA, i, j), at(b, rowsOfB, columnsOfB, i, j)),
    );
  };
}

function asMatrix(shape: readonly number[]): readonly [number, number] {
  return shape.length === 0 ? [1, 1] : shape.length === 1 ? [1, shape[0]] : [shape[0], shape[1]];
}

function each(change: (a: number) => number): Operator {
  return ([{ shape, data }]) => ({ shape, data: data.map((value) => change(value)) });
}

function matrixOf(rows: number, columns: number, entry: (i: number, j: number) => number): Value {
  const data = Float64Array.from({ length: rows * columns }, (_, at) =>
    entry(Math.floor(at / columns), at % columns),
  );
  return { shape: [rows, columns], data };
}

function rowOf({ shape, data }: Value, i: number): Float64Array {
  return data.subarray(i * shape[1], (i + 1) * shape[1]);
}

function inner(a: Value, i: number, b: Value, j: number): number {
  if (a.shape[1] !== b.shape[0]) throw new Error(`[${a.shape}] times [${b.shape}]`);
  return rowOf(a, i).reduce((sum, value, k) => sum + value * b.data[k * b.shape[1] + j], 0);
}

// protobuf: fields by number, in order

type Fields = ReadonlyMap<number, readonly (number | Uint8Array)[]>;

function fields(bytes: Uint8Array): Fields {
  const reader = new BinaryReader(bytes);
  const found = new Map<number, (number | Uint8Array)[]>();
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    const value = type === WireType.Varint ? Number(reader.int64()) : reader.bytes();
    found.set(field, [...(found.get(field) ?? []), value]);
  }
  return found;
}

function numbersOf(message: Fields, field: number): readonly number[] {
  return (message.get(field) ?? []).filter((value) => typeof value === "number");
}

function bytesOf(message: Fields, field: number): readonly Uint8Array[] {
  return (message.get(field) ?? []).filter((value) => typeof value !== "number");
}

function textsOf(message: Fields, field: number): readonly string[] {
  return bytesOf(message, field).map((bytes) => new TextDecoder().decode(bytes));
}

function parseNode(node: Fields): Node {
  const attributes = bytesOf(node, 5).map((bytes): [string, number] => {
    const attribute = fields(bytes);
    return [textsOf(attribute, 1)[0], numbersOf(attribute, 3)[0]];
  });
  return {
    op: textsOf(node, 4)[0],
    inputs: textsOf(node, 1),
    output: textsOf(node, 2)[0],
    attributes: new Map(attributes),
  };
}

function parseTensor(tensor: Fields): [string, Value] {
  const buffer = Uint8Array.from(bytesOf(tensor, 9)[0]).buffer;
  const type = numbersOf(tensor, 2)[0];
  const data =
    type === 1
      ? Float64Array.from(new Float32Array(buffer))
      : type === 2
        ? Float64Array.from(new Uint8Array(buffer))
        : Float64Array.from(new BigInt64Array(buffer), Number);
  return [textsOf(tensor, 8)[0], { shape: numbersOf(tensor, 1), data }];
}
