import { badData } from "../errors.js";
import { parseNpy } from "../npy.js";
import { listNpz, parseNpz } from "../npz.js";
import { parseSafetensors, tensorNamed } from "../safetensors.js";
import type { NamedTensor } from "./arrays.js";

/** Named arrays, wherever they lie: files of a folder, members of an archive, tensors of a file. */
export interface ArrayContainer {
  readonly name: string;
  readonly keys: readonly string[];
  /** Reads one array; `bad-data` when it is not there. */
  get(key: string): NamedTensor;
}

/** The .npy files of a folder by name: `train_x.npy` is `train_x`. */
export function folderContainer(
  files: Readonly<Record<string, Uint8Array>>,
  folder: string,
): ArrayContainer {
  const found = Object.keys(files).filter((file) => file.endsWith(".npy"));
  const name = folder === "" ? "the dataset folder" : folder;
  return {
    name,
    keys: found.map((file) => file.slice(0, -4)),
    get(key) {
      const file = `${key}.npy`;
      const path = pathIn(folder, file);
      const bytes = files[file];
      if (bytes !== undefined) return { tensor: parseNpy(bytes, path), name: path };
      throw badData(
        name,
        file,
        found.join(", ") || "no .npy file",
        "A dataset folder has train_x.npy, train_y.npy, val_x.npy and val_y.npy.",
      );
    },
  };
}

/** "data/train_x.npy"; the file alone when the folder has no name. */
export function pathIn(folder: string, file: string): string {
  return folder === "" ? file : `${folder.replace(/[/\\]+$/, "")}/${file}`;
}

export function npzContainer(bytes: Uint8Array, name: string): ArrayContainer {
  const keys = listNpz(bytes, name);
  return {
    name,
    keys,
    get(key) {
      const tensors = parseNpz(bytes, { name, only: [key] });
      const hint = `Name the array that you mean; ${name} has ${keys.join(", ") || "none"}.`;
      return { tensor: tensorNamed(tensors, key, name, hint), name: `${key} of ${name}` };
    },
  };
}

export function safetensorsContainer(bytes: Uint8Array, name: string): ArrayContainer {
  const { tensors } = parseSafetensors(bytes, name);
  return {
    name,
    keys: [...tensors.keys()],
    get(key) {
      const hint = "Name the array that you mean with --x or --y.";
      return { tensor: tensorNamed(tensors, key, name, hint), name: `${key} of ${name}` };
    },
  };
}
