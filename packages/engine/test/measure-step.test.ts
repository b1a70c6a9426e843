import { type Backend, createReferenceBackend } from "@glai/core";
import { expect, it } from "vitest";
import { measureStep } from "../src/index.js";

const problem = { sizes: [4, 3, 2], batchSize: 5 } as const;

it("is the time between two looks at the clock over the steps between them, without the first ones", async () => {
  const backend = createReferenceBackend();
  let steps = 0;
  const watched: Backend = {
    ...backend,
    async prepare(model, training) {
      const session = await backend.prepare(model, training);
      return {
        ...session,
        trainSteps(samples, rows, options) {
          steps += rows.length / options.batchSize;
          session.trainSteps(samples, rows, options);
        },
      };
    },
  };
  const looks: number[] = []; // steps asked for when the clock is looked at
  const now = (): number => {
    looks.push(steps);
    return 3 * looks.length; // 3 ms from look to look
  };
  const micros = await measureStep(watched, problem, now);
  expect(looks).toHaveLength(2);
  expect(looks[0]).toBeGreaterThan(0);
  expect(micros).toBeCloseTo(3000 / (looks[1] - looks[0]), 9);
});

it("leaves no session behind when the backend fails", async () => {
  const backend = createReferenceBackend();
  let disposed = 0;
  const failing: Backend = {
    ...backend,
    async prepare(model, training) {
      const session = await backend.prepare(model, training);
      return {
        ...session,
        synchronize: () => Promise.reject(new Error("the device is gone")),
        dispose() {
          disposed++;
          session.dispose();
        },
      };
    },
  };
  await expect(measureStep(failing, problem, () => 0)).rejects.toThrow("the device is gone");
  expect(disposed).toBe(1);
});
