import * as fc from "fast-check";
import { createMlp, createRandom, headLogits } from "@glai/core";
import { describe, expect, it } from "vitest";
import {
  type Tensor,
  decodeHeadModel,
  encodeHeadModel,
  encodeSafetensors,
  parseSafetensors,
  tensorOf,
} from "../src/index.js";
import { estimatorHead, kernelHead, mlpHead, randomFeatures } from "./head-models.js";
import { thrownBy } from "./support.js";

const plain = { kind: "none" } as const;
const [glai] = fc
  .sample(estimatorHead, { seed: 3, numRuns: 20 })
  .filter(
    ({ body }) =>
      body.kind === "estimator" && body.selection.nBlocks > 3 && body.selection.gates.depth > 1,
  );

/** The glai head's file with some tensors replaced and its JSON changed. */
function tampered(
  tensors: Readonly<Record<string, Tensor>>,
  change: (json: Record<string, never>) => void = () => {},
): Uint8Array {
  const file = parseSafetensors(encodeHeadModel(glai));
  const json = JSON.parse(file.metadata.get("glai") ?? "") as Record<string, never>;
  change(json);
  const merged = new Map([...file.tensors, ...Object.entries(tensors)]);
  return encodeSafetensors(merged, { glai: JSON.stringify(json) });
}

/** A tensor of the glai head's file with one entry set. */
function withEntry(key: string, index: number, value: number): Readonly<Record<string, Tensor>> {
  const tensor = parseSafetensors(encodeHeadModel(glai)).tensors.get(key);
  if (tensor === undefined) throw new Error(`no ${key}`);
  tensor.data[index] = value;
  return { [key]: tensor };
}

describe("model files", { timeout: 30_000 }, () => {
  it.each([
    ["GLAI heads", estimatorHead],
    ["MLP and linear heads", mlpHead],
    ["kernel heads", kernelHead],
  ])("bring %s back whole, bit for bit", (_, heads) => {
    fc.assert(
      fc.property(heads, (model) => {
        const bytes = encodeHeadModel(model);
        expect(decodeHeadModel(bytes)).toEqual(model);
        expect(encodeHeadModel(decodeHeadModel(bytes))).toEqual(bytes);
      }),
      { numRuns: 40 },
    );
  });

  it("predicts the same after a round trip", () => {
    const features = randomFeatures(
      createRandom(1),
      5,
      glai.body.kind === "estimator" ? glai.body.selector.sizes[0] : 0,
    );
    const before = headLogits(glai, features);
    expect(headLogits(decodeHeadModel(encodeHeadModel(glai)), features)).toEqual(before);
  });

  it("stores an MLP as layers that any reader of the format understands", () => {
    const network = createMlp([3, 4, 2], createRandom(0));
    const bytes = encodeHeadModel({
      head: "mlp",
      body: { kind: "mlp", network },
      preprocessing: plain,
      config: null,
    });
    const { tensors } = parseSafetensors(bytes);
    expect(Object.fromEntries([...tensors].map(([key, { shape }]) => [key, shape]))).toEqual({
      "layers.0.bias": [4],
      "layers.0.weight": [4, 3],
      "layers.1.bias": [2],
      "layers.1.weight": [2, 4],
    });
    expect(tensors.get("layers.0.weight")?.data).toEqual(network.parameters.slice(0, 12));
  });

  it("reads a plain file of layers as an MLP on features as they are", () => {
    const layers = {
      "layers.0.weight": tensorOf(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3], "float16"),
      "layers.0.bias": tensorOf(Float32Array.of(7, 8), [2], "float16"),
      "layers.1.weight": tensorOf(Float32Array.of(9, 10), [1, 2]),
      "layers.1.bias": tensorOf(Float32Array.of(11), [1]),
    };
    expect(decodeHeadModel(encodeSafetensors(new Map(Object.entries(layers))))).toEqual({
      head: "mlp",
      body: {
        kind: "mlp",
        network: {
          sizes: [3, 2, 1],
          parameters: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
        },
      },
      preprocessing: plain,
      config: null,
    });
    const linear = new Map(Object.entries(layers).slice(0, 2));
    expect(decodeHeadModel(encodeSafetensors(linear)).head).toBe("linear");
  });

  it.each<[string, Record<string, Tensor>, string]>([
    ["other tensors", { "fc.weight": tensorOf(Float32Array.of(1), [1]) }, "fc.weight"],
    [
      "a gap in the layers",
      {
        "layers.2.weight": tensorOf(Float32Array.of(1), [1, 1]),
        "layers.2.bias": tensorOf(Float32Array.of(1), [1]),
      },
      "layers.1.weight",
    ],
    [
      "a missing bias",
      { "layers.1.weight": tensorOf(Float32Array.of(1), [1, 1]) },
      "layers.1.bias",
    ],
    [
      "layers that do not chain",
      {
        "layers.1.weight": tensorOf(Float32Array.of(1, 2), [1, 2]),
        "layers.1.bias": tensorOf(Float32Array.of(1), [1]),
      },
      "shape [1, 1]",
    ],
    [
      "integer weights",
      { "layers.0.weight": tensorOf(Int32Array.of(1), [1, 1]) },
      "floating-point",
    ],
    [
      "a NaN",
      { "layers.0.weight": tensorOf(Float32Array.of(NaN), [1, 1]) },
      "NaN at row 0 column 0",
    ],
    ["no column", { "layers.0.weight": tensorOf(new Float32Array(), [1, 0]) }, "a matrix"],
  ])("refuse a plain file with %s", (_, tensors, message) => {
    const base = {
      "layers.0.weight": tensorOf(Float32Array.of(1), [1, 1]),
      "layers.0.bias": tensorOf(Float32Array.of(1), [1]),
    };
    const bytes = encodeSafetensors(new Map(Object.entries({ ...base, ...tensors })));
    const error = thrownBy(() => decodeHeadModel(bytes, "m.safetensors"));
    expect(error.code).toBe("bad-data");
    expect(error.message).toContain(message);
    expect(error.message).toContain("m.safetensors");
  });

  it("accept their own file and refuse it once anything does not fit", () => {
    expect(decodeHeadModel(tampered({}))).toEqual(glai);
    const body = glai.body as Extract<typeof glai.body, { kind: "estimator" }>;
    const { gates, nBlocks, nPaths } = body.selection;
    const json = (change: (json: never) => void) => tampered({}, change as never);
    const cases: [Uint8Array, string][] = [
      [
        tampered(withEntry("selection.gate_of", 0, gates.nGates)),
        `numbers in 0..${gates.nGates - 1}`,
      ],
      [tampered(withEntry("selection.gate_of", 0, -1)), "numbers in 0.."],
      [tampered(withEntry("selection.origin_of", nBlocks - 1, 99)), "numbers in 0.."],
      [tampered(withEntry("selection.gates.first_layer", 0, 0)), "layer 1 or later"],
      [tampered(withEntry("selection.gates.units", 0, 50)), "numbers in 0.."],
      [
        tampered(withEntry("selection.output_of", 0, body.selector.sizes.at(-1) ?? 0)),
        "numbers in 0..",
      ],
      [tampered(withEntry("weights", 0, NaN)), "NaN at [0]"],
      [
        tampered({ weights: tensorOf(new Float32Array(nPaths + 1), [nPaths + 1]) }),
        `shape [${nPaths}]`,
      ],
      [
        tampered({
          "selection.weights": tensorOf(new Float64Array(nPaths + 1), [nPaths + 1]),
          weights: tensorOf(new Float64Array(nPaths + 1), [nPaths + 1]),
        }),
        "paths in its blocks",
      ],
      [
        tampered({
          ...withEntry("selection.gate_of", 1, body.selection.gateOf[0]),
          ...withEntry("selection.origin_of", 1, body.selection.originOf[0]),
          ...withEntry("selection.output_of", 1, body.selection.outputOf[0]),
        }),
        "out of order",
      ],
      [json((j: { schema: number }) => (j.schema = 2)), "model schema 1"],
      [json((j: { head: unknown }) => delete j.head), "a text for head"],
      [
        json((j: { classNames: unknown }) => (j.classNames = ["one"])),
        "class names, one per output",
      ],
      [
        json((j: { body: { kind: string } }) => (j.body.kind = "tree")),
        "kind to be mlp, estimator, kernel",
      ],
      [
        json((j: { body: { selection: { block: string } } }) => (j.body.selection.block = "row")),
        "block to be path",
      ],
      [
        json(
          (j: { body: { selection: { certificate: { paths: string } } } }) =>
            (j.body.selection.certificate.paths = "many"),
        ),
        "decimal number",
      ],
      [
        json(
          (j: { body: { selection: { certificate: { bound: null } } } }) =>
            (j.body.selection.certificate.bound = null),
        ),
        "a finite number for bound",
      ],
      [
        json((j: { preprocessing: { kind: string } }) => (j.preprocessing.kind = "pca")),
        "kind to be none",
      ],
    ];
    for (const [bytes, message] of cases) {
      const error = thrownBy(() => decodeHeadModel(bytes));
      expect(error.code).toBe("bad-data");
      expect(error.message).toContain(message);
    }
  });

  it("keep a number of paths beyond 2^53", () => {
    const body = glai.body as Extract<typeof glai.body, { kind: "estimator" }>;
    const paths = 2n ** 200n + 1n;
    const certificate = { ...body.selection.certificate, paths };
    const model = { ...glai, body: { ...body, selection: { ...body.selection, certificate } } };
    const back = decodeHeadModel(encodeHeadModel(model));
    expect(back.body.kind === "estimator" && back.body.selection.certificate.paths).toBe(paths);
  });

  it("refuse to store a configuration that JSON cannot hold, naming the place", () => {
    const model = { ...glai, config: { training: { rates: [0.1, NaN] } } };
    const error = thrownBy(() => encodeHeadModel(model));
    expect(error.code).toBe("bad-argument");
    expect(error.message).toContain(".config.training.rates[1]");
  });
});
