import * as fc from "fast-check";
import { float16ToFloat32, bfloat16ToFloat32 } from "../src/half.js";
import { type DType, type Tensor, type TypedArray, tensorOf } from "../src/index.js";

const holders: Readonly<Record<DType, (buffer: ArrayBuffer) => TypedArray>> = {
  bool: (buffer) => new Uint8Array(buffer).map((byte) => byte & 1),
  int8: (buffer) => new Int8Array(buffer),
  int16: (buffer) => new Int16Array(buffer),
  int32: (buffer) => new Int32Array(buffer),
  int64: (buffer) => new BigInt64Array(buffer),
  uint8: (buffer) => new Uint8Array(buffer),
  uint16: (buffer) => new Uint16Array(buffer),
  uint32: (buffer) => new Uint32Array(buffer),
  uint64: (buffer) => new BigUint64Array(buffer),
  float16: (buffer) => float16ToFloat32(new Uint16Array(buffer)),
  bfloat16: (buffer) => bfloat16ToFloat32(new Uint16Array(buffer)),
  float32: (buffer) => new Float32Array(buffer),
  float64: (buffer) => new Float64Array(buffer),
};

const widths: Readonly<Record<DType, number>> = {
  bool: 1,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  float16: 2,
  bfloat16: 2,
  float32: 4,
  float64: 8,
};

/** Tensors of every dtype that a format stores, up to three axes, of random bits. */
export function anyTensor(format: "npy" | "safetensors"): fc.Arbitrary<Tensor> {
  const all = Object.keys(holders) as DType[];
  const dtypes = format === "npy" ? all.filter((dtype) => dtype !== "bfloat16") : all;
  const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });
  return fc.tuple(fc.constantFrom(...dtypes), shapes).chain(([dtype, shape]) => {
    const length = widths[dtype] * shape.reduce((product, n) => product * n, 1);
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((bytes) => tensorOf(holders[dtype](bytes.slice().buffer), shape, dtype));
  });
}
