import { protocolDefaults } from "@glai/engine";
import { describe, expect, it } from "vitest";
import { mergeConfig } from "../../src/config/merge.js";
import { mergeOverrides, parseConfigFile, parseOverride } from "../../src/config/overrides.js";
import { knownKeys, resolveConfig } from "../../src/config/resolve.js";
import { parseSeeds } from "../../src/config/seeds.js";

const defaults = {
  head: "glai",
  seed: 0,
  heads: ["mlp", "glai"],
  seeds: [0],
  target: null,
  backend: "auto",
  threads: null,
  experiment: "A1",
  protocol: { name: "fast" },
};

describe("parseOverride", () => {
  it("nests dotted keys and reads values as YAML", () => {
    expect(parseOverride("protocol.maxEpochs=5")).toEqual({ protocol: { maxEpochs: 5 } });
    expect(parseOverride("protocol.hidden=[64, 32]")).toEqual({ protocol: { hidden: [64, 32] } });
    expect(parseOverride("backend=cpu")).toEqual({ backend: "cpu" });
    expect(parseOverride("a=b=c")).toEqual({ a: "b=c" });
  });

  it.each(["maxEpochs", "=5", "a..b=1", "__proto__.x=1", "a.0=1", "a={"])("refuses %j", (text) => {
    expect(() => parseOverride(text)).toThrowError(
      expect.objectContaining({ code: "bad-argument" }),
    );
  });
});

describe("mergeConfig", () => {
  it("goes into mappings and replaces everything else", () => {
    const base = { a: { b: 1, c: [1, 2] }, d: 4 };
    expect(mergeConfig(base, { a: { c: [3] } })).toEqual({ a: { b: 1, c: [3] }, d: 4 });
  });

  it("replaces a mapping of another kind whole, since its other keys mean nothing", () => {
    const base = { freeze: { kind: "fraction", of: 0.2 } };
    expect(mergeConfig(base, { freeze: { kind: "epochs", n: 3 } })).toEqual({
      freeze: { kind: "epochs", n: 3 },
    });
  });

  it("replaces a budget whole", () => {
    expect(mergeConfig({ budget: { mu: 0.5 } }, { budget: { keep: 7 } })).toEqual({
      budget: { keep: 7 },
    });
  });
});

describe("parseConfigFile", () => {
  it("takes an empty file for an empty mapping", () => {
    expect(parseConfigFile("# nothing yet\n", "c.yaml")).toEqual({});
  });

  it.each(["- a\n- b\n", "just words", "a: [1"])("refuses %j and names the file", (text) => {
    expect(() => parseConfigFile(text, "c.yaml")).toThrowError(/c\.yaml/);
  });
});

describe("resolveConfig", () => {
  it("fills in the defaults of the protocol that is named", () => {
    const given = mergeOverrides([
      parseOverride("protocol.name=paper"),
      parseOverride("protocol.maxEpochs=5"),
    ]);
    expect(resolveConfig(given, defaults).protocol).toEqual({
      ...protocolDefaults("paper"),
      maxEpochs: 5,
    });
  });

  it.each([
    [
      "protocol.maxEpoch=5",
      "Unknown key protocol.maxEpoch; the nearest known key is protocol.maxEpochs.",
    ],
    ["maxEpochs=5", "Unknown key maxEpochs; the nearest known key is protocol.maxEpochs."],
    ["sed=1", "Unknown key sed; the nearest known key is seed."],
    [
      "protocol.mlp.optimiser=1",
      "Unknown key protocol.mlp.optimiser; the nearest known key is protocol.mlp.optimizer.",
    ],
    ["protocol.maxEpochs=ten", "protocol.maxEpochs: expected number, received string."],
    ["protocol.rho=1.5", "protocol.rho:"],
    ["seed=-1", "seed:"],
    ["protocol.name=slow", "protocol.name:"],
    [
      "protocol.estimator.budget={ keep: 5, mu: 0.1 }",
      "protocol.estimator.budget: expected match, { keep: K }, { mu: m } or { maxError: e }.",
    ],
  ])("refuses --set %s and says why", (override, message) => {
    const resolve = () => resolveConfig(parseOverride(override), defaults);
    expect(resolve).toThrowError(expect.objectContaining({ code: "bad-argument" }));
    expect(resolve).toThrowError(message);
  });

  it("accepts the defaults of every protocol as they are", () => {
    for (const name of ["fast", "paper"]) {
      expect(() => resolveConfig({ protocol: { name } }, defaults)).not.toThrow();
    }
  });

  it("knows keys inside every variant", () => {
    expect(knownKeys()).toEqual(
      expect.arrayContaining(["protocol.reduced.freeze.of", "protocol.reduced.freeze.n", "seed"]),
    );
  });
});

describe("parseSeeds", () => {
  it.each([
    ["3", [3]],
    ["0..2", [0, 1, 2]],
    ["0,5,1", [0, 5, 1]],
    ["7, 0..1", [7, 0, 1]],
  ])("reads %j", (text, seeds) => {
    expect(parseSeeds(text)).toEqual(seeds);
  });

  it.each(["", "2..0", "-1", "a", "1,1", "0..99999999", "4294967296", "1.5"])(
    "refuses %j",
    (text) => {
      expect(() => parseSeeds(text)).toThrowError(
        expect.objectContaining({ code: "bad-argument" }),
      );
    },
  );
});
