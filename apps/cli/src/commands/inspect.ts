import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseSafetensors } from "@glai/io";
import { readBytes, readManifest, readModel } from "@glai/io/node";
import type { Command } from "commander";
import { isJsonObject } from "../config/merge.js";
import { type CommandContext, type CommonFlags, printResult } from "../context.js";
import { datasetDocument, renderDataset } from "../documents/inspect-dataset.js";
import { inspectBareRun, inspectRunDocument, renderRun } from "../documents/inspect-run.js";
import { addDataOptions, type DataFlags, dataHelp, readData } from "./data-flags.js";

type InspectFlags = CommonFlags & DataFlags;

export function addInspect(program: Command, context: CommandContext): void {
  const command = program
    .command("inspect")
    .description("say what is in a dataset, a run folder or a model file")
    .argument("<data|run>", `${dataHelp};\nor a run folder or model file`);
  addDataOptions(command).action(async (path: string, flags: InspectFlags) => {
    const absolute = resolve(context.terminal.cwd, path);
    if (await isModel(absolute)) {
      const manifest = existsSync(join(absolute, "manifest.json"))
        ? await readManifest(absolute)
        : undefined;
      const hasModel = existsSync(join(absolute, "model.safetensors"));
      const document =
        isJsonObject(manifest) && !hasModel
          ? inspectBareRun(manifest)
          : inspectRunDocument(await readModel(absolute), manifest);
      printResult(context, flags, document, () => renderRun(document));
    } else {
      const document = datasetDocument(await readData(context, path, flags));
      printResult(context, flags, document, () => renderDataset(document));
    }
  });
}

/** A folder with a model in it, or a safetensors file with layers or our metadata; the rest is data. */
async function isModel(path: string): Promise<boolean> {
  if (!existsSync(path)) return false;
  if ((await stat(path)).isDirectory()) {
    return existsSync(join(path, "manifest.json")) || existsSync(join(path, "model.safetensors"));
  }
  if (!path.endsWith(".safetensors")) return false;
  const { tensors, metadata } = parseSafetensors(await readBytes(path), path);
  return metadata.has("glai") || tensors.has("layers.0.weight");
}
