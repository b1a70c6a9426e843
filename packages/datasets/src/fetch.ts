import { GlaiError, type LoadedDataset, parseDatasetFiles } from "@glai/io";
import { datasetFiles, findDataset } from "./catalog.js";

/**
 * Fetches a set in a browser: `<base>/<name>/train_x.npy` and its siblings, which a site gets by copying
 * this package's `data/` folder among its files. Throws `io` when a file cannot be had.
 *
 * @example
 * const dataset = await fetchDataset("A1", "/data");
 */
export async function fetchDataset(
  name: string,
  base: string,
  options: { readonly fetch?: typeof globalThis.fetch; readonly signal?: AbortSignal } = {},
): Promise<LoadedDataset> {
  const { fetch = globalThis.fetch, signal } = options;
  const folder = `${base.replace(/\/+$/, "")}/${findDataset(name).name}`;
  const files = await Promise.all(
    datasetFiles.map(async (file) => {
      const url = `${folder}/${file}`;
      const response = await fetch(url, signal === undefined ? {} : { signal });
      if (!response.ok) {
        throw new GlaiError(
          "io",
          `Expected to fetch ${url} but received status ${response.status}.`,
          {
            hint: "Copy the data folder of @glai/datasets among the files of the site.",
          },
        );
      }
      return [file, new Uint8Array(await response.arrayBuffer())] as const;
    }),
  );
  return parseDatasetFiles(Object.fromEntries(files), {}, folder);
}
