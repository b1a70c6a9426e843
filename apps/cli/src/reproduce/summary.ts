import { spread, type Spread } from "@glai/engine";
import { median } from "@glai/stats";
import type { Observation } from "../comparison/contrasts.js";
import type { ExperimentName } from "./experiment.js";
import type { Group, RunRecord } from "./record.js";

/** One row of Table 3: a head over the seeds of an experiment. */
export interface HeadSummary {
  readonly experiment: ExperimentName;
  readonly group: Group;
  readonly head: string;
  readonly rho: number;
  readonly data: string;
  readonly scoreName: RunRecord["scoreName"];
  readonly score: Spread;
  readonly medianScore: number;
  readonly lastScore: Spread;
  readonly epochs: Spread;
  readonly seconds: Spread;
  readonly speedup: Spread | null; // mean over seeds of MLP seconds / head seconds, to the stop
  readonly speedupToTarget: Spread | null; // the same to the MLP's best score; null: never reached
  readonly searchSeconds: number | null; // mean
  readonly interval: { readonly lower: number; readonly upper: number } | null; // episodes: 95 %, over all seeds' episodes
}

/** Groups records by experiment, group, head and ρ, in order of first appearance. */
export function summarise(records: readonly RunRecord[]): readonly HeadSummary[] {
  const groups = new Map<string, RunRecord[]>();
  for (const record of records) {
    const name = [record.experiment, record.group, record.head, record.rho].join(" ");
    const list = groups.get(name);
    if (list === undefined) groups.set(name, [record]);
    else list.push(record);
  }
  return [...groups.values()].map((own) => summary(own, records));
}

function summary(own: readonly RunRecord[], all: readonly RunRecord[]): HeadSummary {
  const [first] = own;
  if (first === undefined) throw new TypeError("Expected at least one record in a group.");
  const { experiment, group, head, rho, data, scoreName } = first;
  const pairs = own.flatMap((record) => {
    const mlp = mlpOf(record, all);
    return mlp === undefined ? [] : [{ record, mlp }];
  });
  const toTarget = pairs.flatMap(({ record, mlp }) =>
    record.secondsToTarget === null || mlp.secondsToTarget === null
      ? []
      : [mlp.secondsToTarget / record.secondsToTarget],
  );
  const searches = own.flatMap(({ searchSeconds }) =>
    searchSeconds === null ? [] : [searchSeconds],
  );
  return {
    experiment,
    group,
    head,
    rho,
    data,
    scoreName,
    score: spread(own.map(({ score }) => score)),
    medianScore: median(own.map(({ score }) => score)),
    lastScore: spread(own.map(({ lastScore }) => lastScore)),
    epochs: spread(own.map(({ epochs }) => epochs)),
    seconds: spread(own.map(({ seconds }) => seconds.total)),
    speedup:
      pairs.length === 0
        ? null
        : spread(pairs.map(({ record, mlp }) => mlp.seconds.total / record.seconds.total)),
    speedupToTarget: toTarget.length === 0 ? null : spread(toTarget),
    searchSeconds: searches.length === 0 ? null : spread(searches).mean,
    interval: intervalOf(own),
  };
}

/** The paper's MLP of the same experiment and seed, the one that was interleaved with it if there is one. */
function mlpOf(record: RunRecord, all: readonly RunRecord[]): RunRecord | undefined {
  const mlpIn = (wanted: Group) =>
    all.find(
      ({ group, head, experiment, seed }) =>
        group === wanted &&
        head === "mlp" &&
        experiment === record.experiment &&
        seed === record.seed,
    );
  return (record.group === "lean" ? mlpIn("lean") : undefined) ?? mlpIn("table3");
}

/** Episodes of different seeds are independent draws: their squared standard errors add up. */
function intervalOf(own: readonly RunRecord[]): HeadSummary["interval"] {
  const means = own.flatMap(({ episodes }) => (episodes === null ? [] : [episodes.best]));
  if (means.length === 0) return null;
  const mean = means.reduce((sum, one) => sum + one.mean, 0) / means.length;
  const variance =
    means.reduce((sum, { std, count }) => sum + (std * std) / count, 0) / means.length ** 2;
  const half = 1.96 * Math.sqrt(variance);
  return { lower: mean - half, upper: mean + half };
}

/** The lean GLAI and its MLPs as the contrasts want them. */
export function leanObservations(records: readonly RunRecord[]): readonly Observation[] {
  const lean = records.filter(({ group, head }) => group === "lean" && head === "glai");
  const pairs = lean.flatMap((record) => {
    const mlp = mlpOf(record, records);
    return mlp === undefined ? [record] : [{ ...mlp, group: record.group }, record];
  });
  return pairs.map(observation);
}

/** Runs of Table 3 as the contrasts want them: one task an experiment. */
export function observations(records: readonly RunRecord[]): readonly Observation[] {
  return records.filter(({ group }) => group === "table3").map(observation);
}

function observation({
  experiment,
  seed,
  head,
  seconds,
  score,
  scoreName,
}: RunRecord): Observation {
  return { task: experiment, seed, head, seconds: seconds.total, score, scoreName };
}
