import { basename, resolve } from "node:path";
import { createCpuBackend } from "@glai/backend-cpu";
import { GlaiError } from "@glai/core";
import { type RetrainChange, retrainHead } from "@glai/engine";
import { openRunFolder, readManifest, readSamples } from "@glai/io/node";
import type { Command } from "commander";
import { capabilityDocument } from "../documents/capability.js";
import { renderUpdate, type UpdateDocument, updateDocument } from "../documents/update.js";
import { type CommandContext, type CommonFlags, printResult } from "../context.js";
import { type Manifest, manifestJson, parseManifest, updateManifest } from "../run/manifest.js";
import { type HeadOnDisk, readHead, writeHead } from "../run/retraining-file.js";
import { dataPath } from "./data-flags.js";

interface UpdateFlags extends CommonFlags {
  readonly add?: string;
  readonly remove?: string;
  readonly merge?: readonly string[];
  readonly out: string;
  readonly keepFactor?: boolean;
  readonly x?: string;
  readonly y?: string;
}

export function addUpdate(program: Command, context: CommandContext): void {
  program
    .command("update")
    .description("change a closed-form head exactly: samples in, samples out, heads merged")
    .argument("<run>", "run folder of glai train or glai update")
    .option("--add <data>", "learn these samples too; their new classes as well")
    .option("--remove <data>", "forget these samples, as if they had never been there")
    .option("--merge <runs...>", "add the samples of heads with the same selector")
    .requiredOption("--out <folder>", "run folder of the changed head")
    .option(
      "--keep-factor",
      "leave a kernel head with its Cholesky factor: 4 N² bytes, 125 MB for 5,600 samples",
    )
    .option("--x <name>", "features in a table: the array's name, or CSV columns like a,b,f*")
    .option("--y <name>", "labels in a table: the array's or column's name")
    .action(async (run: string, flags: UpdateFlags) => {
      const document = await update(run, flags, context);
      printResult(context, flags, document, () => renderUpdate(document));
    });
}

async function update(
  run: string,
  flags: UpdateFlags,
  { terminal }: CommandContext,
): Promise<UpdateDocument> {
  checkOneChange(flags);
  const startedAt = new Date();
  const inCwd = (path: string): string => resolve(terminal.cwd, path);
  const manifest = parseManifest(await readManifest(inCwd(run)), inCwd(run));
  const head = await readHead(inCwd(run));
  const others = await Promise.all((flags.merge ?? []).map((path) => readHead(inCwd(path))));
  const { change, data } = await changeOf(flags, terminal.cwd, others);
  const backend = createCpuBackend();
  const { model, state, report } = await retrainHead(head.model, head.state, change, {
    backend,
    keepFactor: flags.keepFactor === true,
  });
  const document = updateDocument(report, {
    model,
    data: data?.path ?? null,
    parents: [head, ...others],
    out: flags.out,
  });
  const folder = await openRunFolder(inCwd(flags.out), { mode: "create" });
  try {
    const changed = updateManifest(manifest, {
      startedAt,
      backend: backend.name,
      capability: capabilityDocument(await backend.probe()),
      update: { change: change.kind, parents: document.parents, data },
    });
    await folder.writeManifest(manifestJson({ ...changed, status: "running" }));
    await writeHead(folder, model, state);
    await folder.writeManifest(manifestJson({ ...changed, status: "finished", result: document }));
  } finally {
    await folder.close();
  }
  return document;
}

function checkOneChange({ add, remove, merge }: UpdateFlags): void {
  const given = [add, remove, merge].filter((change) => change !== undefined);
  if (given.length === 1) return;
  throw new GlaiError(
    "bad-argument",
    `Expected one of --add, --remove and --merge but received ${given.length}.`,
    { hint: "For example: glai update runs/a --add more/ --out runs/b" },
  );
}

/** The change that was asked for, and the files it came from. */
async function changeOf(
  flags: UpdateFlags,
  cwd: string,
  others: readonly HeadOnDisk[],
): Promise<{
  readonly change: RetrainChange;
  readonly data: NonNullable<Manifest["update"]>["data"];
}> {
  const { add, remove, x, y } = flags;
  const given = add ?? remove;
  if (given === undefined) return { change: { kind: "merge", others }, data: null };
  const path = dataPath(cwd, given);
  const { split, classNames, checksums } = await readSamples(path, {
    ...(x !== undefined && { x }),
    ...(y !== undefined && { y }),
  });
  return {
    change: {
      kind: add === undefined ? "remove" : "add",
      ...split,
      ...(classNames && { classNames }),
    },
    data: { name: basename(path), path, checksums },
  };
}
