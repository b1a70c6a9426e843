import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { GlaiError, isGlaiError } from "@glai/core";
import type { RunFolder } from "@glai/io/node";
import { type RunRecord, type UnitFile, unitFileSchema } from "./record.js";
import { runUnit, type UnitContext } from "./run-unit.js";
import { keyOf, type Unit, withShare } from "./units.js";

/** A unit that failed, and why; the others go on. */
export interface Failure {
  readonly unit: string;
  readonly message: string;
}

export interface UnitResults {
  readonly records: readonly RunRecord[];
  readonly failures: readonly Failure[];
  readonly reused: number; // units that an earlier call had finished
}

/** What `runUnits` needs. */
export interface UnitsContext {
  readonly version: string;
  /** Data and backend of a unit's experiment. */
  contextOf(unit: Unit): Promise<Omit<UnitContext, "mlp">>;
  onUnit(unit: Unit, index: number, count: number): void;
  onFailure(failure: Failure): void;
}

/**
 * Runs every unit that the folder does not hold yet and keeps each as a file as soon as it is done, so that
 * a call that was interrupted goes on where it stopped. A unit that fails is reported and tried again by
 * the next call; the others go on.
 *
 * @throws `aborted` after an interrupt, `bad-argument` for a file of other settings
 */
export async function runUnits(
  units: readonly Unit[],
  folder: RunFolder,
  context: UnitsContext,
): Promise<UnitResults> {
  const records: RunRecord[] = [];
  const failures: Failure[] = [];
  const mlps = new Map<string, { epochs: number; score: number }>();
  let reused = 0;
  for (const [index, planned] of units.entries()) {
    const { quick, ...parts } = await context.contextOf(planned);
    const unit = withShare(planned, parts.dataset);
    const seedKey = `${unit.experiment.experiment} ${unit.seed}`;
    const mlp = mlps.get(seedKey);
    const { version } = context;
    const key = keyOf(unit, parts.dataset, {
      version,
      backend: parts.backendName,
      quick,
      mlpEpochs: unit.heads.includes("glai") ? (mlp?.epochs ?? null) : null,
    });
    const found = await readUnit(folder.path, unit, key);
    let file = found;
    if (file === undefined) {
      context.onUnit(unit, index, units.length);
      try {
        file = { key, ...(await runUnit(unit, { ...parts, quick, mlp })) };
      } catch (error) {
        if (isGlaiError(error) && error.code === "aborted") throw error;
        const message = error instanceof Error ? error.message : String(error);
        const failure = { unit: unit.label, message };
        failures.push(failure);
        context.onFailure(failure);
        continue;
      }
      await folder.writeFile(unit.file, `${JSON.stringify(file)}\n`);
    } else reused++;
    if (unit.group === "table3" && unit.heads[0] === "mlp" && file.mlpEpochs !== null)
      mlps.set(seedKey, { epochs: file.mlpEpochs, score: file.mlpScore ?? NaN });
    records.push(...file.records);
  }
  return { records, failures, reused };
}

async function readUnit(folder: string, unit: Unit, key: string): Promise<UnitFile | undefined> {
  const path = join(folder, unit.file);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const result = unitFileSchema.safeParse(parseJson(text));
  if (!result.success)
    throw new GlaiError(
      "bad-data",
      `Expected the finished runs of ${unit.label} in ${path} but it holds something else.`,
      {
        hint: "Delete this file to run them again.",
      },
    );
  if (result.data.key === key) return result.data;
  throw new GlaiError(
    "bad-argument",
    `Expected ${path} to be of the same protocol, data, version and backend but it is of others.`,
    { hint: "Choose another --out, or delete the file to run it again." },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
