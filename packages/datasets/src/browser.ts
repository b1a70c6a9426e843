export { parseDatasetFiles } from "@glai/io";
export { type DatasetEntry, datasetFiles, findDataset, listDatasets } from "./catalog.js";
export { fetchDataset } from "./fetch.js";
