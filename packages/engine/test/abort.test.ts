import { createReferenceBackend, isGlaiError, type Backend, type Session } from "@glai/core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { trainHead, type Checkpoint } from "../src/index.js";
import { blobs } from "./helpers/data.js";
import { tinyProtocol } from "./helpers/protocol.js";

/** The reference backend on a clock of its own: each optimiser step takes `stepMilliseconds`. */
function slowBackend(stepMilliseconds: number) {
  const clock = { now: 0, steps: 0 };
  const reference = createReferenceBackend();
  const backend: Backend = {
    ...reference,
    async prepare(model, training) {
      const session: Session = await reference.prepare(model, training);
      return {
        ...session,
        trainSteps(samples, rows, options) {
          const steps = Math.ceil(rows.length / options.batchSize);
          clock.steps += steps;
          clock.now += stepMilliseconds * steps;
          session.trainSteps(samples, rows, options);
        },
      };
    },
  };
  return { backend, clock };
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("abort", () => {
  it.each([0.2, 3, 40])("acts within 200 ms when a step takes %f ms", async (stepMilliseconds) => {
    for (const abortAt of [1, 60, 333, 1000]) {
      const { backend, clock } = slowBackend(stepMilliseconds);
      const saved: Checkpoint[] = [];
      const error: unknown = await trainHead(blobs({ nTrain: 400 }), {
        head: "mlp",
        protocol: tinyProtocol({
          maxEpochs: 400,
          mlp: { ...tinyProtocol().mlp, batchSize: 4 },
          earlyStopping: { patience: 400, minDelta: 0, unit: "points" },
        }),
        backend,
        seed: 0,
        now: () => clock.now,
        signal: {
          get aborted() {
            return clock.now >= abortAt;
          },
        },
        checkpoint: { save: async (value) => void saved.push(value) },
      }).catch((thrown: unknown) => thrown);
      expect(isGlaiError(error) && error.code).toBe("aborted");
      expect(clock.now - abortAt).toBeLessThan(200);
      expect(saved.length).toBeGreaterThan(0);
    }
  });

  it("queues few slices once it knows how long a step takes", async () => {
    const { backend, clock } = slowBackend(0.5);
    let slices = 0;
    await trainHead(blobs({ nTrain: 4000 }), {
      head: "linear",
      protocol: tinyProtocol({ maxEpochs: 2, mlp: { ...tinyProtocol().mlp, batchSize: 4 } }),
      backend,
      seed: 0,
      now: () => clock.now,
      onEvent: (event) => event.kind === "progress" && slices++,
    });
    expect(clock.steps).toBe(2000);
    // 100 steps make 50 ms; 1, 4, 16, 64 steps at the start.
    expect(slices).toBeLessThan(30);
  });

  it.each([
    ["as in Node", globalThis.setImmediate],
    ["as in a browser, without setImmediate", undefined],
  ])("lets timers fire while it trains, %s", async (_, setImmediate) => {
    vi.stubGlobal("setImmediate", setImmediate);
    const controller = new AbortController();
    const start = performance.now();
    setTimeout(() => controller.abort(), 30);
    await expect(
      trainHead(blobs({ nTrain: 400 }), {
        head: "mlp",
        protocol: tinyProtocol({
          maxEpochs: 1e6,
          earlyStopping: { patience: 1e6, minDelta: 0, unit: "points" },
        }),
        backend: createReferenceBackend(),
        seed: 0,
        now: () => performance.now(),
        signal: controller.signal,
      }),
    ).rejects.toThrow("aborted");
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it("passes on an error of the backend, after the checkpoints that were written before it", async () => {
    const reference = createReferenceBackend();
    let epochs = 0;
    const saved: Checkpoint[] = [];
    const backend: Backend = {
      ...reference,
      async prepare(model, training) {
        const session = await reference.prepare(model, training);
        return {
          ...session,
          async synchronize() {
            if (epochs >= 2) throw new Error("the device fell off the bus");
            await session.synchronize();
          },
        };
      },
    };
    await expect(
      trainHead(blobs({}), {
        head: "mlp",
        protocol: tinyProtocol(),
        backend,
        seed: 0,
        now: () => 0,
        onEvent: (event) => event.kind === "epoch" && epochs++,
        checkpoint: { save: async (value) => void saved.push(value) },
      }),
    ).rejects.toThrow("fell off the bus");
    expect(saved).toHaveLength(2);
  });
});
