import {
  type GlaiError,
  optimizerDefaults,
  type PathSelection,
  type TrainingSpec,
} from "@glai/core";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { createBackendOver } from "../src/backend.js";
import { createCudaBackend } from "../src/index.js";
import { loadAddon } from "../src/loader.js";
import { nativeTraining } from "../src/training.js";
import { pathOf } from "./support/build-emulation.js";
import { type EmulatedAddon, emulatedBackend, loadEmulated } from "./support/emulated.js";
import { estimatorProblem, mlpProblem } from "./support/problems.js";

const training: TrainingSpec = {
  loss: { kind: "crossEntropy" },
  optimizer: optimizerDefaults.sgd,
};
const options = { batchSize: 4, learningRate: 0.1 };

async function errorOf(promise: Promise<unknown>): Promise<GlaiError> {
  try {
    await promise;
  } catch (error) {
    return error as GlaiError;
  }
  return expect.fail("expected an error");
}

describe("the backend without an addon", () => {
  const backend = createBackendOver(() => ({
    addon: undefined,
    tried: ["build/Release/glai_cuda.node: not there"],
    hint: "Run: the build",
  }));

  it("says in probe what was tried and what to run", async () => {
    const { available, reason, hint } = await backend.probe();
    expect({ available, hint }).toEqual({ available: false, hint: "Run: the build" });
    expect(reason).toContain("not built");
    expect(reason).toContain("build/Release/glai_cuda.node: not there");
  });

  it("refuses to prepare and to convert with code unavailable", async () => {
    const { model } = mlpProblem([3, 2], 4);
    const error = await errorOf(backend.prepare(model, training));
    expect(error).toMatchObject({ name: "GlaiError", code: "unavailable", hint: "Run: the build" });
    const { features } = mlpProblem([3, 4, 2], 4).samples;
    const network = { sizes: [3, 4, 2], parameters: new Float32Array(26) };
    const conversion = await errorOf(backend.conversion.activationPatterns(network, features));
    expect(conversion.code).toBe("unavailable");
  });
});

describe("the backend on this machine", () => {
  it("probes without throwing and gives a hint wherever it cannot run", async () => {
    const capability = await createCudaBackend().probe();
    if (capability.available) return expect(capability.device).toContain("GiB");
    expect(capability.reason).toMatch(/not built|driver|GPU/);
    expect(capability.hint).toMatch(/\w/);
  });

  it("refuses an addon of another release, in words", () => {
    const folder = mkdtempSync(join(tmpdir(), "glai-cuda-"));
    const path = join(folder, "addon.cjs");
    writeFileSync(path, "module.exports = { createSession() {}, interfaceVersion: 0 };");
    process.env["GLAI_CUDA_ADDON"] = path;
    const load = loadAddon();
    delete process.env["GLAI_CUDA_ADDON"];
    rmSync(folder, { recursive: true });
    expect(load).toMatchObject({ tried: [expect.stringMatching(/another version/)] });
  });

  it("refuses a tier that it does not have", () => {
    const tier = "wasm" as "cuda";
    expect(() => createCudaBackend({ tier })).toThrow(/Expected tier auto, cuda or cublas/);
  });
});

describe.skipIf(inject("noEmulation") !== "")("the emulated GPU", () => {
  let addon: EmulatedAddon;
  beforeAll(() => {
    addon = loadEmulated();
  });
  afterEach(async () => {
    addon.emulation.replaceDevice();
    addon.emulation.setMemoryLimit(2 ** 32);
    await vi.waitUntil(() => addon.emulation.memoryInUse() === 0); // sessions end in the background
  });

  it("is never taken for a real one: the loader refuses it, even by name", () => {
    process.env["GLAI_CUDA_ADDON"] = pathOf("emulated");
    const load = loadAddon();
    delete process.env["GLAI_CUDA_ADDON"];
    expect(load.addon).toBeUndefined();
    expect(load).toMatchObject({ tried: [expect.stringMatching(/emulated\.node: .*tests only/)] });
  });

  it("without a driver, or with an old one, is unavailable, in words of our own", async () => {
    addon.emulation.failNext("driver");
    addon.emulation.failNext("driver version");
    const none = await emulatedBackend(addon).probe();
    expect(none).toMatchObject({
      available: false,
      reason: "No NVIDIA driver answers on this machine.",
    });
    expect(none.hint).toContain("nvidia-smi");
    addon.emulation.failNext("driver");
    const old = await emulatedBackend(addon).probe();
    expect(old.available).toBe(false);
    expect(old.reason).toMatch(/driver serves CUDA up to 12\.2 .* built with 13\.0/);
    expect(old.hint).toMatch(/Update the NVIDIA driver/);
  });

  it("held by another process is unavailable, and probe knows before prepare does", async () => {
    addon.emulation.failNext("exclusive");
    const { available, reason, hint } = await emulatedBackend(addon).probe();
    expect(available).toBe(false);
    expect(reason).toMatch(/Another process holds/);
    expect(hint).toContain("nvidia-smi");
    addon.emulation.failNext("exclusive");
    const error = await errorOf(
      emulatedBackend(addon).prepare(mlpProblem([3, 2], 4).model, training),
    );
    expect(error.code).toBe("unavailable");
  });

  it("without a device is unavailable", async () => {
    addon.emulation.failNext("device");
    const error = await errorOf(
      emulatedBackend(addon).prepare(mlpProblem([3, 2], 4).model, training),
    );
    expect(error.code).toBe("unavailable");
    expect(error.message).toContain("no GPU");
    expect(error.hint).toContain("nvidia-smi");
  });

  it("that is full says how many bytes were asked for, and for what, at every later read", async () => {
    const { model, samples, parameters } = mlpProblem([3, 2], 1000);
    const session = await emulatedBackend(addon).prepare(model, training);
    session.write("parameters", parameters);
    await session.synchronize();
    addon.emulation.setMemoryLimit(addon.emulation.memoryInUse() + 5000);
    const handle = session.upload(samples);
    session.trainSteps(handle, Uint32Array.of(0, 1), options);
    for (let i = 0; i < 2; i++) {
      const error = await errorOf(session.read("parameters"));
      expect(error).toMatchObject({ name: "GlaiError", code: "out-of-memory" });
      expect(error.message).toContain("12000 bytes");
      expect(error.message).toContain("features");
    }
    session.dispose();
  });

  it("has no room for a model: prepare says so and leaves nothing behind", async () => {
    const before = addon.emulation.memoryInUse();
    addon.emulation.setMemoryLimit(before + 1000);
    const error = await errorOf(
      emulatedBackend(addon).prepare(mlpProblem([30, 40, 2], 4).model, training),
    );
    expect(error.code).toBe("out-of-memory");
    expect(error.message).toContain("parameters");
    expect(addon.emulation.memoryInUse()).toBe(before);
  });

  it("that is lost in the middle is device-lost, and nothing is trained after it", async () => {
    const { model, samples, parameters } = mlpProblem([3, 2], 10);
    const session = await emulatedBackend(addon).prepare(model, training);
    session.write("parameters", parameters);
    const handle = session.upload(samples);
    await session.synchronize();
    addon.emulation.failNext("launch");
    session.trainSteps(handle, Uint32Array.of(0, 1, 2, 3), options);
    session.write("parameters", parameters);
    const error = await errorOf(session.read("parameters"));
    expect(error).toMatchObject({ name: "GlaiError", code: "device-lost" });
    expect(error.hint).toContain("checkpoint");
    expect(await errorOf(session.synchronize())).toBe(error);
    const { available, reason, hint } = await emulatedBackend(addon).probe();
    expect({ available, hint }).toEqual({ available: false, hint: error.hint });
    expect(reason).toContain("stopped answering earlier in this process");
    session.dispose();
    session.dispose();
  });

  it("that is lost while a graph is captured ends the capture", async () => {
    const before = addon.emulation.memoryInUse();
    const { model, samples, parameters } = mlpProblem([3, 2], 50);
    const session = await emulatedBackend(addon).prepare(model, training);
    session.write("parameters", parameters);
    const handle = session.upload(samples);
    await session.synchronize();
    addon.emulation.failNext("captured launch");
    const rows = Uint32Array.from({ length: 48 }, (_, i) => i);
    session.trainSteps(handle, rows, options);
    expect((await errorOf(session.synchronize())).code).toBe("device-lost");
    expect(addon.emulation.capturing()).toBe(0);
    session.dispose();
    await expect.poll(() => addon.emulation.memoryInUse()).toBe(before);
  });

  it("is never given rows, targets or weights that the arrays on it do not have", async () => {
    const { model, samples, parameters } = mlpProblem([3, 2], 10);
    const config = {
      sizes: Uint32Array.of(3, 2),
      selection: null,
      training: nativeTraining({ ...training, loss: { kind: "meanSquaredError" } }),
    };
    const { values } = samples.features;
    const arrays = {
      features: Float32Array.from(values),
      labels: null,
      targets: new Float32Array(20),
      gates: null,
      nSamples: 10,
      nFeatures: 3,
      gateWords: 0,
    };
    expect(model.kind).toBe("mlp");
    const session = await addon.createSession(config);
    const refused: [string, () => Promise<unknown>][] = [
      ["rows below 10", () => addon.train(session, 0, Uint32Array.of(10), 1, 0.1)],
      ["rows below 10", () => addon.forward(session, 0, Uint32Array.of(3, 12))],
      [
        "8 numbers",
        () => addon.write(session, "parameters", new Float32Array(parameters.length + 1)),
      ],
      ["20 target", () => addon.upload(session, 1, { ...arrays, targets: new Float32Array(19) })],
      [
        "3 features",
        () => addon.upload(session, 1, { ...arrays, nFeatures: 2, features: new Float32Array(20) }),
      ],
    ];
    await addon.upload(session, 0, arrays);
    for (const [words, call] of refused) {
      const error = await errorOf(call());
      expect(error.code).toBe("bad-argument");
      expect(error.message).toContain(words);
    }
    await addon.destroySession(session);
  });

  it("gets its memory back when sessions are disposed of and samples released", async () => {
    const before = addon.emulation.memoryInUse();
    const { model, samples, parameters } = estimatorProblem([6, 5, 3], "slab", 50);
    const session = await emulatedBackend(addon).prepare(model, training);
    session.write("parameters", parameters);
    const first = session.upload(samples);
    session.trainSteps(first, Uint32Array.of(0, 1, 2, 3), options);
    await session.synchronize();
    const held = addon.emulation.memoryInUse();
    const second = session.upload(samples);
    await session.synchronize();
    expect(addon.emulation.memoryInUse()).toBeGreaterThan(held);
    session.release(second);
    await session.synchronize();
    expect(addon.emulation.memoryInUse()).toBe(held);
    session.dispose();
    const other = await emulatedBackend(addon).prepare(model, training);
    other.dispose();
    await expect.poll(() => addon.emulation.memoryInUse()).toBe(before);
  });

  it("is never given a selection that points outside its own tables", async () => {
    const { model } = estimatorProblem([6, 5, 3], "slab", 20);
    if (model.kind !== "estimator") return expect.fail("expected an estimator");
    const { selection } = model;
    const broken: PathSelection[] = [
      { ...selection, originOf: selection.originOf.map((i) => i + 6) },
      { ...selection, gateOf: selection.gateOf.map(() => selection.gates.nGates) },
      { ...selection, outputOf: selection.outputOf.map(() => 3) },
      { ...selection, outputOf: selection.outputOf.map(() => 1) }, // a slab has all outputs
      { ...selection, outputOf: selection.outputOf.subarray(1) },
      { ...selection, nPaths: selection.nPaths + 1 },
      {
        ...selection,
        gates: { ...selection.gates, units: selection.gates.units.map(() => 5) },
      },
    ];
    for (const one of broken) {
      const spec = { kind: "estimator", selection: one } as const;
      const error = await errorOf(emulatedBackend(addon).prepare(spec, training));
      expect(error).toMatchObject({ name: "GlaiError", code: "bad-argument" });
    }
  });

  it("refuses more outputs than a grid has rows, as unsupported", async () => {
    const error = await errorOf(
      emulatedBackend(addon).prepare({ kind: "mlp", sizes: [1, 65_536] }, training),
    );
    expect(error).toMatchObject({ name: "GlaiError", code: "unsupported" });
    expect(error.message).toContain("65536");
  });

  it("takes rows as Uint32Array and nothing else", async () => {
    const { model, samples } = mlpProblem([3, 2], 4);
    const session = await emulatedBackend(addon).prepare(model, training);
    const handle = session.upload(samples);
    const rows = [0, 1] as unknown as Uint32Array;
    expect(() => session.forward(handle, rows)).toThrow(/Expected rows as Uint32Array/);
    session.dispose();
  });
});
