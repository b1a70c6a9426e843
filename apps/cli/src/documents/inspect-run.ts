import { type HeadModel, type JsonValue, parameterCount, type Sizes } from "@glai/core";
import type { z } from "zod";
import { isJsonObject, type JsonObject } from "../config/merge.js";
import { formatNumber, formatScore } from "../output/format.js";
import type { inspectRunSchema } from "../schemas/inspect.js";
import { certificateDocument } from "./certificate.js";

type RunDocument = z.infer<typeof inspectRunSchema>;

/** What `glai inspect <run or model> --json` prints. */
export function inspectRunDocument(model: HeadModel, manifest: JsonValue | undefined): RunDocument {
  const { head, body, preprocessing, classNames, config } = model;
  return {
    kind: "run",
    head,
    body: body.kind,
    sizes: [...sizesOf(model)],
    parameters: parametersOf(model),
    preprocessing: preprocessing.kind,
    classNames: classNames === undefined ? null : [...classNames],
    certificate: body.kind === "estimator" ? certificateDocument(body.selection.certificate) : null,
    config,
    manifest: manifest ?? null,
  };
}

function sizesOf({ body }: HeadModel): Sizes {
  switch (body.kind) {
    case "mlp":
      return body.network.sizes;
    case "estimator":
      return body.selection.sizes;
    case "kernel":
      return [body.support.nFeatures, body.intercept.length];
    default:
      return body satisfies never;
  }
}

/** The same of a run that has no model: one that is not finished, or a comparison. */
export function inspectBareRun(manifest: JsonObject): RunDocument {
  return {
    kind: "run",
    head: null,
    body: null,
    sizes: null,
    parameters: null,
    preprocessing: null,
    classNames: null,
    certificate: null,
    config: manifest.config ?? null,
    manifest,
  };
}

/** Numbers that training found; a frozen selector is not among them. */
function parametersOf({ body }: HeadModel): number {
  switch (body.kind) {
    case "mlp":
      return parameterCount(body.network.sizes);
    case "estimator":
      return body.selection.nPaths;
    case "kernel":
      return body.coefficients.length + body.intercept.length;
    default:
      return body satisfies never;
  }
}

/** The same for people. */
export function renderRun(document: RunDocument): string {
  const { head, body, sizes, parameters, preprocessing, certificate, manifest } = document;
  if (sizes === null) return ["no model", ...manifestLines(manifest)].join("\n");
  const lines = [
    `head           ${head} (${body})`,
    `sizes          ${sizes.join(" ")}`,
    `parameters     ${parameters}`,
    `preprocessing  ${preprocessing}`,
  ];
  if (certificate !== null) {
    const { kept, paths, bound, measuredError, nSamples } = certificate;
    lines.push(
      `certificate    kept ${kept} of ${paths} paths, bound ${formatNumber(bound)}, measured ${formatNumber(measuredError)} on ${nSamples} samples`,
    );
  }
  return [...lines, ...manifestLines(manifest)].join("\n");
}

function manifestLines(manifest: unknown): string[] {
  if (!isJsonObject(manifest)) return [];
  const { kind, status, dataset, startedAt, result } = manifest;
  const lines = [
    `command        ${String(kind)}`,
    `status         ${String(status)}, started ${String(startedAt)}`,
  ];
  if (isJsonObject(dataset)) lines.push(`data           ${String(dataset.path)}`);
  if (isJsonObject(result) && typeof result.score === "number") {
    const scoreName = result.scoreName === "loss" ? "loss" : "accuracy";
    lines.push(`${scoreName.padEnd(14)} ${formatScore(result.score, scoreName)}`);
  }
  return lines;
}
