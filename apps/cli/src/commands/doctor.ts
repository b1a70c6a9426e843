import { availableParallelism, totalmem } from "node:os";
import { runConformance } from "@glai/core";
import type { Command } from "commander";
import type { z } from "zod";
import { findBackends, type FoundBackend, pickBackend } from "../backends/find.js";
import { type CommandContext, type CommonFlags, printResult } from "../context.js";
import { capabilityDocument } from "../documents/capability.js";
import { exitCodes } from "../exit-codes.js";
import { formatBytes, formatSeconds } from "../output/format.js";
import { version } from "../package-info.js";
import type { doctorSchema } from "../schemas/doctor.js";

interface DoctorFlags extends CommonFlags {
  readonly backend?: string;
  readonly full?: boolean;
}

type DoctorDocument = z.infer<typeof doctorSchema>;
type BackendHealth = DoctorDocument["backends"][number];

export function addDoctor(
  program: Command,
  context: CommandContext,
  exit: (code: number) => void,
): void {
  program
    .command("doctor")
    .description(
      "say what this machine can do: backends, and whether they compute the right numbers",
    )
    .option("--backend <name>", "only this backend")
    .option("--full", "all conformance checks instead of the quick list")
    .action(async (flags: DoctorFlags) => exit(await doctor(flags, context)));
}

async function doctor(flags: DoctorFlags, context: CommandContext): Promise<number> {
  const { cwd, now } = context.terminal;
  const all = await findBackends(cwd);
  const found = flags.backend === undefined ? all : [pickBackend(all, flags.backend)];
  const backends: BackendHealth[] = [];
  for (const backend of found) {
    backends.push(await examine(backend, { quick: flags.full !== true }, now));
  }
  const document: DoctorDocument = {
    healthy:
      backends.some(({ capability }) => capability?.available === true) &&
      backends.every(
        ({ error, conformance }) => error === null && !((conformance?.failed ?? 0) > 0),
      ),
    version,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    backends,
  };
  printResult(context, flags, document, () => render(document));
  return document.healthy ? exitCodes.done : exitCodes.checkFailed;
}

/** A backend that cannot run here is no illness; one that cannot be loaded or computes wrongly is. */
async function examine(
  { name, source, create }: FoundBackend,
  options: { readonly quick: boolean },
  now: () => number,
): Promise<BackendHealth> {
  try {
    const backend = await create({});
    const capability = await backend.probe();
    const health = { name, source, error: null, capability: capabilityDocument(capability) };
    if (!capability.available) return { ...health, conformance: null };
    const begin = now();
    const { passed, failed, skipped, results } = await runConformance(backend, options);
    const seconds = (now() - begin) / 1000;
    const checks = results.map((result) => ({ ...result }));
    return { ...health, conformance: { passed, failed, skipped, seconds, checks } };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { name, source, error: message, capability: null, conformance: null };
  }
}

function render({
  version: glai,
  node,
  platform,
  cpus,
  memoryBytes,
  ...rest
}: DoctorDocument): string {
  const memory = formatBytes(memoryBytes);
  const lines = [`glai ${glai}, Node ${node} on ${platform}, ${cpus} processors, ${memory}`];
  for (const health of rest.backends) lines.push("", ...renderHealth(health));
  lines.push(
    "",
    rest.healthy ? "Everything that runs here is right." : "Something is wrong: see above.",
  );
  return lines.join("\n");
}

function renderHealth({ name, source, error, capability, conformance }: BackendHealth): string[] {
  const title = `${name} (${source})`;
  if (capability === null) return [`${title}: cannot be loaded. ${error}`];
  const notes = [capability.reason, capability.hint].filter((note) => note !== undefined);
  if (conformance === null) return [`${title}: cannot run here. ${notes.join(" ")}`];
  const { passed, failed, skipped, seconds, checks } = conformance;
  return [
    `${title}: ${capability.tier}, ${capability.device}, ${capability.precision}`,
    ...notes.map((note) => `  ${note}`),
    `  conformance: ${passed} passed, ${failed} failed, ${skipped} skipped in ${formatSeconds(seconds)}`,
    ...checks
      .filter(({ status }) => status === "failed")
      .map((check) => `  failed: ${check.name}. ${check.detail}`),
    ...skippedLines(checks),
  ];
}

type Check = NonNullable<BackendHealth["conformance"]>["checks"][number];

/** Skipped checks by reason: a backend without one feature skips many for the same one. */
function skippedLines(checks: readonly Check[]): string[] {
  const counts = new Map<string, number>();
  for (const { status, reason = "no reason given" } of checks) {
    if (status === "skipped") counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, count]) => `  skipped ${count}: ${reason}`);
}
