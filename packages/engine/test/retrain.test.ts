import { assert, asyncProperty, shuffledSubarray } from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { decodeRetraining, encodeRetraining, retrainHead } from "../src/index.js";
import { takeSplit } from "../src/inner-split.js";
import {
  backend,
  cases,
  distanceFromScratch,
  headOf,
  initialRows,
  laterRows,
  newClassRows,
  nInitial,
  rowsTo,
  trainCases,
  whole,
  without,
} from "./helpers/retraining.js";

beforeAll(() => trainCases(cases.map(({ name }) => name)));

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
