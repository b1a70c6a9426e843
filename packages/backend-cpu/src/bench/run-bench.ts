import type { Backend } from "@glai/core";
import { createCpuBackend } from "../backend.js";
import { physicalCores } from "../threads.js";
import type { CpuTier } from "../tier.js";
import { type Clock, type Contender, ourContender } from "./contender.js";
import { measureConversion, median } from "./conversion-bench.js";
import { type BenchProblem, blockKinds, createProblem } from "./problem.js";
import { type PyTorch, pytorchContender, startPyTorch } from "./pytorch.js";
import { shapes as allShapes } from "./shapes.js";
import { loadTensorflow, tensorflowContender } from "./tfjs.js";
import type {
  BenchOptions,
  BenchReport,
  BenchRow,
  BenchTier,
  ConversionRow,
  ShapeName,
} from "./types.js";

const ourTiers = ["native", "wasm", "typescript"] as const satisfies readonly CpuTier[];

/** Everything that takes part, with what was left out. */
interface Field {
  readonly backends: ReadonlyMap<CpuTier, Backend>;
  readonly tf:
    Extract<Awaited<ReturnType<typeof loadTensorflow>>, { tf: unknown }>["tf"] | undefined;
  readonly torch: PyTorch | undefined;
  readonly notes: string[];
}

/**
 * Times optimiser steps of our tiers, TF.js and PyTorch on the six shapes of Table 1 (ρ = 0.5), interleaved
 * in rounds, and the conversion. Every ratio is taken within a round: a machine that slows down slows both.
 *
 * @example
 * const report = await runBench({ shapes: ["A1"], batches: [16], quick: true });
 * console.log(formatBench(report));
 */
export async function runBench(options: BenchOptions = {}): Promise<BenchReport> {
  const { batches = [16, 32, 256], quick = false, threads = 1, clock = "wall" } = options;
  const shapes = options.shapes ?? (Object.keys(allShapes) as ShapeName[]);
  const rounds = options.rounds ?? (quick ? 3 : 5);
  const field = await assemble(options, threads, clock);
  const rows: BenchRow[] = [];
  const conversion: ConversionRow[] = [];
  try {
    const fastest = [...field.backends.values()][0];
    for (const shape of shapes) {
      const problem = await createProblem(shape, fastest);
      for (const batch of batches) {
        options.onProgress?.(`${shape}, batch ${batch}`);
        const contenders = await line(field, problem, batch, clocks[clock]);
        rows.push(...(await race(contenders, shape, batch, rounds, quick)));
        for (const contender of contenders) contender.dispose();
      }
      options.onProgress?.(`${shape}, conversion`);
      const row = await measureConversion(fastest, problem, rounds, clocks[clock]);
      if (row) conversion.push(row);
    }
  } finally {
    field.torch?.stop();
  }
  return { machine: await machineOf(field, threads, clock), rows, conversion, notes: field.notes };
}

const clocks: Readonly<Record<"cpu" | "wall", Clock>> = {
  wall: () => 1000 * performance.now(),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
};

async function assemble(
  { tiers, python }: BenchOptions,
  threads: number,
  clock: "cpu" | "wall",
): Promise<Field> {
  const wants = (tier: BenchTier): boolean => tiers === undefined || tiers.includes(tier);
  const notes: string[] = [];
  const backends = new Map<CpuTier, Backend>();
  for (const tier of ourTiers.filter(wants)) {
    const backend = createCpuBackend({ tier, threads });
    const { available, reason } = await backend.probe();
    if (available) backends.set(tier, backend);
    else notes.push(`${tier} left out: ${reason}`);
  }
  const tf = wants("tfjs") ? await loadTensorflow() : undefined;
  const pythons = python === undefined ? ["python3", "/usr/bin/python3"] : [python];
  const torch = wants("pytorch") ? await startPyTorch(pythons, threads, clock) : undefined;
  if (tf && "missing" in tf) notes.push(tf.missing);
  if (torch && "missing" in torch) notes.push(torch.missing);
  return {
    backends,
    tf: tf && "tf" in tf ? tf.tf : undefined,
    torch: torch && "torch" in torch ? torch.torch : undefined,
    notes,
  };
}

/** All contenders of one shape and batch size; our native MLP with SGD, the measure of the others, is first. */
async function line(
  { backends, tf, torch }: Field,
  problem: BenchProblem,
  batch: number,
  clock: Clock,
): Promise<Contender[]> {
  const contenders: Contender[] = [];
  for (const [tier, backend] of backends) {
    const specs = [
      { optimizer: "sgd", selection: null },
      { optimizer: "adamw", selection: null },
      ...blockKinds.map((selection) => ({ optimizer: "adamw", selection }) as const),
    ] as const;
    for (const spec of specs) {
      const made = await ourContender(backend, problem, { tier, ...spec }, batch, clock);
      if (made) contenders.push(made);
    }
  }
  if (tf) contenders.push(tensorflowContender(tf, problem, batch, clock));
  if (torch) {
    contenders.push(pytorchContender(torch, problem, "sgd", batch));
    contenders.push(pytorchContender(torch, problem, "adamw", batch));
  }
  return contenders;
}

async function race(
  contenders: readonly Contender[],
  shape: ShapeName,
  batch: number,
  rounds: number,
  quick: boolean,
): Promise<BenchRow[]> {
  const steps: number[] = [];
  for (const contender of contenders) steps.push(await stepsPerRound(contender, quick));
  const times: number[][] = contenders.map(() => []); // [contender][round], microseconds per step
  for (let round = 0; round < rounds; round++) {
    for (const [i, contender] of contenders.entries()) {
      times[i].push((await contender.run(steps[i])) / steps[i]);
    }
  }
  const base = contenders.findIndex(
    ({ tier, model, optimizer }) => tier === "native" && model === "mlp" && optimizer === "sgd",
  );
  return contenders.map(({ model, optimizer, selection, tier }, i) => {
    const ratios = base < 0 ? [] : times[i].map((time, round) => time / times[base][round]);
    return {
      shape,
      batch,
      model,
      optimizer,
      selection,
      tier,
      microseconds: median(times[i]),
      ratioToMlpSgd: base < 0 ? null : median(ratios),
      min: base < 0 ? null : Math.min(...ratios),
      max: base < 0 ? null : Math.max(...ratios),
    };
  });
}

/**
 * Steps that take about 60 ms (quick: 15 ms), found by doubling; this also warms up. A first run may take its
 * time for other reasons, so what it suggests has to last when it is run.
 */
async function stepsPerRound(contender: Contender, quick: boolean): Promise<number> {
  const enough = quick ? 15_000 : 60_000;
  await contender.run(1);
  for (let n = 1; ;) {
    const time = await contender.run(n);
    if (time >= enough / 2) return Math.max(1, Math.round((n * enough) / time));
    n = Math.max(2 * n, Math.round((n * enough) / Math.max(time, enough / 8)));
  }
}

async function machineOf(
  { backends, torch, tf }: Field,
  threads: number,
  clock: "cpu" | "wall",
): Promise<BenchReport["machine"]> {
  const os = process.getBuiltinModule("node:os");
  const { device = "none" } = (await backends.get("native")?.probe()) ?? {};
  return {
    cpu: os.cpus()[0]?.model ?? "unknown",
    instructionSet: device.split(",")[0],
    cores: physicalCores(),
    threads,
    clock,
    node: process.version,
    pytorch: torch?.version ?? null,
    tfjs: tf?.version_core ?? null,
  };
}
