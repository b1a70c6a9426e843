export { GlaiError, isGlaiError } from "@glai/core";
export { type CheckpointValue, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.js";
export { crc32 } from "./crc32.js";
export { type CsvTable, parseCsv } from "./csv.js";
export type { DatasetOptions, LoadedDataset } from "./dataset/dataset.js";
export {
  parseDatasetFiles,
  parseDatasetTable,
  parseFeatures,
  parseSamplesFiles,
  parseSamplesTable,
  type TableContents,
} from "./dataset/parse.js";
export type { LabelledSamples } from "./dataset/samples.js";
export { stratifiedRows, takeRows } from "./dataset/split-rows.js";
export { decodeHeadModel, encodeHeadModel } from "./model/head-model.js";
export { encodeNpy, parseNpy } from "./npy.js";
export { encodeNpz, listNpz, parseNpz } from "./npz.js";
export { encodeOnnx, type OnnxOptions } from "./onnx/encode-onnx.js";
export { parseParquet, type ParquetColumn, type ParquetTable } from "./parquet.js";
export { encodeSafetensors, parseSafetensors, type SafetensorsFile } from "./safetensors.js";
export { type DType, type Tensor, type TypedArray, tensorOf, toFloats } from "./tensor.js";
