import { resolve } from "node:path";
import { GlaiError, headLogits, type Matrix, softmax } from "@glai/core";
import { createCpuBackend } from "@glai/backend-cpu";
import { predictHead } from "@glai/engine";
import { readFeatures, readModel } from "@glai/io/node";
import type { Command } from "commander";
import type { z } from "zod";
import { type CommandContext, type CommonFlags, printResult } from "../context.js";
import { checkWidth, isProjection } from "../run/check-head.js";
import type { predictSchema } from "../schemas/predict.js";

interface PredictFlags extends CommonFlags {
  readonly proba?: boolean;
  readonly x?: string;
  readonly y?: string;
}

type PredictDocument = z.infer<typeof predictSchema>;

export function addPredict(program: Command, context: CommandContext): void {
  program
    .command("predict")
    .description("print the label of every row of features, one a line")
    .argument("<run>", "run folder or model file")
    .argument("<features>", ".npy, .npz, .safetensors, .csv or .parquet file")
    .option("--proba", "print the probability of every class beside the label")
    .option("--x <name>", "features in a table: the array's name, or columns like a,b,f*")
    .option("--y <name>", "label column of a table, to be left out")
    .action(async (run: string, features: string, flags: PredictFlags) => {
      const document = await predict(run, features, flags, context);
      printResult(context, flags, document, () => render(document, flags));
    });
}

async function predict(
  run: string,
  path: string,
  { x, y }: PredictFlags,
  { terminal }: CommandContext,
): Promise<PredictDocument> {
  const model = await readModel(resolve(terminal.cwd, run));
  if (isProjection(model)) {
    throw new GlaiError(
      "unsupported",
      `Expected a head with classes but ${run} is a projection without labels.`,
      {
        hint: "Export it (glai export) or use headLogits from @glai/core for its outputs.",
      },
    );
  }
  const features = await readFeatures(resolve(terminal.cwd, path), {
    ...(x !== undefined && { x }),
    ...(y !== undefined && { y }),
  });
  checkWidth(model, features, path);
  // Kernel heads compare every row with every support sample: that wants the fast kernels.
  const logits =
    model.body.kind === "kernel"
      ? await predictHead(model, features, createCpuBackend())
      : headLogits(model, features);
  const temperature = model.temperature ?? 1;
  const values = Float64Array.from(logits.values, (logit) => logit / temperature);
  const probabilities = softmax({ ...logits, values });
  const scores = rowsOf(probabilities);
  return {
    labels: scores.map((row) => row.indexOf(Math.max(...row))),
    scores,
    classNames: model.classNames === undefined ? null : [...model.classNames],
    head: model.head,
  };
}

function rowsOf({ values, nRows, nColumns }: Matrix): number[][] {
  return Array.from({ length: nRows }, (_, i) => [
    ...values.subarray(i * nColumns, (i + 1) * nColumns),
  ]);
}

function render({ labels, scores, classNames }: PredictDocument, { proba }: PredictFlags): string {
  return labels
    .map((label, i) => {
      const name = classNames?.[label] ?? String(label);
      const row = proba === true ? (scores[i] ?? []).map((score) => score.toFixed(4)) : [];
      return [name, ...row].join("\t");
    })
    .join("\n");
}
