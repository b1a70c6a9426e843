import {
  activationPatterns,
  applyPreprocessing,
  createRandom,
  createReferenceBackend,
  type Dataset,
  type Features,
  gateBits,
  headLogits,
  type HeadModel,
  type Matrix,
  referenceLinearAlgebra as algebra,
  type Split,
} from "@glai/core";
import { assert, asyncProperty, shuffledSubarray } from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  decodeRetraining,
  encodeRetraining,
  factorBytes,
  gatherStatistics,
  type HeadName,
  type HeadRun,
  infinitePathKernel,
  keepFactor,
  productFeatures,
  type ProtocolConfig,
  type RetrainableHead,
  retrainHead,
  ridgeScores,
  solveKernelRidge,
  solveRidge,
  type SolverConfig,
  trainHead,
} from "../src/index.js";
import { takeSplit } from "../src/inner-split.js";
import { solveOrdered } from "../src/retrain/solve-kernel.js";
import { orderedProblem } from "../src/solvers/kernel-problem.js";
import { blobs } from "./helpers/data.js";
import { tinyProtocol } from "./helpers/protocol.js";
import { relativeDistance } from "./solvers/problem.js";

const backend = createReferenceBackend();
const whole = blobs({ nTrain: 96, nValidation: 30, nClasses: 4, spread: 0.9 });
const nInitial = 60; // of the rows whose class is under 3
const initialRows = rowsWhere((label, row) => label < 3 && row < 80);
const laterRows = rowsWhere((label, row) => label < 3 && row >= 80);
const newClassRows = rowsWhere((label) => label === 3);
const initial: Dataset = {
  ...whole,
  train: takeSplit(whole.train, initialRows),
  validation: takeSplit(
    whole.validation,
    Uint32Array.from(
      [...whole.validation.labels.keys()].filter((i) => whole.validation.labels[i] < 3),
    ),
  ),
  nClasses: 3,
  classNames: whole.classNames?.slice(0, 3) ?? [],
};

function rowsWhere(test: (label: number, row: number) => boolean): Uint32Array {
  const { labels } = whole.train;
  return Uint32Array.from([...labels.keys()].filter((row) => test(labels[row], row)));
}

function protocolWith(solver: SolverConfig): ProtocolConfig {
  const tiny = tinyProtocol();
  return { ...tiny, estimator: { ...tiny.estimator, block: "slab", linearSkip: true, solver } };
}

interface Case {
  readonly name: string;
  readonly head: HeadName;
  readonly protocol: ProtocolConfig;
  readonly keepsFactor?: boolean;
}

const infinite = { kind: "infinite", power: 2 } as const;
const cases: readonly Case[] = [
  { name: "linear-ridge", head: "linear-ridge", protocol: tinyProtocol() },
  { name: "ridge on slabs", head: "glai", protocol: protocolWith({ kind: "ridge" }) },
  {
    name: "infinite selector",
    head: "glai",
    protocol: protocolWith({ kind: "kernel", selector: infinite, method: "cholesky" }),
  },
  {
    name: "infinite selector, factor kept",
    head: "glai",
    protocol: protocolWith({ kind: "kernel", selector: infinite, method: "cholesky" }),
    keepsFactor: true,
  },
  {
    name: "trained selector, factor kept",
    head: "glai",
    protocol: protocolWith({
      kind: "kernel",
      selector: { kind: "trained", hidden: [10, 8], epochs: 2 },
      method: "conjugate-gradients",
    }),
    keepsFactor: true,
  },
  {
    name: "infinite selector, whitened, balanced classes",
    head: "glai",
    protocol: {
      ...protocolWith({ kind: "kernel", selector: infinite, method: "auto" }),
      objective: { kind: "classification", classWeights: "balanced" },
      preprocessing: { kind: "whiten", exponent: 0.25 },
    },
  },
  {
    name: "trained selector, by conjugate gradients",
    head: "glai",
    protocol: protocolWith({
      kind: "kernel",
      selector: { kind: "trained", hidden: [10, 8], epochs: 2 },
      method: "conjugate-gradients",
    }),
  },
];

const trained = new Map<string, HeadRun>();

beforeAll(async () => {
  for (const { name, head, protocol, keepsFactor } of cases) {
    const options = { head, protocol, backend, seed: 0, now: () => 0 };
    const run = await trainHead(initial, options);
    trained.set(name, run);
    if (keepsFactor !== true || run.retraining === undefined) continue;
    const retraining = await keepFactor({ model: run.model, state: run.retraining }, { backend });
    trained.set(name, { ...run, retraining });
  }
});

/** The trained head of a case. */
function headOf(name: string): RetrainableHead {
  const run = trained.get(name);
  if (run?.retraining === undefined) throw new Error(`${name} left no retraining state`);
  return { model: run.model, state: run.retraining };
}

/** Logits of a head trained from scratch on `split` with the preprocessing, selector and penalty of `head`. */
async function scratchLogits(
  { model, state }: RetrainableHead,
  split: Split,
  nClasses: number,
  features: Features,
  balanced: boolean,
): Promise<ArrayLike<number>> {
  const train = applyPreprocessing(model.preprocessing, split.features);
  const test = applyPreprocessing(model.preprocessing, features);
  if (state.kind === "ridge") {
    const statistics = await gatherStatistics(
      algebra,
      design(model, train),
      split.labels,
      nClasses,
    );
    const solution = await solveRidge(algebra, statistics, state.lambda);
    return ridgeScores(algebra, solution, design(model, test));
  }
  if (model.body.kind !== "kernel") throw new Error("not a kernel head");
  const { kernel, selector } = model.body;
  const samples = (own: Features) => ({
    features: { ...own, values: Float64Array.from(own.values) },
    ...(selector && { gates: activationPatterns(selector, own).layers }),
  });
  const counts = Array.from({ length: nClasses }, (_, c) =>
    split.labels.reduce((sum, label) => sum + (label === c ? 1 : 0), 0),
  );
  const solution = await solveKernelRidge(algebra, samples(train), split.labels, {
    kernel,
    nClasses,
    mu: state.mu,
    method: "cholesky",
    random: createRandom(5),
    ...(balanced && {
      classWeights: Float64Array.from(counts, (count) =>
        count === 0 ? 1 : split.labels.length / (nClasses * count),
      ),
    }),
  });
  const gram = await algebra.gram(kernel, samples(test), solution.support);
  const product = await algebra.multiply(gram, {
    values: solution.coefficients,
    nRows: gram.nColumns,
    nColumns: nClasses,
  });
  return product.values.map((value, i) => value + solution.intercept[i % nClasses]);
}

function design({ body }: HeadModel, features: Features): Matrix {
  if (body.kind === "estimator") {
    const gates = gateBits(body.selection.gates, activationPatterns(body.selector, features));
    return productFeatures(body.selection, gates, features);
  }
  const { values, nSamples, nFeatures } = features;
  return { values: Float64Array.from(values), nRows: nSamples, nColumns: nFeatures };
}

/** How far a changed head is from scratch, relative, on the validation rows. */
async function distanceFromScratch(
  name: string,
  changed: HeadModel,
  rows: Uint32Array,
  nClasses: number,
): Promise<number> {
  const { features } = whole.validation;
  const split = takeSplit(whole.train, rows);
  const expected = await scratchLogits(
    headOf(name),
    split,
    nClasses,
    features,
    /balanced/.test(name),
  );
  return relativeDistance(headLogits(changed, features).values, expected);
}

const rowsTo = (kind: "add" | "remove", rows: Uint32Array) => ({
  kind,
  ...takeSplit(whole.train, rows),
});
const without = (rows: Uint32Array, out: Uint32Array): Uint32Array =>
  rows.filter((row) => !out.includes(row));

describe.each(cases.map(({ name }) => [name] as const))("retraining of %s", (name) => {
  it("equals training from scratch for any rows added and taken out", async () => {
    expect(initialRows).toHaveLength(nInitial);
    const subset = (rows: Uint32Array, minLength: number) =>
      shuffledSubarray([...rows], { minLength }).map((list) => Uint32Array.from(list));
    await assert(
      asyncProperty(
        subset(laterRows, 1),
        subset(initialRows, 1).filter((rows) => rows.length <= 40),
        async (added, removed) => {
          const { model, state } = headOf(name);
          const more = await retrainHead(model, state, rowsTo("add", added), { backend });
          const less = await retrainHead(more.model, more.state, rowsTo("remove", removed), {
            backend,
          });
          const rows = Uint32Array.from([...without(initialRows, removed), ...added]);
          expect(less.report.samples).toEqual({
            before: nInitial + added.length,
            after: rows.length,
          });
          expect(await distanceFromScratch(name, less.model, rows, 3)).toBeLessThan(1e-6);
          expect(less.report.residual).toBeLessThan(1e-8);
          expect(less.report.condition).toBeGreaterThanOrEqual(1);
          expect(less.report.drift).toBeLessThan(1e-9);
        },
      ),
      { numRuns: 8, seed: 7 },
    );
  });

  it("takes up a new class, and keeps what it said about its selection true", async () => {
    const { model, state } = headOf(name);
    const change = { ...rowsTo("add", newClassRows), classNames: whole.classNames ?? [] };
    const { model: wide, report } = await retrainHead(model, state, change, { backend });
    expect(report.classes).toEqual({ before: 3, after: 4 });
    expect(wide.classNames).toEqual(whole.classNames);
    const rows = Uint32Array.from([...initialRows, ...newClassRows]);
    expect(await distanceFromScratch(name, wide, rows, 4)).toBeLessThan(1e-6);
    if (wide.body.kind === "estimator") {
      const { certificate, nPaths, sizes } = wide.body.selection;
      expect(sizes.at(-1)).toBe(4);
      expect(certificate.kept).toBe(nPaths);
      const before = model.body.kind === "estimator" ? model.body.selection.certificate : undefined;
      expect(certificate.paths * 3n).toBe((before?.paths ?? 0n) * 4n);
      expect(certificate.bound).toBe(before?.bound);
    }
  });

  it("forgets every sample of a class, whose number stays", async () => {
    const { model, state } = headOf(name);
    const gone = initialRows.filter((row) => whole.train.labels[row] === 1);
    const changed = await retrainHead(model, state, rowsTo("remove", gone), { backend });
    const rows = without(initialRows, gone);
    expect(changed.report.classes).toEqual({ before: 3, after: 3 });
    expect(await distanceFromScratch(name, changed.model, rows, 3)).toBeLessThan(1e-6);
  });

  it("merges heads of shards into the head of all their samples, by class name", async () => {
    const head = headOf(name);
    // A second shard under the same preprocessing and selector: all first rows out, later ones in.
    const added = await retrainHead(
      head.model,
      head.state,
      {
        ...rowsTo("add", Uint32Array.from([...laterRows, ...newClassRows])),
        classNames: whole.classNames ?? [],
      },
      { backend },
    );
    const shard = await retrainHead(added.model, added.state, rowsTo("remove", initialRows), {
      backend,
    });
    const merged = await retrainHead(
      head.model,
      head.state,
      { kind: "merge", others: [shard] },
      { backend },
    );
    expect(merged.report.samples).toEqual({ before: nInitial, after: 96 });
    const rows = Uint32Array.from([...initialRows, ...laterRows, ...newClassRows]);
    expect(await distanceFromScratch(name, merged.model, rows, 4)).toBeLessThan(1e-6);
  });

  it("refuses samples that cannot have been there", async () => {
    const { model, state } = headOf(name);
    const far = takeSplit(whole.train, laterRows.slice(0, 2));
    far.features.values.fill(50, far.features.nFeatures); // the second row
    const change = { kind: "remove", ...far } as const;
    const said = retrainHead(model, state, change, { backend });
    await expect(said).rejects.toMatchObject({ code: "bad-data" });
    const all = retrainHead(model, state, rowsTo("remove", initialRows), { backend });
    await expect(all).rejects.toThrow("at least one sample");
    const twice = Uint32Array.from([...initialRows, ...initialRows]);
    const much = retrainHead(model, state, rowsTo("remove", twice), { backend });
    await expect(much).rejects.toMatchObject({ code: "bad-data" });
  });

  it("keeps its state through a checkpoint's arrays and JSON", () => {
    const { state } = headOf(name);
    const { arrays, version, state: json } = encodeRetraining(state);
    const copy = JSON.parse(JSON.stringify(json)) as typeof json;
    expect(decodeRetraining({ version, arrays, state: copy })).toEqual(state);
    expect(() => decodeRetraining({ version, arrays, state: null })).toThrow("glai-retraining/1");
  });
});

describe("a kernel head that keeps its factor", () => {
  const name = "infinite selector, factor kept";

  it("goes on with it when samples come in, and drops it when some go out", async () => {
    const { model, state } = headOf(name);
    const more = await retrainHead(model, state, rowsTo("add", laterRows), { backend });
    const n = nInitial + laterRows.length;
    expect(more.report).toMatchObject({ method: "factor", notes: [] });
    expect(more.report.factorBytes).toBe(factorBytes(n));
    const less = await retrainHead(more.model, more.state, rowsTo("remove", laterRows), {
      backend,
    });
    expect(less.report).toMatchObject({ method: "factor", factorBytes: 0 });
    expect(less.report.notes.join()).toContain("would hold the samples that were taken out");
    const again = await retrainHead(less.model, less.state, rowsTo("add", laterRows), { backend });
    expect(again.report).toMatchObject({ method: "anew", factorBytes: 0, notes: [], drift: 0 });
  });

  it("makes it where it is asked for, the same that it would have grown to", async () => {
    const { model, state } = headOf(name);
    const grown = await retrainHead(model, state, rowsTo("add", laterRows), { backend });
    const plain = headOf("infinite selector");
    const made = await retrainHead(plain.model, plain.state, rowsTo("add", laterRows), {
      backend,
      keepFactor: true,
    });
    expect(made.report).toMatchObject({ method: "anew", notes: [] });
    if (grown.state.kind !== "kernel" || made.state.kind !== "kernel") throw new Error("no kernel");
    expect(relativeDistance(grown.state.factor ?? [], made.state.factor ?? [1])).toBeLessThan(
      1e-12,
    );
    const out = rowsTo("remove", laterRows);
    const kept = await retrainHead(grown.model, grown.state, out, { backend, keepFactor: true });
    expect(kept.report).toMatchObject({ method: "anew", factorBytes: factorBytes(nInitial) });
  });

  it("says so and solves anew when the factor is not that of the head", async () => {
    const { model, state } = headOf(name);
    if (state.kind !== "kernel" || state.factor === undefined) throw new Error("no factor");
    const wrong = {
      ...state,
      factor: state.factor.map((value, i) => (i === 700 ? 2 * value : value)),
    };
    for (const kind of ["add", "remove"] as const) {
      const rows = kind === "add" ? laterRows : initialRows.slice(0, 5);
      const changed = await retrainHead(model, wrong, rowsTo(kind, rows), { backend });
      expect(changed.report.method).toBe("anew");
      expect(changed.report.notes.join()).toMatch(/kept factor was not used.*residual/);
      const left = kind === "add" ? [...initialRows, ...rows] : [...without(initialRows, rows)];
      const distance = await distanceFromScratch(name, changed.model, Uint32Array.from(left), 3);
      expect(distance).toBeLessThan(1e-6);
    }
  });

  it("is refused for sums, for class weights and beyond memory", async () => {
    const refuse = (head: RetrainableHead, code: string, says: string) =>
      expect(keepFactor(head, { backend })).rejects.toMatchObject({
        code,
        message: expect.stringContaining(says) as string,
      });
    await refuse(headOf("linear-ridge"), "bad-argument", "has sums");
    const balanced = headOf("infinite selector, whitened, balanced classes");
    await refuse(balanced, "bad-argument", "class weights");
    const { model, state } = headOf(name);
    if (state.kind !== "kernel") throw new Error("not a kernel head");
    const large = { ...state, labels: new Uint32Array(16_385) };
    await refuse({ model, state: large }, "out-of-memory", "16385 samples");
  });
});

describe("retraining", () => {
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
