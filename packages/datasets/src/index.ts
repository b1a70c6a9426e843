export { parseDatasetFiles } from "@glai/io";
export { type DatasetEntry, datasetFiles, findDataset, listDatasets } from "./catalog.js";
export { datasetFolder, loadDataset } from "./load.js";
