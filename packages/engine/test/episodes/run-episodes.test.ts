import { createRandom, createReferenceBackend, type Dataset } from "@glai/core";
import { describe, expect, it } from "vitest";
import { type EpisodeOptions, protocolDefaults, runEpisodes } from "../../src/index.js";
import { episodeMean } from "../../src/episodes/run-episodes.js";

/** Eight classes around well-separated centres; the training split has other classes than validation. */
function blobs(): Dataset {
  const random = createRandom(11);
  const nFeatures = 6;
  const centres = Array.from({ length: 16 }, () =>
    Array.from({ length: nFeatures }, () => 2 * random.normal()),
  );
  const split = (first: number) => {
    const labels = Uint32Array.from({ length: 8 * 12 }, (_, i) => first + (i % 8));
    const values = Float32Array.from({ length: labels.length * nFeatures }, (_, k) => {
      const centre = centres[labels[Math.floor(k / nFeatures)]];
      return centre[k % nFeatures] + 0.4 * random.normal();
    });
    return { features: { values, nSamples: labels.length, nFeatures }, labels };
  };
  return { name: "blobs", train: split(0), validation: split(8), nClasses: 16 };
}

let ticks = 0;
const base = protocolDefaults("paper", "C1");
const options: EpisodeOptions = {
  heads: ["glai", "mlp", "mlp-reduced", "linear"],
  protocol: {
    ...base,
    hidden: [16],
    maxEpochs: 12,
    mlp: { ...base.mlp, learningRate: 0.05 },
    reduced: { ...base.reduced, learningRate: 0.05 },
    shiftRows: 0,
  },
  shape: { ways: 4, shots: 3, queries: 5 },
  episodes: 6,
  seed: 2,
  backend: createReferenceBackend(),
  now: () => ++ticks,
};

describe("runEpisodes", () => {
  it("adapts every head within each episode to well above chance on classes never trained on", async () => {
    const done: number[] = [];
    const runs = await runEpisodes(blobs(), { ...options, onEpisode: (n) => done.push(n) });
    expect(done).toEqual([1, 2, 3, 4, 5, 6]);
    expect(runs.map(({ head }) => head)).toEqual(options.heads);
    for (const { best, last, epochs, seconds } of runs) {
      expect(best.mean).toBeGreaterThan(0.5); // chance is a quarter
      expect(best.mean).toBeGreaterThanOrEqual(last.mean);
      expect(best.count).toBe(6);
      expect(epochs.mean).toBeGreaterThanOrEqual(1);
      expect(seconds.total).toBeGreaterThan(0);
    }
    const of = (head: string) => runs.find((run) => run.head === head);
    expect(of("glai")?.seconds.reduced).toBeGreaterThan(0);
    expect(of("mlp")).toMatchObject({ reached: 6, secondsToTarget: expect.any(Number) });
    expect(of("mlp")?.seconds.reduced).toBe(0);
  }, 30_000);

  it("gives a head the same scores whoever else takes part, and other episodes for another seed", async () => {
    const score = async (more: Partial<EpisodeOptions>) => {
      const runs = await runEpisodes(blobs(), { ...options, episodes: 3, ...more });
      return runs.find(({ head }) => head === "linear")?.best;
    };
    const alone = await score({ heads: ["linear"] });
    expect(await score({ heads: ["mlp", "linear"] })).toEqual(alone);
    expect(await score({ heads: ["linear"], seed: 3 })).not.toEqual(alone);
  }, 30_000);

  it("does not look at the training split", async () => {
    const data = blobs();
    const values = data.train.features.values.map(() => 1e6);
    const spoilt = {
      ...data,
      train: { ...data.train, features: { ...data.train.features, values } },
    };
    const scores = async (of: Dataset) =>
      (await runEpisodes(of, { ...options, episodes: 2 })).map(({ best, last }) => [best, last]);
    expect(await scores(spoilt)).toEqual(await scores(data));
  }, 30_000);

  it("serves closed forms as it serves the others", async () => {
    const runs = await runEpisodes(blobs(), { ...options, heads: ["linear-ridge", "kernel-rbf"] });
    for (const { best, last } of runs) {
      expect(best.mean).toBeGreaterThan(0.5);
      expect(last).toEqual(best); // there is one epoch
    }
    expect(runs[0]).toMatchObject({ reached: 0, secondsToTarget: null }); // no MLP sets a target
  }, 30_000);

  it("stops when its signal fires and refuses a count that makes no sense", async () => {
    const signal = { aborted: true };
    await expect(runEpisodes(blobs(), { ...options, signal })).rejects.toThrow("aborted");
    await expect(runEpisodes(blobs(), { ...options, episodes: 0 })).rejects.toThrow("episodes");
  });
});

describe("episodeMean", () => {
  it("is the mean with 1.96 standard errors on either side", () => {
    const { mean, lower, upper, std } = episodeMean([0.2, 0.4, 0.6, 0.8]);
    expect(mean).toBeCloseTo(0.5, 12);
    expect(std).toBeCloseTo(Math.sqrt(0.2 / 3), 12);
    expect(upper - lower).toBeCloseTo((2 * 1.96 * std) / 2, 12);
    expect(episodeMean([0.7])).toMatchObject({ lower: 0.7, upper: 0.7 });
  });
});
