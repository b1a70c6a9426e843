// What gpu.js does that one would not expect, seen once on gpu.js itself, and that ours does not do it.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasBrowser, openPage } from "./support/browser.js";
import type { Packages } from "./support/packages.js";

/** gpu.js is a script: a page without a bundler finds its class among the globals. */
interface GpuJs {
  readonly GPU: typeof import("gpu.js").GPU;
}

type Page = Awaited<ReturnType<typeof openPage>>;

describe.runIf(hasBrowser)("traps of gpu.js", () => {
  let opened: Page;
  beforeAll(async () => {
    opened = await openPage(["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]);
    await opened.page.evaluate(async () => {
      const { webgl } = (globalThis as unknown as { glai: Packages }).glai;
      await webgl.createWebglBackend().probe(); // loads gpu.js
    });
  });
  afterAll(() => opened.close());

  it("loops are cut at 1000 rounds: ours go on", async () => {
    const { theirs, ours } = await opened.page.evaluate(async () => {
      const { devices } = (globalThis as unknown as { glai: Packages }).glai;
      const gpu = new (globalThis as unknown as GpuJs).GPU({ mode: "webgl2" });
      const sum = gpu.createKernel(
        "function(n) { let s = 0; for (let i = 0; i < n; i++) { s += 1; } return s; }",
        {
          output: [1],
        },
      );
      const theirs = (sum(5000) as Float32Array)[0];
      await gpu.destroy();
      const device = await devices.sharedDevice.get();
      const ones = await device.upload(new Float32Array(5001).fill(1));
      const total = device.run("affine", 1, ones, ones, 5000, 1, 0);
      const [ours] = await device.read(total);
      device.free(ones, total);
      return { theirs, ours };
    });
    expect({ theirs, ours }).toEqual({ theirs: 1000, ours: 5001 });
  });

  it("a pipeline's texture is overwritten by the next call: ours keep their numbers", async () => {
    const { theirs, ours } = await opened.page.evaluate(async () => {
      const { devices } = (globalThis as unknown as { glai: Packages }).glai;
      const gpu = new (globalThis as unknown as GpuJs).GPU({ mode: "webgl2" });
      const copy = gpu.createKernel("function(x) { return x; }", { output: [1], pipeline: true });
      const first = copy(1) as unknown as { toArray(): Float32Array };
      copy(2);
      const theirs = first.toArray()[0];
      await gpu.destroy();
      const device = await devices.sharedDevice.get();
      const tensors = [];
      for (const value of [1, 2, 3]) tensors.push(await device.upload(Float32Array.of(value)));
      const ours = [];
      for (const tensor of tensors) ours.push((await device.read(tensor))[0]);
      device.free(...tensors);
      return { theirs, ours };
    });
    expect({ theirs, ours }).toEqual({ theirs: 2, ours: [1, 2, 3] });
  });

  it("places above 2^24 are exact, and a smaller array after a larger one has its own size", async () => {
    const found = await opened.page.evaluate(async () => {
      const { devices } = (globalThis as unknown as { glai: Packages }).glai;
      const device = await devices.sharedDevice.get();
      const gather = async (width: number, nRows: number, row: number): Promise<Float32Array> => {
        const values = Float32Array.from({ length: width * nRows }, (_, i) => i % 1009);
        const x = await device.upload(values);
        const rows = await device.upload(Float32Array.of(row));
        const picked = device.run("gatherRows", width, x, rows, 0, 1, width);
        const read = await device.read(picked);
        device.free(x, rows, picked);
        return read;
      };
      const wrong = [];
      for (const [width, nRows, row] of [
        [4095, 4099, 4098],
        [7, 3, 2],
        [31, 5, 1],
      ] as const) {
        const read = await gather(width, nRows, row);
        for (let c = 0; c < width; c++)
          if (read[c] !== (row * width + c) % 1009) wrong.push([width, row, c, read[c]]);
      }
      device.trim();
      return { wrong: wrong.slice(0, 5), places: 4095 * 4099 > 2 ** 24 };
    });
    expect(found).toEqual({ wrong: [], places: true });
  });

  it("a thousand sessions leave no texture behind, and many backends share one context", async () => {
    const counts = await opened.page.evaluate(async () => {
      const { core, webgl, devices } = (globalThis as unknown as { glai: Packages }).glai;
      const device = await devices.sharedDevice.get();
      const nSamples = 4;
      const features = { values: new Float32Array(4 * 3).fill(0.5), nSamples, nFeatures: 3 };
      const labels = Uint32Array.of(0, 1, 0, 1);
      const optimizer = core.optimizerDefaults.adamw;
      const counts: number[] = [];
      const backends = Array.from({ length: 20 }, () => webgl.createWebglBackend());
      await backends[0]?.probe();
      for (let i = 0; i < 1000; i++) {
        const backend = i % 500 === 0 ? backends[i / 50] : backends[0]; // each would probe for itself
        const session = await backend!.prepare(
          { kind: "mlp", sizes: [3, 2, 2] },
          { loss: { kind: "crossEntropy" }, optimizer },
        );
        const samples = session.upload({ features, labels });
        session.trainSteps(samples, Uint32Array.of(0, 1, 2), { batchSize: 2, learningRate: 0.1 });
        session.forward(samples, Uint32Array.of(1));
        if (i % 2 === 0) session.release(samples);
        if (i % 50 === 49) await session.synchronize();
        session.dispose();
        if (i % 100 === 99) {
          await new Promise((resolve) => setTimeout(resolve, 50));
          counts.push(device.textureCount());
        }
      }
      return { counts, same: device === (await devices.sharedDevice.get()) };
    });
    expect(counts.same).toBe(true);
    expect(new Set(counts.counts.slice(1)).size, String(counts.counts)).toBe(1);
  }, 120_000);

  it("more numbers than a texture has: an error with the sizes, at the next read", async () => {
    const found = await opened.page.evaluate(async () => {
      const { core, webgl, devices } = (globalThis as unknown as { glai: Packages }).glai;
      const device = await devices.sharedDevice.get();
      const { maxLength } = device.limits;
      const backend = webgl.createWebglBackend();
      const session = await backend.prepare(
        { kind: "mlp", sizes: [1, 4096, 1] },
        { loss: { kind: "meanSquaredError" }, optimizer: core.optimizerDefaults.sgd },
      );
      const nSamples = 1;
      const samples = session.upload({
        features: { values: new Float32Array(1), nSamples, nFeatures: 1 },
        targets: new Float32Array(1),
      });
      const batchSize = maxLength / 4096 + 1;
      session.trainSteps(samples, new Uint32Array(batchSize), { batchSize, learningRate: 0.1 });
      const errors: string[] = [];
      for (const name of ["parameters", "loss"] as const)
        await session.read(name).catch((error: { code: string; message: string }) => {
          errors.push(`${error.code}: ${error.message}`);
        });
      session.dispose();
      return { errors, expected: `Expected at most ${maxLength} numbers in one texture` };
    });
    expect(found.errors).toHaveLength(2);
    for (const error of found.errors) expect(error).toContain(`out-of-memory: ${found.expected}`);
  });

  it("mode webgpu has no native functions, which is why it is refused", async () => {
    const message = await opened.page.evaluate(async () => {
      const gpu = new (globalThis as unknown as GpuJs).GPU({ mode: "webgpu" });
      gpu.addNativeFunction("half", "fn half_(x : f32) -> f32 { return x / 2.0; }");
      try {
        const kernel = gpu.createKernel("function(x) { return half(x); }", { output: [1] });
        return JSON.stringify(await kernel(1));
      } catch (error) {
        return String(error);
      }
    });
    expect(message).toContain("does not yet support native functions");
  });
});
