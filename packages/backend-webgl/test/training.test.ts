import type { Backend } from "@glai/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasBrowser, openPage } from "./support/browser.js";
import type { Packages } from "./support/packages.js";

/** 200 steps of float32 in another order of sums; measured: at most 1e-6 on SwiftShader. */
const LOSS_TOLERANCE = 1e-5;

interface Curves {
  readonly name: string;
  readonly webgl: number[];
  readonly cpu: number[];
}

/** Runs in the page: the same seeds, samples and order on both backends; the mean loss of each 10 steps. */
async function trainBoth(): Promise<Curves[]> {
  const { core, cpu, webgl } = (globalThis as unknown as { glai: Packages }).glai;
  const backends = {
    webgl: webgl.createWebglBackend(),
    cpu: cpu.createCpuBackend({ tier: "wasm" }),
  };
  const random = core.createRandom(5);
  const sizes = [24, 20, 20]; // two groups of a block16
  const nSamples = 100;
  const features = {
    values: Float32Array.from({ length: nSamples * 24 }, () => random.normal()),
    nSamples,
    nFeatures: 24,
  };
  const network = core.createMlp(sizes, random);
  const patterns = core.activationPatterns(network, features);
  const labels = Uint32Array.from({ length: nSamples }, (_, i) => i % 20);
  const rows = Uint32Array.from({ length: 16 * 10 }, () => random.integer(nSamples));
  const dropout = { rate: 0.2, seed: 9 };
  const curves: Curves[] = [];
  const { adamw } = core.optimizerDefaults;
  const momentum = { kind: "sgd", momentum: 0.9, weightDecay: 1e-3 } as const;
  const cases = [
    ["mlp", adamw],
    ["mlp", momentum],
    ["slab", adamw],
    ["block16", momentum],
    ["path", adamw],
  ] as const;
  for (const [block, optimizer] of cases) {
    const selection =
      block === "mlp"
        ? undefined
        : core.selectPaths(network, features, patterns, { block, budget: { keep: 1500 } });
    const model = selection
      ? ({ kind: "estimator", selection } as const)
      : ({ kind: "mlp", sizes } as const);
    const train = async (backend: Backend): Promise<number[]> => {
      const session = await backend.prepare(model, {
        loss: { kind: "crossEntropy" },
        optimizer,
        dropout,
      });
      session.write("parameters", selection?.weights ?? network.parameters);
      const gates = selection && core.gateBits(selection.gates, patterns);
      const samples = session.upload({ features, labels, ...(gates && { gates }) });
      const losses: number[] = [];
      for (let i = 0; i < 20; i++) {
        session.trainSteps(samples, rows, { batchSize: 16, learningRate: 0.01 });
        losses.push((await session.read("loss"))[0] as number);
      }
      session.dispose();
      return losses;
    };
    curves.push({
      name: `${block} ${optimizer.kind}`,
      webgl: await train(backends.webgl),
      cpu: await train(backends.cpu),
    });
  }
  return curves;
}

/** Runs in the page: network → patterns → selection → estimator → predictions, trained on one backend. */
async function convert(): Promise<{
  readonly accuracy: number;
  readonly agreement: number;
  readonly turns: number;
}> {
  const { core, cpu, webgl } = (globalThis as unknown as { glai: Packages }).glai;
  const random = core.createRandom(8);
  const [nSamples, nFeatures, nClasses] = [300, 16, 4];
  const sizes = [nFeatures, 12, nClasses];
  const labels = Uint32Array.from({ length: nSamples }, (_, i) => i % nClasses);
  const centers = Float32Array.from({ length: nClasses * nFeatures }, () => random.normal());
  const values = Float32Array.from(
    { length: nSamples * nFeatures },
    (_, i) =>
      random.normal() +
      (centers[(Math.floor(i / nFeatures) % nClasses) * nFeatures + (i % nFeatures)] as number),
  );
  const features = { values, nSamples, nFeatures };
  const start = core.createMlp(sizes, random).parameters;
  const order = Uint32Array.from({ length: 5 * nSamples }, () => random.integer(nSamples));
  const training = {
    loss: { kind: "crossEntropy" },
    optimizer: core.optimizerDefaults.adamw,
  } as const;
  const options = { batchSize: 16, learningRate: 0.01 };
  const all = Uint32Array.from({ length: nSamples }, (_, i) => i);

  const predict = async (backend: Backend): Promise<number[]> => {
    const mlp = await backend.prepare({ kind: "mlp", sizes }, training);
    mlp.write("parameters", start);
    mlp.trainSteps(mlp.upload({ features, labels }), order, options);
    const network = { sizes, parameters: await mlp.read("parameters") };
    mlp.dispose();
    const patterns = core.activationPatterns(network, features);
    const selection = core.selectPaths(network, features, patterns, {
      block: "slab",
      budget: { mu: 0.6 },
    });
    const gates = core.gateBits(selection.gates, patterns);
    const session = await backend.prepare({ kind: "estimator", selection }, training);
    session.write("parameters", selection.weights);
    const samples = session.upload({ features, labels, gates });
    session.trainSteps(samples, order, options);
    session.forward(samples, all);
    const logits = await session.read("logits");
    session.dispose();
    return Array.from(all, (row) => {
      const own = [...logits.subarray(row * nClasses, (row + 1) * nClasses)];
      return own.indexOf(Math.max(...own));
    });
  };
  let turns = 0;
  const timer = setInterval(() => turns++, 4);
  const found = await predict(webgl.createWebglBackend());
  clearInterval(timer);
  const expected = await predict(cpu.createCpuBackend({ tier: "wasm" }));
  const share = (isHit: (label: number, i: number) => boolean): number =>
    found.filter(isHit).length / nSamples;
  return {
    accuracy: share((label, i) => label === labels[i]),
    agreement: share((label, i) => label === expected[i]),
    turns,
  };
}

describe.runIf(hasBrowser)("training in Chromium", () => {
  let opened: Awaited<ReturnType<typeof openPage>>;
  beforeAll(async () => {
    opened = await openPage();
  });
  afterAll(() => opened.close());

  it("follows the CPU backend's losses over 200 steps of every model", async () => {
    const curves = await opened.page.evaluate(trainBoth);
    expect(curves).toHaveLength(5);
    const largest: Record<string, number> = {};
    for (const { name, webgl, cpu } of curves) {
      expect(cpu[19], name).toBeLessThan((cpu[0] as number) / 2); // there is something to follow
      largest[name] = Math.max(...webgl.map((loss, i) => Math.abs(loss / (cpu[i] as number) - 1)));
    }
    if (process.env["DEBUG_WEBGL"]) console.log(largest);
    for (const [name, error] of Object.entries(largest))
      expect(error, name).toBeLessThan(LOSS_TOLERANCE);
  });

  it("converts a network and predicts what the CPU backend predicts, while the page has its turns", async () => {
    const { accuracy, agreement, turns } = await opened.page.evaluate(convert);
    expect(accuracy).toBeGreaterThan(0.9);
    expect(agreement).toBeGreaterThan(0.99);
    expect(turns).toBeGreaterThan(5);
  });
});
