import {
  activationPatterns,
  createMlp,
  createRandom,
  type GateTable,
  gateBits,
  pathNorm,
} from "@glai/core";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { type EmulatedAddon, emulatedBackend, loadEmulated } from "./support/emulated.js";
import { randomFeatures } from "./support/problems.js";

describe.skipIf(inject("noEmulation") !== "")("the conversion on the emulated GPU", () => {
  let addon: EmulatedAddon;
  beforeAll(() => {
    addon = loadEmulated();
  });

  /** All gates of two hidden layers: pairs, units of the second layer, the empty gate. */
  function gatesOfTwoLayers(first: number, second: number): GateTable {
    const firstLayer: number[] = [];
    const units: number[] = [];
    for (let a = 0; a < first; a++)
      for (let b = 0; b < second; b++) {
        firstLayer.push(1);
        units.push(a, b);
      }
    for (let b = 0; b < second; b++) {
      firstLayer.push(2);
      units.push(0, b);
    }
    firstLayer.push(3);
    units.push(0, 0);
    return {
      nGates: firstLayer.length,
      depth: 2,
      firstLayer: Uint8Array.from(firstLayer),
      units: Uint32Array.from(units),
    };
  }

  it("opens the gates that core opens, at any depth", async () => {
    const network = createMlp([5, 70, 9, 2], createRandom(8));
    const features = randomFeatures(33, 5);
    const patterns = activationPatterns(network, features);
    const gates = gatesOfTwoLayers(70, 9);
    const found = await emulatedBackend(addon).conversion.gateBits(gates, patterns);
    expect(found).toEqual(gateBits(gates, patterns));
  });

  it("adds up the path norms that core's path by path sum has", async () => {
    const features = randomFeatures(600, 7);
    const network = createMlp([7, 6, 5, 2], createRandom(9));
    const patterns = activationPatterns(network, features);
    const gates = gatesOfTwoLayers(6, 5);
    const { conversion } = emulatedBackend(addon);
    const norms = await conversion.pathNorms(gateBits(gates, patterns), features);
    expect([norms.nRows, norms.nColumns]).toEqual([gates.nGates, 8]);
    for (let gate = 0; gate < gates.nGates; gate++) {
      const firstLayer = gates.firstLayer[gate];
      const units = [...gates.units.subarray(gate * 2 + firstLayer - 1, gate * 2 + 2)];
      for (const origin of firstLayer === 1 ? [0, 3, 6, 7] : [7]) {
        const expected = pathNorm({ origin, firstLayer, units, output: 0 }, patterns, features);
        expect(norms.values[gate * 8 + origin]).toBeCloseTo(expected, 6);
      }
    }
  });

  it("names layer, unit and sample of a NaN", async () => {
    const network = createMlp([4, 6, 3], createRandom(10));
    const features = randomFeatures(10, 4);
    features.values[7 * 4 + 2] = NaN;
    const { conversion } = emulatedBackend(addon);
    await expect(conversion.activationPatterns(network, features)).rejects.toMatchObject({
      code: "bad-data",
      message: expect.stringMatching(/layer 1 unit 0 is NaN for sample 7/) as string,
    });
  });

  it("refuses gates that name units the patterns do not have", async () => {
    const network = createMlp([4, 6, 3], createRandom(10));
    const patterns = activationPatterns(network, randomFeatures(10, 4));
    const gates = {
      nGates: 1,
      depth: 1,
      firstLayer: Uint8Array.of(1),
      units: Uint32Array.of(6),
    };
    await expect(emulatedBackend(addon).conversion.gateBits(gates, patterns)).rejects.toMatchObject(
      {
        code: "bad-argument",
      },
    );
  });
});
