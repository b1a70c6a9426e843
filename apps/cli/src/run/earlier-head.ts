import { join } from "node:path";
import type { HeadModel, JsonValue } from "@glai/core";
import { decodeHeadModel } from "@glai/io";
import { readBytes, readManifest, sha256 } from "@glai/io/node";
import type { JsonObject } from "../config/merge.js";
import { type Manifest, parseManifest } from "./manifest.js";

/** A finished run that another one starts from. */
export interface EarlierHead {
  readonly model: HeadModel;
  readonly config: JsonObject; // what the new run does too unless it is told otherwise
  readonly origin: NonNullable<Manifest["from"]>;
}

/** @throws `bad-argument` when there is no run, `not-found` when it left no model. */
export async function earlierHead(folder: string): Promise<EarlierHead> {
  const { config } = parseManifest(await readManifest(folder), folder);
  const file = join(folder, "model.safetensors");
  const bytes = await readBytes(file);
  const { head, experiment, protocol } = config;
  return {
    model: decodeHeadModel(bytes, file),
    config: { head, experiment, protocol: protocol as unknown as JsonValue },
    origin: { path: folder, model: sha256(bytes) },
  };
}
