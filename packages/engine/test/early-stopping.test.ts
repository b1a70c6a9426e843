import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  earlyStoppingStep,
  noEpochYet,
  type EarlyStoppingConfig,
  type EarlyStoppingState,
  type ScoreName,
} from "../src/index.js";

function run(scores: readonly number[], config: EarlyStoppingConfig, name: ScoreName) {
  let state: EarlyStoppingState = noEpochYet;
  for (let i = 0; i < scores.length; i++) {
    const step = earlyStoppingStep(state, i + 1, scores[i], config, name);
    state = step.state;
    if (step.stop) return { state, stoppedAfter: i + 1 };
  }
  return { state, stoppedAfter: null };
}

/** The rule by its definition, without memory: where is the last progress in this prefix? */
function lastProgress(scores: readonly number[], minDelta: number): number {
  let epoch = 1;
  for (let i = 1; i < scores.length; i++)
    if (scores[i] - scores[epoch - 1] > minDelta) epoch = i + 1;
  return epoch;
}

describe("early stopping", () => {
  it("stops after the first epoch that is `patience` epochs behind the last progress", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 0, max: 5 }),
        (points, patience, minDelta) => {
          // Whole numbers as units of the loss, negated so that more is better: no rounding.
          const config: EarlyStoppingConfig = { patience, minDelta, unit: "loss" };
          const { stoppedAfter } = run(
            points.map((p) => -p),
            config,
            "loss",
          );
          const expected = points.findIndex(
            (_, i) => i + 1 - lastProgress(points.slice(0, i + 1), minDelta) >= patience,
          );
          expect(stoppedAfter).toBe(expected < 0 ? null : expected + 1);
        },
      ),
    );
  });

  it("remembers the earliest of the highest scores, also when they are no progress", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1 }), (points) => {
        const scores = points.map((p) => p / 10);
        const config: EarlyStoppingConfig = { patience: 1000, minDelta: 25, unit: "points" };
        const { state } = run(scores, config, "accuracy");
        expect(state.best).toBe(Math.max(...scores));
        expect(state.bestEpoch).toBe(scores.indexOf(Math.max(...scores)) + 1);
      }),
    );
  });

  it("counts minDelta in percentage points of accuracy", () => {
    const config: EarlyStoppingConfig = { patience: 2, minDelta: 1, unit: "points" };
    // +0.9 points twice is no progress; +1.1 points is.
    expect(run([0.5, 0.509, 0.5095], config, "accuracy").stoppedAfter).toBe(3);
    expect(run([0.5, 0.511, 0.5115], config, "accuracy").stoppedAfter).toBe(null);
  });

  it("takes a smaller loss for the better one", () => {
    const config: EarlyStoppingConfig = { patience: 3, minDelta: 0, unit: "loss" };
    const { state } = run([0.9, 0.4, 0.6], config, "loss");
    expect(state).toMatchObject({ best: 0.4, bestEpoch: 2 });
  });
});
