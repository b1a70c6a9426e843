import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { flatSelection, flatTraining } from "../src/flat-training.js";
import { loadNative } from "../src/native/loader.js";
import { losses, optimizers, randomSelection } from "./support/problems.js";
import { createRandom } from "@glai/core";

const load = loadNative();
type Call = (...args: unknown[]) => unknown;

/** What a call did: a value, or the code of a GlaiError. Anything else is a failure. */
async function outcomeOf(call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    const { name, code } = error as { name: string; code: string };
    expect(name, String(error)).toBe("GlaiError");
    return code;
  }
}

describe.runIf(load.addon !== undefined)("the binding of the addon", () => {
  const native = (load.addon as unknown as { training: Record<string, Call> }).training;
  const config = flatTraining({ loss: losses.crossEntropy, optimizer: optimizers.adamw });
  const selection = randomSelection(
    { sizes: [6, 4, 5], block: "block16", kept: 0.5 },
    createRandom(1),
  );
  const flat = flatSelection({ kind: "estimator", selection });
  const mlp = (): unknown => native.createMlp(config, null, Uint32Array.of(6, 4, 5));
  const estimator = (): unknown =>
    native.createEstimator(
      config,
      null,
      flat.shape,
      flat.gateOf,
      flat.originOf,
      flat.outputOf,
      flat.gateUnits,
      flat.copies,
    );

  const anything = fc.oneof(
    fc.anything(),
    fc.integer({ min: -3, max: 40 }),
    fc.double(),
    fc.constantFrom(null, undefined, 2 ** 32, 2 ** 53, -1, 0.5),
    fc.uint32Array({ maxLength: 40, max: 12 }),
    fc.float32Array({ maxLength: 40 }),
    fc.float64Array({ maxLength: 12 }),
    fc.constantFrom(config, flat.shape, flat.gateOf, flat.originOf, flat.outputOf),
  );

  it("turns every wrong call into a GlaiError", async () => {
    const names = fc.constantFrom(...Object.keys(native));
    const sessions = [mlp(), estimator()];
    await fc.assert(
      fc.asyncProperty(
        names,
        fc.constantFrom(...sessions),
        fc.boolean(),
        fc.array(anything, { maxLength: 7 }),
        async (name, session, isLive, args) => {
          if (name === "dispose" && isLive) return; // the sessions serve to the end
          await outcomeOf(() => native[name](...(isLive ? [session, ...args] : args)));
        },
      ),
      { numRuns: 1500 },
    );
    for (const session of sessions) native.dispose(session);
  });

  it("takes selections in canonical order only", async () => {
    const indices = fc.uint32Array({ minLength: 3, maxLength: 3, max: 9 });
    await fc.assert(
      fc.asyncProperty(
        indices,
        indices,
        indices,
        fc.nat(3),
        async (gateOf, originOf, outputOf, block) => {
          const shape = flat.shape.slice();
          shape[0] = block;
          const made = await outcomeOf(() =>
            native.createEstimator(
              config,
              null,
              shape,
              gateOf,
              originOf,
              outputOf,
              flat.gateUnits,
              flat.copies,
            ),
          );
          if (typeof made !== "number") return void expect(made).toBe("bad-argument");
          const step = [1, 16, 5][block];
          for (let b = 0; b < 3; b++) {
            expect(gateOf[b] < 5 && originOf[b] <= 6 && outputOf[b] < 5).toBe(true);
            expect(outputOf[b] % step).toBe(0);
          }
          native.dispose(made);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("refuses work on a session that is at work, and survives its disposal meanwhile", async () => {
    const session = mlp();
    const features = new Float32Array(6 * 50);
    const samples = native.upload(session, features, 50, new Uint32Array(50), null, null, 0);
    const rows = new Uint32Array(200_000);
    const running = native.train(session, samples, rows, 16, 1e-3, 1);
    expect(await outcomeOf(() => native.read(session, 0))).toBe("internal");
    expect(await outcomeOf(() => native.release(session, samples))).toBe("internal");
    native.dispose(session);
    await running;
    expect(await outcomeOf(() => native.read(session, 0))).toBe("disposed");
  });

  it("fills the array that a reader hands over, and refuses one that does not fit", async () => {
    const session = mlp();
    const into = new Float32Array(6 * 4 + 4 + 4 * 5 + 5).fill(NaN);
    expect(native.read(session, 0, into)).toBe(into);
    expect(into.every((value) => value === 0)).toBe(true);
    for (const wrong of [undefined, new Float32Array(3), new Float64Array(into.length)])
      expect(await outcomeOf(() => native.read(session, 0, wrong))).toBe("bad-argument");
  });

  it("does short work before it returns, and says as before what is wrong with it", async () => {
    const session = mlp();
    const labels = new Uint32Array(50);
    const samples = native.upload(
      session,
      new Float32Array(300).fill(1),
      50,
      labels,
      null,
      null,
      0,
    );
    const rows = Uint32Array.from(labels, (_, i) => i);
    expect(native.train(session, samples, rows, 16, 1e-3, 2, true)).toBe(undefined);
    expect(native.readStep(session)).toBe(4);
    const logits = native.forward(session, samples, rows, 2, true);
    expect(logits).toEqual(await native.forward(session, samples, rows, 2, false));
    const outside = Uint32Array.of(50);
    const call = (): unknown => native.train(session, samples, outside, 16, 1e-3, 2, true);
    expect(await outcomeOf(call)).toBe("bad-argument");
  });

  it("copies what is handed to it: a detached buffer harms nobody", async () => {
    const session = mlp();
    const features = new Float32Array(6 * 50).fill(1);
    const samples = native.upload(session, features, 50, new Uint32Array(50), null, null, 0);
    const rows = new Uint32Array(20_000);
    const running = native.train(session, samples, rows, 16, 1e-3, 1);
    structuredClone(features, { transfer: [features.buffer] });
    structuredClone(rows, { transfer: [rows.buffer] });
    expect(features.length).toBe(0);
    await running;
    expect(Number.isFinite(native.readLoss(session))).toBe(true);
    native.dispose(session);
  });
});
