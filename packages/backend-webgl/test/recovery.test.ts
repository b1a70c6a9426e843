import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasBrowser, openPage } from "./support/browser.js";
import type { Packages } from "./support/packages.js";

interface Script {
  /** Context losses: after how many calls of trainSteps, of 12. */
  readonly loseAfter: readonly number[];
  /** The state is read after so many calls; never when undefined. */
  readonly saveEvery?: number;
  /** Each loss is met before the next one. */
  readonly settles?: boolean;
}

/** Runs in the page: 12 calls of trainSteps with losses of the context between them. */
async function train({
  loseAfter,
  saveEvery,
  settles,
}: Script): Promise<{ numbers: string; loss: number; errors: string[] }> {
  const { core, webgl, devices } = (globalThis as unknown as { glai: Packages }).glai;
  const random = core.createRandom(5);
  const sizes = [9, 8, 5];
  const nSamples = 40;
  const session = await webgl.createWebglBackend().prepare(
    { kind: "mlp", sizes },
    {
      loss: { kind: "crossEntropy" },
      optimizer: core.optimizerDefaults.adamw,
      dropout: { rate: 0.2, seed: 1 },
    },
  );
  const features = {
    values: Float32Array.from({ length: nSamples * 9 }, () => random.normal()),
    nSamples,
    nFeatures: 9,
  };
  const labels = Uint32Array.from({ length: nSamples }, (_, i) => i % 5);
  session.write("parameters", core.createMlp(sizes, random).parameters);
  const other = session.upload({ features, labels });
  const samples = session.upload({ features, labels });
  session.release(other);
  const errors: string[] = [];
  const note = (error: { code: string; message: string }): void =>
    void errors.push(`${error.code}: ${error.message}`);
  const state = ["parameters", "firstMoment", "secondMoment", "step"] as const;
  for (let call = 1; call <= 12; call++) {
    const rows = Uint32Array.from({ length: 30 }, () => random.integer(nSamples));
    session.trainSteps(samples, rows, { batchSize: 8, learningRate: 0.02 });
    if (saveEvery !== undefined && call % saveEvery === 0)
      for (const name of state) await session.read(name);
    if (!loseAfter.includes(call)) continue;
    await new Promise((resolve) => setTimeout(resolve, 20)); // in the middle of what is queued, or after it
    const device = await devices.sharedDevice.get();
    device.destroy(); // WEBGL_lose_context
    if (saveEvery === 1) await session.read("gradients").catch(note);
    if (settles) await session.synchronize().catch(() => undefined); // asked again at the end
  }
  const numbers: number[] = [];
  let loss = NaN;
  try {
    for (const name of [...state, "gradients"] as const)
      numbers.push(...(await session.read(name)));
    loss = (await session.read("loss"))[0] as number;
  } catch (error) {
    note(error as { code: string; message: string });
    await session.synchronize().catch(note);
  }
  session.dispose();
  return { numbers: numbers.join(" "), loss, errors };
}

describe.runIf(hasBrowser)("a lost context", () => {
  let opened: Awaited<ReturnType<typeof openPage>>;
  let undisturbed: Awaited<ReturnType<typeof train>>;
  beforeAll(async () => {
    opened = await openPage();
    undisturbed = await opened.page.evaluate(train, { loseAfter: [] });
  });
  afterAll(() => opened.close());

  it("trains in the first place", () => {
    expect(undisturbed.errors).toEqual([]);
    expect(undisturbed.numbers.split(" ").length).toBe(4 * 125 + 1);
    expect(undisturbed.loss).toBeGreaterThan(0);
  });

  it("is made up for from the start, to the bit, when nothing was read", async () => {
    expect(await opened.page.evaluate(train, { loseAfter: [4] })).toEqual(undisturbed);
  });

  it("is made up for from the state that was read last, more than once", async () => {
    const found = await opened.page.evaluate(train, { loseAfter: [3, 6, 8, 10, 11], saveEvery: 2 });
    expect(found.errors).toEqual([]);
    expect(found.numbers).toBe(undisturbed.numbers);
    expect(found.loss).toBeCloseTo(undisturbed.loss, 12); // its sums were cut at other places
  });

  it("takes results of steps before the restored state with it, and says so", async () => {
    const found = await opened.page.evaluate(train, { loseAfter: [5], saveEvery: 1 });
    expect(found.numbers).toBe(undisturbed.numbers);
    expect(found.errors).toEqual([
      "device-lost: Expected gradients but they were lost with a WebGL context; parameters and moments were restored.",
    ]);
  });

  it("is an error at every later read when it happens too often to go on", async () => {
    const found = await opened.page.evaluate(train, { loseAfter: [2, 4, 6, 8, 10], settles: true });
    expect(found.numbers).toBe("");
    expect(found.errors).toHaveLength(2);
    for (const error of found.errors)
      expect(error).toContain(
        "device-lost: Expected to restore the lost WebGL context but it was lost 3 times",
      );
  });
});
