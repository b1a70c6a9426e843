import { GlaiError, headLogits, referenceLinearAlgebra as algebra, type Split } from "@glai/core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  infinitePathKernel,
  type ProtocolConfig,
  type RetrainableHead,
  retrainHead,
  trainHead,
} from "../src/index.js";
import { takeSplit } from "../src/inner-split.js";
import { solveOrdered } from "../src/retrain/solve-kernel.js";
import { orderedProblem } from "../src/solvers/kernel-problem.js";
import {
  backend,
  headOf,
  infinite,
  initial,
  initialRows,
  laterRows,
  protocolWith,
  rowsTo,
  rowsWhere,
  scratchLogits,
  trainCases,
  whole,
} from "./helpers/retraining.js";
import { tinyProtocol } from "./helpers/protocol.js";
import { relativeDistance } from "./solvers/problem.js";

beforeAll(() => trainCases(["infinite selector", "linear-ridge", "ridge on slabs"]));

describe("retraining", () => {
  it("takes no failure of the machine for samples that were never there", async () => {
    const { model, state } = headOf("linear-ridge");
    const lost = new GlaiError("device-lost", "The device is gone.");
    const broken = { ...algebra, cholesky: () => Promise.reject(lost) };
    const change = { kind: "remove", ...takeSplit(whole.train, initialRows.slice(0, 1)) } as const;
    const said = retrainHead(model, state, change, {
      backend: { ...backend, linearAlgebra: broken },
    });
    await expect(said).rejects.toBe(lost);
  });

  it("names the first row to remove that a kernel head has not, and why", async () => {
    const { model, state } = headOf("infinite selector");
    const refuse = async (split: Split, says: string): Promise<void> => {
      const change = { kind: "remove", ...split } as const;
      await expect(retrainHead(model, state, change, { backend })).rejects.toThrow(says);
    };
    const first = initialRows[0];
    const never = Uint32Array.of(first, laterRows[0]);
    await refuse(takeSplit(whole.train, never), "row 1 (label");
    await refuse(
      takeSplit(whole.train, Uint32Array.of(first, first)),
      "row 1 (label 0) it has it only once",
    );
    const other = takeSplit(whole.train, Uint32Array.of(first));
    other.labels[0] = 2;
    await refuse(other, "with label 0");
  });

  it("refuses labels of classes that do not follow on, and unknown classes to remove", async () => {
    const { model, state } = headOf("linear-ridge");
    const split = takeSplit(whole.train, laterRows.slice(0, 1));
    split.labels[0] = 9;
    const retrain = (kind: "add" | "remove") =>
      retrainHead(model, state, { kind, ...split }, { backend });
    await expect(retrain("add")).rejects.toThrow("numbered from 3 on without a gap");
    await expect(retrain("remove")).rejects.toThrow("class 9");
  });

  it("names what keeps heads from being merged", async () => {
    const refuse = async (other: RetrainableHead, says: string): Promise<void> => {
      const { model, state } = headOf("ridge on slabs");
      const change = { kind: "merge", others: [other] } as const;
      await expect(retrainHead(model, state, change, { backend })).rejects.toThrow(says);
    };
    const { model, state } = headOf("ridge on slabs");
    await refuse(headOf("infinite selector"), "number 2 has another solver");
    await refuse(headOf("linear-ridge"), "another kind of body");
    await refuse(
      { model: { ...model, preprocessing: { kind: "none" } }, state },
      "another preprocessing: none",
    );
    if (model.body.kind !== "estimator") throw new Error("not an estimator");
    const parameters = model.body.selector.parameters.slice();
    parameters[0] += 1;
    const originOf = model.body.selection.originOf.slice();
    originOf[0] = originOf[0] === 0 ? 1 : 0;
    const selection = { ...model.body.selection, originOf };
    await refuse(
      { model: { ...model, body: { ...model.body, selection } }, state },
      "another path selection",
    );
    const whitened = (last: number): RetrainableHead["model"] => ({
      ...model,
      preprocessing: {
        kind: "whiten",
        exponent: 0.5,
        mean: Float64Array.of(1, 2),
        matrix: Float64Array.of(1, 0, 0, last),
      },
    });
    const merged = retrainHead(
      whitened(1),
      state,
      { kind: "merge", others: [{ model: whitened(2), state }] },
      { backend },
    );
    await expect(merged).rejects.toThrow("the matrix of whiten");
    const selector = { ...model.body.selector, parameters };
    await refuse(
      { model: { ...model, body: { ...model.body, selector } }, state },
      "another selector",
    );
  });

  it.each(["linear-ridge", "glai"] as const)(
    "merges %s heads that were trained apart and number their classes differently",
    async (head) => {
      const protocol: ProtocolConfig = {
        ...protocolWith({ kind: "kernel", selector: infinite, method: "auto" }),
        preprocessing: { kind: "none" },
      };
      const options = { head, protocol, backend, seed: 0, now: () => 0 };
      const first = await trainHead(initial, options);
      const names = ["class 2", "class 3", "class 0"];
      const rows = rowsWhere((label, row) => label !== 1 && row >= 40);
      const renumber = (split: Split): Split => ({
        ...split,
        labels: split.labels.map((label) => names.indexOf(`class ${label}`)),
      });
      const validation = takeSplit(whole.validation, Uint32Array.of(0, 2, 3));
      const second = await trainHead(
        {
          ...whole,
          train: renumber(takeSplit(whole.train, rows)),
          validation: renumber(validation),
          nClasses: 3,
          classNames: names,
        },
        options,
      );
      const [a, b] = [first, second].map(({ model, retraining }) => {
        if (retraining === undefined) throw new Error("no state");
        return { model, state: retraining };
      });
      const merged = await retrainHead(
        a.model,
        a.state,
        { kind: "merge", others: [b] },
        { backend },
      );
      expect(merged.model.classNames).toEqual(["class 0", "class 1", "class 2", "class 3"]);
      const { features } = whole.validation;
      const all = takeSplit(whole.train, Uint32Array.from([...initialRows, ...rows]));
      const expected = await scratchLogits(a, all, 4, features, false);
      const found = headLogits(merged.model, features).values;
      expect(relativeDistance(found, expected)).toBeLessThan(1e-6);
    },
  );

  it("sees through a large penalty that sums without the samples would be impossible", async () => {
    const { model, state } = headOf("linear-ridge");
    if (state.kind !== "ridge") throw new Error("not ridge");
    const far = takeSplit(whole.train, laterRows.slice(0, 1));
    far.features.values.fill(20);
    const change = { kind: "remove", ...far } as const;
    const said = retrainHead(model, { ...state, lambda: 1e6 }, change, { backend });
    await expect(said).rejects.toThrow("its sums are impossible");
  });

  it("refuses a head whose sums have drifted, and a state of another model", async () => {
    const { model, state } = headOf("linear-ridge");
    if (state.kind !== "ridge") throw new Error("not ridge");
    const worn = { ...state, statistics: { ...state.statistics, touched: 1e15 } };
    const change = rowsTo("add", laterRows);
    const refused = retrainHead(model, worn, change, { backend });
    await expect(refused).rejects.toMatchObject({
      code: "bad-data",
      hint: "Train anew on all samples.",
    });
    const foreign = retrainHead(model, headOf("infinite selector").state, change, { backend });
    await expect(foreign).rejects.toThrow("statistics of 6 features and 3 classes");
  });

  it("is offered by closed forms that can be changed, and only by those", async () => {
    const options = { backend, seed: 0, now: () => 0 };
    const protocol = protocolWith({ kind: "kernel", selector: infinite, method: "landmarks" });
    const landmarks = await trainHead(initial, { ...options, head: "glai", protocol });
    expect(landmarks.retraining).toBeUndefined();
    const mlp = await trainHead(initial, { ...options, head: "mlp", protocol: tinyProtocol() });
    expect(mlp.retraining).toBeUndefined();
  });

  it("solves beyond the exact solver's size by conjugate gradients to the same head", async () => {
    const { features, labels } = initial.train;
    const wide = { ...features, values: Float64Array.from(features.values) };
    const problem = orderedProblem(algebra, infinitePathKernel(6), { features: wide }, labels, {
      nClasses: 3,
    });
    const exact = await solveOrdered(problem, 0.05, "cholesky");
    const iterated = await solveOrdered(problem, 0.05, "conjugate-gradients");
    expect(iterated.residual).toBeLessThan(1e-9);
    expect(iterated.condition).toBeGreaterThan(exact.condition);
    expect(relativeDistance(iterated.beta.values, exact.beta.values)).toBeLessThan(1e-6);
    await expect(solveOrdered(problem, 0.05, "landmarks")).rejects.toMatchObject({
      code: "out-of-memory",
    });
  });
});
