export { readOwner } from "./node/lock.js";
export { makeFolder } from "./node/make-folder.js";
export { readBytes, sha256 } from "./node/read-bytes.js";
export {
  type DatasetOnDisk,
  readDataset,
  readFeatures,
  readModel,
  readModelFile,
  readSamples,
  type SamplesOnDisk,
} from "./node/read-dataset.js";
export { openRunFolder, readManifest, readMetrics, type RunFolder } from "./node/run-folder.js";
export { writeFileAtomic } from "./node/write-file-atomic.js";
