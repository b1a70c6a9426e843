import type { Backend } from "../backend.js";
import { isGlaiError } from "../errors.js";
import { optimizerDefaults } from "../optimizer.js";
import type { BlockKind } from "../selection.js";
import type { LossSpec } from "../training-spec.js";
import {
  type ConformanceCheck,
  type ConformanceReport,
  type ConformanceResult,
  fail,
} from "./check.js";
import { conversionChecks } from "./conversion-checks.js";
import { errorChecks, unsupportedCheck } from "./error-checks.js";
import { linearAlgebraChecks } from "./linear-algebra-checks.js";
import { modelChecks } from "./model-checks.js";
import { exampleEstimator, exampleMlp, withCopies } from "./models.js";
import { type Setup, setup } from "./script.js";
import { sessionChecks } from "./session-checks.js";
import { trainingChecks } from "./training-checks.js";

export interface ConformanceOptions {
  /** Fewer shapes: for a look at a machine (`glai doctor`) rather than for a test suite. */
  readonly quick?: boolean;
}

/** Every promise of the `Backend` interface, in the order in which it makes sense to mend them. */
export function conformanceChecks(options: ConformanceOptions = {}): readonly ConformanceCheck[] {
  const quick = options.quick ?? false;
  return [
    probeCheck,
    ...modelChecks(quick),
    ...trainingChecks(quick),
    ...sessionChecks(),
    ...errorChecks(),
    unsupportedCheck(everyKind()),
    ...conversionChecks(),
    ...linearAlgebraChecks(),
  ];
}

/**
 * Runs the checks on a backend and says of each whether it passed, failed or was skipped, and why. Never
 * rejects: a backend that is not available skips all of them, with its own reason. Takes a few seconds.
 *
 * @example
 * const report = await runConformance(createReferenceBackend());
 * if (report.failed > 0) console.log(report.results.filter((r) => r.status === "failed"));
 */
export async function runConformance(
  backend: Backend,
  options: ConformanceOptions = {},
): Promise<ConformanceReport> {
  const capability = await backend.probe();
  const results: ConformanceResult[] = [];
  for (const check of conformanceChecks(options)) {
    const reason = capability.available
      ? check.skipReason(backend, capability)
      : `The backend is not available: ${capability.reason ?? "it gives no reason"}`;
    if (reason !== undefined) {
      results.push({ name: check.name, status: "skipped", detail: "", reason });
      continue;
    }
    try {
      const detail = await check.run(backend, capability);
      results.push({ name: check.name, status: "passed", detail });
    } catch (error) {
      results.push({ name: check.name, status: "failed", detail: describeError(error) });
    }
  }
  const count = (status: ConformanceResult["status"]): number =>
    results.filter((result) => result.status === status).length;
  return {
    backend: backend.name,
    capability,
    results,
    passed: count("passed"),
    failed: count("failed"),
    skipped: count("skipped"),
  };
}

function describeError(error: unknown): string {
  if (isGlaiError(error))
    return error.code === "internal" ? error.message : `${error.code}: ${error.message}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

const probeCheck: ConformanceCheck = {
  name: "probe describes the machine, the same way twice",
  skipReason: () => undefined,
  async run(backend, capability) {
    const failures: string[] = [];
    if (backend.apiVersion !== 1)
      failures.push(`apiVersion is ${String(backend.apiVersion)}, not 1`);
    if (!/^[a-z][a-z0-9-]*$/.test(backend.name))
      failures.push(`name "${backend.name}" is not lower-case`);
    if (capability.device === "") failures.push("device is empty");
    if (capability.threads < 1) failures.push(`threads is ${capability.threads}`);
    if (JSON.stringify(await backend.probe()) !== JSON.stringify(capability))
      failures.push("a second probe differs");
    if (failures.length > 0) fail(`${failures.join("; ")}.`);
    return `${capability.device}, ${capability.tier}, ${capability.precision}`;
  },
};

/** One setup per model, block, loss and optimiser. */
function everyKind(): Setup[] {
  const models = [
    exampleMlp([5, 3]),
    ...(["path", "block16", "slab"] satisfies BlockKind[]).map((block) =>
      exampleEstimator([5, 4, 3], block),
    ),
    withCopies(exampleEstimator([5, 4, 3], "slab")),
  ];
  const losses: LossSpec[] = [
    { kind: "crossEntropy" },
    { kind: "meanSquaredError" },
    { kind: "infoNCE", temperature: 0.5 },
  ];
  return models.flatMap((model) =>
    losses.flatMap((loss) =>
      Object.values(optimizerDefaults).map((optimizer) => setup(model, { loss, optimizer })),
    ),
  );
}
