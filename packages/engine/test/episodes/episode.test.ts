import { createRandom, isGlaiError, type Dataset } from "@glai/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawEpisode, episodeDataset, episodeShapes } from "../../src/index.js";

/** `counts[c]` samples of class c, classes mixed; feature 0 is the row number. */
function dataset(counts: readonly number[]): Dataset {
  const labels = counts.flatMap((count, label) => Array.from({ length: count }, () => label));
  const order = createRandom(5).permutation(labels.length);
  const split = {
    features: {
      values: Float32Array.from(labels, (_, row) => row),
      nSamples: labels.length,
      nFeatures: 1,
    },
    labels: Uint32Array.from(order, (i) => labels[i]),
  };
  const classNames = counts.map((_, label) => `class ${label}`);
  return { name: "counts", train: split, validation: split, nClasses: counts.length, classNames };
}

describe("drawEpisode", () => {
  it("takes different classes, and for each of them rows of its own, none both support and query", () => {
    const shape = fc.record({
      ways: fc.integer({ min: 2, max: 5 }),
      shots: fc.integer({ min: 1, max: 4 }),
      queries: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(shape, fc.nat(), (shape, seed) => {
        const { ways, shots, queries } = shape;
        const { validation } = dataset([8, 8, 9, 20, 8, 8]);
        const episode = drawEpisode(validation, shape, createRandom(seed));
        expect(new Set(episode.classes).size).toBe(ways);
        expect(new Set([...episode.support, ...episode.query]).size).toBe(ways * (shots + queries));
        const labelsOf = (rows: Uint32Array) => Array.from(rows, (row) => validation.labels[row]);
        expect(labelsOf(episode.support)).toEqual(
          episode.classes.flatMap((c) => Array(shots).fill(c)),
        );
        expect(labelsOf(episode.query)).toEqual(
          episode.classes.flatMap((c) => Array(queries).fill(c)),
        );
      }),
    );
  });

  it("passes over classes with too few samples, and refuses when too few are left", () => {
    const data = dataset([10, 3, 10, 10, 10, 10]);
    for (let seed = 0; seed < 20; seed++)
      expect(
        drawEpisode(data.validation, episodeShapes.C1, createRandom(seed)).classes,
      ).not.toContain(1);
    const draw = () =>
      drawEpisode(dataset([10, 9, 10, 10, 9]).validation, episodeShapes.C1, createRandom(0));
    expect(draw).toThrow("Expected 5 classes with 10 samples or more for an episode but 3 of 5");
    expect(() =>
      drawEpisode(data.validation, { ways: 1, shots: 1, queries: 1 }, createRandom(0)),
    ).toThrow("ways");
  });

  it("is the same for the same stream and differs between streams", () => {
    const { validation } = dataset(Array(20).fill(12) as number[]);
    const draw = (seed: number) => drawEpisode(validation, episodeShapes.C1, createRandom(seed));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it("draws every class about equally often", () => {
    const { validation } = dataset(Array(8).fill(10) as number[]);
    const seen = new Float64Array(8);
    const root = createRandom(7);
    for (let e = 0; e < 400; e++)
      for (const label of drawEpisode(
        validation,
        { ways: 2, shots: 1, queries: 1 },
        root.split(String(e)),
      ).classes)
        seen[label]++;
    // 100 expected, standard deviation √(400 · ¼ · ¾) ≈ 8.7
    for (const count of seen) expect(Math.abs(count - 100)).toBeLessThan(45);
  });
});

describe("episodeDataset", () => {
  it("renumbers classes by their place in the episode and keeps their names and features", () => {
    const data = dataset([6, 6, 6]);
    const episode = drawEpisode(
      data.validation,
      { ways: 2, shots: 2, queries: 3 },
      createRandom(3),
    );
    const task = episodeDataset(data, data.validation, episode);
    expect(task.nClasses).toBe(2);
    expect([...task.train.labels]).toEqual([0, 0, 1, 1]);
    expect([...task.validation.labels]).toEqual([0, 0, 0, 1, 1, 1]);
    expect(task.classNames).toEqual(episode.classes.map((label) => `class ${label}`));
    expect([...task.train.features.values]).toEqual([...episode.support]);
  });

  it("throws errors of this project", () => {
    try {
      drawEpisode(dataset([1, 1]).validation, episodeShapes.C2, createRandom(0));
    } catch (error) {
      expect(isGlaiError(error) && error.code).toBe("bad-data");
      return;
    }
    throw new Error("nothing was thrown");
  });
});
