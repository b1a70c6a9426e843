import { type Backend, createRandom } from "@glai/core";
import type { Clock } from "./contender.js";
import { type BenchProblem, normalFeatures } from "./problem.js";
import type { ConversionRow } from "./types.js";

const SAMPLES = 5000;

/** Patterns and exact top-K of single paths for 5000 samples: the median time and the peak of memory. */
export async function measureConversion(
  backend: Backend,
  { shape, reduced, kept, paths }: BenchProblem,
  rounds: number,
  clock: Clock,
): Promise<ConversionRow | undefined> {
  const { conversion } = backend;
  if (conversion === undefined) return undefined;
  const features = normalFeatures(createRandom(5), SAMPLES, reduced.sizes[0]);
  const milliseconds: number[] = [];
  let peakExtraBytes = 0;
  for (let round = 0; round < rounds; round++) {
    const memory = watchMemory();
    const begin = clock();
    await conversion.convert(reduced, features, { block: "path", budget: { keep: kept } });
    milliseconds.push((clock() - begin) / 1000);
    const extra = memory.stop();
    peakExtraBytes = round === 0 ? extra : Math.min(peakExtraBytes, extra); // the first call also warms up
  }
  return { shape, paths, kept, milliseconds: median(milliseconds), peakExtraBytes };
}

/** Watches resident memory until `stop`, which returns how far it rose. */
function watchMemory(): { stop(): number } {
  const before = process.memoryUsage.rss();
  let peak = before;
  const look = (): void => void (peak = Math.max(peak, process.memoryUsage.rss()));
  const timer = setInterval(look, 2);
  return {
    stop() {
      clearInterval(timer);
      look();
      return peak - before;
    },
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
