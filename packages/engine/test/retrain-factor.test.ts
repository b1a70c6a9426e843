import { beforeAll, describe, expect, it } from "vitest";
import { factorBytes, keepFactor, type RetrainableHead, retrainHead } from "../src/index.js";
import {
  backend,
  distanceFromScratch,
  headOf,
  initialRows,
  laterRows,
  nInitial,
  rowsTo,
  trainCases,
  without,
} from "./helpers/retraining.js";
import { relativeDistance } from "./solvers/problem.js";

beforeAll(() =>
  trainCases([
    "infinite selector",
    "infinite selector, factor kept",
    "infinite selector, whitened, balanced classes",
    "linear-ridge",
  ]),
);

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
