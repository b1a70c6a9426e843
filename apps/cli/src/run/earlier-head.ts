import type { HeadModel, JsonValue } from "@glai/core";
import { readManifest, readModelFile } from "@glai/io/node";
import type { JsonObject } from "../config/merge.js";
import { type Manifest, parseManifest } from "./manifest.js";

/** A finished run that another one starts from. */
export interface EarlierHead {
  readonly model: HeadModel;
  readonly config: JsonObject; // what the new run does too unless it is told otherwise
  readonly origin: NonNullable<Manifest["from"]>;
}

/** @throws `bad-argument` when there is no run, `io` when it left no model. */
export async function earlierHead(folder: string): Promise<EarlierHead> {
  const { config } = parseManifest(await readManifest(folder), folder);
  const { model, checksum } = await readModelFile(folder);
  const { head, experiment, protocol } = config;
  return {
    model,
    config: { head, experiment, protocol: protocol as unknown as JsonValue },
    origin: { path: folder, model: checksum },
  };
}
