import { resolve } from "node:path";
import { explainHead, GlaiError, headWidths, type LogitTerm } from "@glai/core";
import { readFeatures, readModel } from "@glai/io/node";
import type { Command } from "commander";
import type { z } from "zod";
import { nearestKey } from "../config/nearest.js";
import { type CommandContext, type CommonFlags, printResult } from "../context.js";
import { formatNumber, formatScore } from "../output/format.js";
import { type Column, renderTable } from "../output/table.js";
import { checkWidth } from "../run/check-head.js";
import type { explainSchema } from "../schemas/explain.js";
import { parseCount, parseIndex } from "./parse-number.js";

interface ExplainFlags extends CommonFlags {
  readonly row: number;
  readonly count: number;
  readonly class?: string;
  readonly x?: string;
  readonly y?: string;
}

type ExplainDocument = z.infer<typeof explainSchema>;

export function addExplain(program: Command, context: CommandContext): void {
  program
    .command("explain")
    .description("say which paths, inputs or training samples decide the class of one row")
    .argument("<run>", "run folder or model file")
    .argument("<features>", ".npy, .npz, .safetensors, .csv or .parquet file")
    .option("--row <n>", "row of the features, from 0", parseIndex, 0)
    .option("--class <name>", "class to explain, by name or number (default: the predicted one)")
    .option("--count <n>", "terms to print", parseCount, 10)
    .option("--x <name>", "features in a table: the array's name, or columns like a,b,f*")
    .option("--y <name>", "label column of a table, to be left out")
    .action(async (run: string, features: string, flags: ExplainFlags) => {
      const document = await explain(run, features, flags, context);
      printResult(context, flags, document, () => render(document));
    });
}

async function explain(
  run: string,
  path: string,
  { row, count, class: wanted, x, y }: ExplainFlags,
  { terminal }: CommandContext,
): Promise<ExplainDocument> {
  const model = await readModel(resolve(terminal.cwd, run));
  const features = await readFeatures(resolve(terminal.cwd, path), {
    ...(x !== undefined && { x }),
    ...(y !== undefined && { y }),
  });
  checkWidth(model, features, path);
  const { classNames } = model;
  const output =
    wanted === undefined
      ? undefined
      : classNumber(wanted, classNames, headWidths(model.body).nOutputs);
  const explanation = explainHead(model, features, row, {
    count,
    ...(output !== undefined && { output }),
  });
  const { terms, ...rest } = explanation;
  return {
    head: model.head,
    row,
    ...rest,
    classNames: classNames === undefined ? null : [...classNames],
    terms: terms.map((term) => (term.kind === "path" ? { ...term, units: [...term.units] } : term)),
  };
}

function classNumber(
  wanted: string,
  classNames: readonly string[] | undefined,
  nOutputs: number,
): number {
  const named = classNames?.indexOf(wanted) ?? -1;
  if (named >= 0) return named;
  const number = /^\d+$/.test(wanted) ? Number(wanted) : NaN;
  if (number < nOutputs) return number;
  const meant = classNames && nearestKey(wanted, classNames);
  throw new GlaiError(
    "bad-argument",
    `Expected a class of the head, by name or as 0 to ${nOutputs - 1}, but received "${wanted}".`,
    { hint: meant ? `Did you mean "${meant}"?` : "See the classes with glai inspect <run>." },
  );
}

function render(document: ExplainDocument): string {
  const { row, predicted, output, classNames, logit, probability, constant } = document;
  const nameOf = (label: number): string => classNames?.[label] ?? `class ${label}`;
  const explained =
    output === predicted ? "" : ` Explained here: ${nameOf(output)}, which was not predicted.`;
  const shown = document.terms.reduce((sum, { product }) => sum + product, constant);
  const start = constant === 0 ? "" : `${formatNumber(constant)} and `;
  return [
    `Row ${row}: ${nameOf(predicted)}.${explained}`,
    `Logit ${formatNumber(logit)}, probability ${formatScore(probability, "accuracy")}: ${start}the sum of ${termsInWords(document)}.`,
    "",
    table(document.terms),
    "",
    `These ${document.terms.length}${constant === 0 ? "" : " and the constant"} sum to ${formatNumber(shown)}. Features are the head's own, preprocessed.`,
  ].join("\n");
}

function termsInWords({ terms, nTerms, nPossible }: ExplainDocument): string {
  switch (terms[0]?.kind) {
    case "path":
      return `${nTerms} open of ${nPossible} kept paths`;
    case "input":
      return `${nTerms} origins, each with all its open paths`;
    case "sample":
      return `${nTerms} training samples`;
    default:
      return "no terms";
  }
}

function table(terms: readonly LogitTerm[]): string {
  const left = (title: string): Column => ({ title, align: "left" });
  const right = (title: string): Column => ({ title, align: "right" });
  const cells = terms.map((term): readonly string[] => {
    const product = formatNumber(term.product);
    if (term.kind === "sample") {
      const { sample, coefficient, similarity } = term;
      return [`sample ${sample}`, formatNumber(coefficient), formatNumber(similarity), product];
    }
    const origin = term.origin === "bias" ? "bias" : `feature ${term.origin}`;
    const numbers = [formatNumber(term.weight), formatNumber(term.contribution), product];
    if (term.kind === "input") return [origin, ...numbers];
    const gate = term.units.length === 0 ? "always open" : `unit ${term.units.join(", ")}`;
    return [origin, gate, ...numbers];
  });
  const numbers = ["w", "c(x)", "product"].map(right);
  switch (terms[0]?.kind) {
    case "path":
      return renderTable([left("origin"), left("gate"), ...numbers], cells);
    case "sample":
      return renderTable(
        [left("support"), ...["coefficient", "k(x, sample)", "product"].map(right)],
        cells,
      );
    default:
      return renderTable([left("origin"), ...numbers], cells);
  }
}
