import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { encodeElements } from "../elements.js";
import type { DType, Tensor } from "../tensor.js";

// The messages of onnx.proto (IR version 7, with which opset 13 came) that a head needs. Numbers are the
// field numbers of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.

/** Integers become INT attributes, arrays of them INTS. */
export type OnnxAttributes = Readonly<Record<string, number | readonly number[]>>;

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: OnnxAttributes;
}

/** An input or output. A string in its shape is a dimension known by name only. */
export interface OnnxValue {
  readonly name: string;
  readonly dtype: OnnxDType;
  readonly shape: readonly (number | string)[];
}

export interface OnnxModel {
  readonly opset: number;
  readonly nodes: readonly OnnxNode[];
  readonly constants: ReadonlyMap<string, Tensor>; // of an OnnxDType each
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** The element types that a head uses, with their TensorProto.DataType. */
export const onnxDTypes = { float32: 1, uint8: 2, int64: 7 } as const satisfies Partial<
  Record<DType, number>
>;

export type OnnxDType = keyof typeof onnxDTypes;

const attributeTypes = { int: 2, ints: 7 } as const; // AttributeProto.AttributeType
const irVersion = 7;

/** ModelProto as bytes. */
export function encodeModel(model: OnnxModel): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int64(irVersion);
  text(writer, 2, "glai");
  message(writer, 7, () => writeGraph(writer, model));
  message(writer, 8, () => {
    text(writer, 1, ""); // the operators of ONNX itself
    writer.tag(2, WireType.Varint).int64(model.opset);
  });
  for (const [key, value] of Object.entries(model.metadata)) {
    message(writer, 14, () => {
      text(writer, 1, key);
      text(writer, 2, value);
    });
  }
  return writer.finish();
}

function writeGraph(writer: BinaryWriter, { nodes, constants, inputs, outputs }: OnnxModel): void {
  for (const node of nodes) message(writer, 1, () => writeNode(writer, node));
  text(writer, 2, "head");
  for (const [name, tensor] of constants) {
    message(writer, 5, () => writeTensor(writer, name, tensor));
  }
  for (const value of inputs) message(writer, 11, () => writeValue(writer, value));
  for (const value of outputs) message(writer, 12, () => writeValue(writer, value));
}

function writeNode(writer: BinaryWriter, { op, inputs, output, attributes }: OnnxNode): void {
  for (const input of inputs) text(writer, 1, input);
  text(writer, 2, output);
  text(writer, 3, output); // the node's own name
  text(writer, 4, op);
  for (const [name, value] of Object.entries(attributes)) {
    message(writer, 5, () => {
      text(writer, 1, name);
      if (typeof value === "number") {
        writer.tag(3, WireType.Varint).int64(value);
        writer.tag(20, WireType.Varint).int32(attributeTypes.int);
      } else {
        for (const each of value) writer.tag(8, WireType.Varint).int64(each);
        writer.tag(20, WireType.Varint).int32(attributeTypes.ints);
      }
    });
  }
}

function writeTensor(writer: BinaryWriter, name: string, tensor: Tensor): void {
  for (const dimension of tensor.shape) writer.tag(1, WireType.Varint).int64(dimension);
  writer.tag(2, WireType.Varint).int32(onnxDTypes[tensor.dtype as OnnxDType]);
  text(writer, 8, name);
  writer.tag(9, WireType.LengthDelimited).bytes(encodeElements(tensor, true)); // raw_data
}

function writeValue(writer: BinaryWriter, { name, dtype, shape }: OnnxValue): void {
  text(writer, 1, name);
  message(writer, 2, () =>
    message(writer, 1, () => {
      writer.tag(1, WireType.Varint).int32(onnxDTypes[dtype]);
      message(writer, 2, () => {
        for (const dimension of shape) {
          message(writer, 1, () => {
            if (typeof dimension === "string") text(writer, 2, dimension);
            else writer.tag(1, WireType.Varint).int64(dimension);
          });
        }
      });
    }),
  );
}

function message(writer: BinaryWriter, field: number, write: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write();
  writer.join();
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}
