import { existsSync } from "node:fs";
import { join } from "node:path";
import { GlaiError, type HeadModel, isGlaiError, type JsonValue } from "@glai/core";
import {
  decodeRetraining,
  encodeRetraining,
  type RetrainableHead,
  type RetrainingState,
} from "@glai/engine";
import {
  type CheckpointValue,
  decodeCheckpoint,
  encodeCheckpoint,
  encodeHeadModel,
} from "@glai/io";
import { readBytes, readModelFile, type RunFolder, sha256 } from "@glai/io/node";
import { isJsonObject } from "../config/merge.js";

const stateFile = "retraining.safetensors";

/** A head from disk with its retraining state. */
export interface HeadOnDisk extends RetrainableHead {
  readonly path: string;
  readonly checksum: string; // SHA-256 of the model file
}

/** Writes a model, and beside it the state that lets it be changed; the state names the model it belongs to. */
export async function writeHead(
  folder: RunFolder,
  model: HeadModel,
  state: RetrainingState | undefined,
): Promise<void> {
  if (state !== undefined) {
    const { arrays, version, state: retraining } = encodeRetraining(state);
    const belongsTo = { model: sha256(encodeHeadModel(model)), retraining };
    const bytes = encodeCheckpoint({ version, arrays, state: belongsTo });
    await folder.writeFile(stateFile, bytes);
  }
  await folder.writeModel(model);
}

/**
 * Reads a head with its state from a run folder. Throws `unsupported` when the run left none, `bad-data` when
 * it is damaged or that of another model.
 */
export async function readHead(path: string): Promise<HeadOnDisk> {
  const file = join(path, stateFile);
  const { model, checksum } = await readModelFile(path);
  if (!existsSync(file)) {
    throw new GlaiError(
      "unsupported",
      `Expected ${stateFile} in ${path} but found none: a head ${model.head} of this kind cannot be changed exactly.`,
      {
        hint: "Closed forms can (ridge: without class weights): glai train <data> --head glai (kernel or ridge solver), linear-ridge or kernel-rbf.",
      },
    );
  }
  const { arrays, version, state } = await readState(file);
  const fields = isJsonObject(state) ? state : {};
  if (fields["model"] !== checksum) {
    throw new GlaiError(
      "bad-data",
      `Expected ${file} to belong to the model beside it (SHA-256 ${checksum}) but it belongs to ${JSON.stringify(fields["model"])}.`,
      { hint: "One of them was replaced: train the head again." },
    );
  }
  const retraining = decodeRetraining({ version, arrays, state: fields["retraining"] ?? null });
  return { path, checksum, model, state: retraining };
}

/** The sealed container speaks of checkpoints; here the way out is another. */
async function readState(file: string): Promise<CheckpointValue & { readonly state: JsonValue }> {
  try {
    return decodeCheckpoint(await readBytes(file), file);
  } catch (error) {
    if (!isGlaiError(error) || error.code !== "bad-data") throw error;
    const hint = "Train the head again, or take the run from a backup.";
    throw new GlaiError("bad-data", error.message, { hint, cause: error });
  }
}
