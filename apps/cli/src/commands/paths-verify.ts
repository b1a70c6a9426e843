import { resolve } from "node:path";
import { GlaiError, type HeadModel, type JsonValue } from "@glai/core";
import { selectionRows } from "@glai/engine";
import { takeRows } from "@glai/io";
import { readManifest, readModel } from "@glai/io/node";
import type { z } from "zod";
import { isJsonObject } from "../config/merge.js";
import type { CommandContext } from "../context.js";
import { certificateDocument } from "../documents/certificate.js";
import {
  certificateProblems,
  type EstimatorModel,
  recomputeCertificate,
} from "../documents/recompute-certificate.js";
import { formatNumber } from "../output/format.js";
import { parseManifest } from "../run/manifest.js";
import type { pathsVerifySchema } from "../schemas/paths.js";
import { type DataFlags, dataOptions, dataPath, readData } from "./data-flags.js";

export type VerifyDocument = z.infer<typeof pathsVerifySchema>;

/**
 * Computes the certificate of a GLAI run again, on the very samples it was made on.
 *
 * @param data - by default the data that the manifest of the run names
 */
export async function verify(
  run: string,
  data: string | undefined,
  flags: DataFlags,
  context: CommandContext,
): Promise<VerifyDocument> {
  const folder = resolve(context.terminal.cwd, run);
  const model = await readModel(folder);
  if (!isEstimator(model)) {
    throw new GlaiError(
      "bad-argument",
      `Expected a head of kind estimator in ${run} but found ${model.body.kind}: only pruned heads have a certificate.`,
      {
        hint: "Train one: glai train <data> --compact",
      },
    );
  }
  const { cwd } = context.terminal;
  const { train } = await readData(context, ...(await dataOf(folder, data, flags, cwd)));
  const rows = selectionRows(train.features.nSamples, howTrained(model.config, run));
  const stored = model.body.selection.certificate;
  const recomputed = recomputeCertificate(model, takeRows(train, rows).features);
  const problems = certificateProblems(stored, recomputed);
  return {
    verified: problems.length === 0,
    stored: certificateDocument(stored),
    recomputed: certificateDocument(recomputed),
    problems,
  };
}

/** The data of the run and how it was read, where the command line does not say. */
async function dataOf(
  folder: string,
  data: string | undefined,
  flags: DataFlags,
  cwd: string,
): Promise<[string, DataFlags]> {
  const manifest = await readManifest(folder);
  if (data !== undefined && manifest === undefined) return [data, flags];
  const { path, options } = parseManifest(manifest, folder).dataset;
  if (data !== undefined && dataPath(cwd, data) !== path) return [data, flags];
  return [path, { ...options, ...dataOptions(flags) }];
}

function isEstimator(model: HeadModel): model is EstimatorModel {
  return model.body.kind === "estimator";
}

/** The seed and |Ω| that the engine wrote into the model. */
function howTrained(
  config: JsonValue,
  run: string,
): { readonly seed: number; readonly protocol: { readonly selectionRows: number } } {
  if (isJsonObject(config) && isJsonObject(config.protocol)) {
    const { seed, protocol } = config;
    const { selectionRows: nRows } = protocol;
    if (typeof seed === "number" && typeof nRows === "number") {
      return { seed, protocol: { selectionRows: nRows } };
    }
  }
  throw new GlaiError(
    "bad-data",
    `Expected seed and protocol in the configuration of ${run} but they are missing.`,
    {
      hint: "The model was not written by glai train; train it again.",
    },
  );
}

export function renderVerify({ verified, stored, recomputed, problems }: VerifyDocument): string {
  const line = (
    name: string,
    { totalMass, keptMass, bound, measuredError }: typeof stored,
  ): string =>
    `${name}  total mass ${formatNumber(totalMass)}, kept ${formatNumber(keptMass)}, bound ${formatNumber(bound)}, measured ${formatNumber(measuredError)}`;
  return [
    line("in the file", stored),
    line("recomputed ", recomputed),
    verified ? "The certificate holds." : "The certificate does not hold.",
    ...problems,
  ].join("\n");
}
