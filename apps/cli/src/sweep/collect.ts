import type { JsonValue } from "@glai/core";
import { spread } from "@glai/engine";
import type { z } from "zod";
import { isJsonObject, type JsonObject } from "../config/merge.js";
import { formatNumber, formatScore, shellWord } from "../output/format.js";
import { renderTable } from "../output/table.js";
import type { sweepCollectSchema } from "../schemas/sweep.js";
import { describeSettings } from "./grid.js";
import type { SweepPlan } from "./plan.js";
import { countStates, type RunState } from "./state.js";

export type CollectDocument = z.infer<typeof sweepCollectSchema>;
type Row = CollectDocument["rows"][number];

/** Scores of every head and setting over its seeds, the best mean first; those without a finished run last. */
export function collectDocument(plan: SweepPlan, states: readonly RunState[]): CollectDocument {
  const groups = new Map<string, RunState[]>();
  for (const state of states) {
    const { head, settings } = state.run;
    const key = JSON.stringify([head, settings]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [state]);
    else group.push(state);
  }
  const rows = [...groups.values()].map(rowOf);
  const sign = plan.scoreName === "accuracy" ? -1 : 1;
  const rank = ({ score }: Row): number => (score === null ? Infinity : sign * score.mean);
  return {
    dataset: plan.dataset.name,
    scoring: plan.scoring,
    scoreName: plan.scoreName,
    config: plan.config,
    counts: countStates(states),
    rows: rows.toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b))),
  };
}

function rowOf(group: readonly RunState[]): Row {
  const [first] = group;
  if (first === undefined) throw new TypeError("Expected a group to hold a run.");
  const done = group.filter(({ status }) => status === "finished");
  const scores = done.flatMap(({ score }) => (score === null ? [] : [score]));
  const seconds = done.flatMap((state) => (state.seconds === null ? [] : [state.seconds]));
  return {
    head: first.run.head,
    settings: first.run.settings,
    score: scores.length === 0 ? null : spread(scores),
    seconds: seconds.length === 0 ? null : spread(seconds),
    planned: group.length,
    failed: group.filter(({ status }) => status === "failed").length,
  };
}

/** Which samples the scores are of, and what may be concluded. */
function scoringNote({ scoring, rows }: CollectDocument): string {
  return scoring === "inner"
    ? "Scores are on a fifth of the training rows, drawn anew by each seed and not trained on; the validation split was not looked at."
    : `Scores are on the validation split, as was asked for: the best of ${rows.length} promises more than new data will give.`;
}

/** For people. */
export function renderCollect(document: CollectDocument): string {
  const { rows, scoreName, counts } = document;
  const keys = keysOf(rows);
  const left = (title: string) => ({ title, align: "left" }) as const;
  const right = (title: string) => ({ title, align: "right" }) as const;
  const table = renderTable(
    [left("head"), ...keys.map(left), right(scoreName), right("seconds"), right("seeds")],
    rows.map(({ head, settings, score, seconds, planned }) => [
      head,
      ...keys.map((key) => textOf(settings[key])),
      score === null ? "–" : withSpread(score, (value) => formatScore(value, scoreName)),
      seconds === null ? "–" : withSpread(seconds, formatNumber),
      score?.count === planned ? String(planned) : `${score?.count ?? 0} of ${planned}`,
    ]),
  );
  const open = counts.waiting + counts.running + counts.interrupted;
  const lines = [table, "", scoringNote(document)];
  if (open + counts.failed > 0) {
    lines.push(
      `Not finished: ${open}; failed: ${counts.failed}. Rows with fewer seeds than others are no fair match.`,
    );
  }
  const [best] = rows;
  if (best?.score) {
    const { backend: _backend, threads: _threads, ...common } = document.config;
    const set = Object.entries({ ...dotted(common), ...best.settings }).map(
      ([key, value]) => `--set ${shellWord(describeSettings({ [key]: value }))}`,
    );
    lines.push(
      `The first row on all training rows: glai train <data> --head ${[best.head, ...set].join(" ")}`,
    );
  }
  return lines.join("\n");
}

/** One line for every row, with a header; keys that a row does not have stay empty. */
export function collectCsv({ rows, scoreName }: CollectDocument): string {
  const keys = keysOf(rows);
  const header = [
    "head",
    ...keys,
    scoreName,
    `${scoreName} std`,
    "seconds",
    "seeds",
    "planned",
    "failed",
  ];
  const lines = rows.map(({ head, settings, score, seconds, planned, failed }) =>
    [
      head,
      ...keys.map((key) => textOf(settings[key])),
      score?.mean ?? "",
      score?.std ?? "",
      seconds?.mean ?? "",
      score?.count ?? 0,
      planned,
      failed,
    ]
      .map((cell) => quoted(String(cell)))
      .join(","),
  );
  return [header.map(quoted).join(","), ...lines].join("\n");
}

/** `{ protocol: { name: "paper" } }` as `{ "protocol.name": "paper" }`. */
function dotted(config: JsonObject, prefix = ""): Record<string, JsonValue> {
  const flat: Record<string, JsonValue> = {};
  for (const [key, value] of Object.entries(config)) {
    if (isJsonObject(value)) Object.assign(flat, dotted(value, `${prefix}${key}.`));
    else flat[`${prefix}${key}`] = value;
  }
  return flat;
}

function keysOf(rows: readonly Row[]): readonly string[] {
  return [...new Set(rows.flatMap(({ settings }) => Object.keys(settings)))];
}

function withSpread(
  { mean, std, count }: { readonly mean: number; readonly std: number; readonly count: number },
  format: (value: number) => string,
): string {
  return count < 2 ? format(mean) : `${format(mean)} ± ${format(std)}`;
}

function textOf(value: JsonValue | undefined): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function quoted(cell: string): string {
  return /[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
