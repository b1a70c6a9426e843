import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../src/index.js";
import { tiesWithin } from "../src/pruning/chosen-blocks.js";
import { createCollector } from "../src/pruning/collector.js";
import { largestThreshold, thresholdOf } from "../src/pruning/threshold.js";

const scores = fc.array(
  fc.oneof(
    fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
    fc.nat(3),
    fc.constant(5e-324),
  ),
  { minLength: 1, maxLength: 60 },
);

/** The definition, by sorting. */
function expectedThreshold(
  values: readonly number[],
  widthOf: (b: number) => number,
  goal: number,
) {
  const order = values.map((_, b) => b).toSorted((a, b) => values[b] - values[a]);
  let paths = 0;
  for (const b of order) {
    paths += widthOf(b);
    if (paths >= goal) return values[b];
  }
  return 0;
}

describe("thresholds", () => {
  it("are the score at which the widths reach the goal, among written scores", () => {
    fc.assert(
      fc.property(scores, fc.integer({ min: 1, max: 150 }), (values, goal) => {
        const widthOf = (b: number) => 1 + (b % 3);
        const found = thresholdOf(Float64Array.from(values), widthOf, goal);
        expect(found).toBe(expectedThreshold(values, widthOf, goal));
      }),
    );
  });

  it("are found by bisection of a count alone, so that what is ≥ them is the same set", () => {
    fc.assert(
      fc.property(scores, fc.nat(59), (values, draw) => {
        const goal = 1 + (draw % values.length);
        const countFrom = (t: number) => values.filter((value) => value >= t).length;
        const found = largestThreshold(countFrom, goal);
        expect(countFrom(found)).toBe(countFrom(expectedThreshold(values, () => 1, goal)));
      }),
    );
  });
});

describe("createCollector", () => {
  it("keeps the best of a stream many times its size, ties in canonical order", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 2, max: 5000 }),
        fc.nat(),
        (goal, levels, seed) => {
          const random = createRandom(seed);
          const widthOf = (group: number) => (group === 2 ? 1 : 3);
          const collector = createCollector({ goal, maxBlocks: goal, floor: 0, depth: 2, widthOf });
          const offered: { score: number; key: number[]; width: number }[] = [];
          // 30 gates in a random order, each with 600 blocks: four times the buffer.
          for (const gate of random.permutation(30)) {
            const units = [gate % 6, Math.floor(gate / 6)];
            collector.openGate(gate % 6 === 0 ? 2 : 1, units);
            const firstLayer = gate % 6 === 0 ? 2 : 1;
            const tuple = firstLayer === 2 ? [2, 0, units[1]] : [1, ...units];
            for (let block = 0; block < 600; block++) {
              const score = random.integer(levels);
              const [origin, group] = [Math.floor(block / 3), block % 3];
              offered.push({ score, key: [...tuple, origin, group], width: widthOf(group) });
              collector.offer(score, origin, group);
            }
          }
          const compare = (a: number[], b: number[]) => {
            const place = a.findIndex((value, i) => value !== b[i]);
            return place < 0 ? 0 : a[place] - b[place];
          };
          offered.sort((a, b) => b.score - a.score || compare(a.key, b.key));
          const expected: number[][] = [];
          let left = goal;
          for (const { key, width } of offered) {
            if (width > left) break;
            left -= width;
            expected.push(key);
          }
          const at = collector.thresholdFor(goal);
          const kept = collector.finish(at, tiesWithin(goal - collector.pathsAbove(at)));
          const { gates } = kept;
          const found = Array.from(kept.gateOf, (gate, b) => [
            gates.firstLayer[gate],
            ...gates.units.subarray(2 * gate, 2 * gate + 2),
            kept.originOf[b],
            kept.groupOf[b],
          ]);
          expect(found).toEqual(expected.toSorted(compare));
        },
      ),
      { numRuns: 20 },
    );
  });
});
