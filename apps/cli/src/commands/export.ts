import { existsSync, statSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { GlaiError, type HeadModel, headWidths } from "@glai/core";
import { encodeHeadModel, encodeOnnx } from "@glai/io";
import { readModel, writeFileAtomic } from "@glai/io/node";
import { type Command, Option } from "commander";
import type { z } from "zod";
import { type CommandContext, type CommonFlags, printResult } from "../context.js";
import { formatBytes } from "../output/format.js";
import { isProjection } from "../run/check-head.js";
import type { exportSchema } from "../schemas/export.js";

const formats = ["onnx", "safetensors"] as const;
type Format = (typeof formats)[number];

interface ExportFlags extends CommonFlags {
  readonly format?: Format;
  readonly out?: string;
  readonly force?: boolean;
}

type ExportDocument = z.infer<typeof exportSchema>;

export function addExport(program: Command, context: CommandContext): void {
  program
    .command("export")
    .description("write a head as one file for other programs")
    .argument("<run>", "run folder or model file")
    .addOption(
      new Option("--format <name>", "onnx, or safetensors (the model file itself)").choices(
        formats,
      ),
    )
    .option("--out <file>", "file to write (default: model.onnx beside the model)")
    .option("--force", "overwrite the file if it is there")
    .action(async (run: string, flags: ExportFlags) => {
      const document = await exportHead(run, flags, context);
      printResult(context, flags, document, () => render(document));
    });
}

async function exportHead(
  run: string,
  flags: ExportFlags,
  { terminal }: CommandContext,
): Promise<ExportDocument> {
  const from = resolve(terminal.cwd, run);
  const model = await readModel(from);
  const format = flags.format ?? formatOf(flags.out);
  const out = flags.out === undefined ? defaultOut(from, format) : resolve(terminal.cwd, flags.out);
  if (existsSync(out) && flags.force !== true) {
    throw new GlaiError("bad-argument", `Expected a new file at ${out} but there is one already.`, {
      hint: "Choose another --out, or overwrite it with --force.",
    });
  }
  const { bytes, outputs } = encode(model, format);
  await writeFileAtomic(out, bytes);
  return {
    out,
    format,
    bytes: bytes.length,
    head: model.head,
    ...headWidths(model.body),
    outputs,
  };
}

/** The format that a file name asks for; ONNX, the one that other programs read, without a name. */
function formatOf(out: string | undefined): Format {
  if (out === undefined) return "onnx";
  const extension = extname(out).slice(1);
  const format = formats.find((name) => name === extension);
  if (format !== undefined) return format;
  throw new GlaiError(
    "bad-argument",
    `Expected a file name that ends in .onnx or .safetensors but received ${out}.`,
    { hint: "Or say which with --format." },
  );
}

function defaultOut(from: string, format: Format): string {
  const folder = statSync(from).isDirectory() ? from : join(from, "..");
  return join(folder, `model.${format}`);
}

function encode(
  model: HeadModel,
  format: Format,
): { readonly bytes: Uint8Array; readonly outputs: string[] } {
  if (format === "safetensors") return { bytes: encodeHeadModel(model), outputs: [] };
  return isProjection(model)
    ? { bytes: encodeOnnx(model, { outputs: "projection" }), outputs: ["projection"] }
    : { bytes: encodeOnnx(model), outputs: ["logits", "probabilities", "label"] };
}

function render({ out, format, bytes, nFeatures, outputs }: ExportDocument): string {
  const graph =
    format === "onnx" ? `: features [batch, ${nFeatures}] to ${outputs.join(", ")}` : "";
  return `Wrote ${out} (${formatBytes(bytes)})${graph}.`;
}
