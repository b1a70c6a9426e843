import type { HeadModel } from "@glai/core";
import type { RetrainReport } from "@glai/engine";
import type { z } from "zod";
import { formatBytes, formatNumber } from "../output/format.js";
import type { HeadOnDisk } from "../run/retraining-file.js";
import type { updateSchema } from "../schemas/update.js";

export type UpdateDocument = z.infer<typeof updateSchema>;

/** What `glai update --json` prints. */
export function updateDocument(
  report: RetrainReport,
  made: {
    readonly model: HeadModel;
    readonly data: string | null;
    readonly parents: readonly HeadOnDisk[];
    readonly out: string;
  },
): UpdateDocument {
  const { model, data, parents, out } = made;
  return {
    head: model.head,
    change: report.change,
    data,
    parents: parents.map(({ path, checksum }) => ({ path, model: checksum })),
    samples: { ...report.samples },
    classes: { ...report.classes },
    classNames: model.classNames === undefined ? null : [...model.classNames],
    penalty: report.penalty,
    residual: report.residual,
    condition: report.condition,
    drift: report.drift,
    method: report.method,
    factorBytes: report.factorBytes,
    notes: [...report.notes],
    out,
  };
}

/** The same for people. */
export function renderUpdate(document: UpdateDocument): string {
  const { samples, classes, classNames, parents, data } = document;
  const count = Math.abs(samples.after - samples.before);
  const change = {
    add: `added ${count} samples of ${data}`,
    remove: `took out ${count} samples of ${data}`,
    merge: `merged ${count} samples of ${parents
      .slice(1)
      .map(({ path }) => path)
      .join(", ")}`,
  }[document.change];
  const added = (classNames ?? Array.from({ length: classes.after }, (_, c) => String(c))).slice(
    classes.before,
  );
  const method = { sums: "by its sums", factor: "by its kept factor", anew: "anew" }[
    document.method
  ];
  const drift = document.drift === 0 ? "0" : document.drift.toExponential(1);
  return [
    `${document.head} of ${parents[0]?.path}`,
    `change    ${change}`,
    `samples   ${samples.before} → ${samples.after}`,
    `classes   ${classes.before} → ${classes.after}${added.length > 0 ? `, new: ${added.join(", ")}` : ""}`,
    `solve     ${method}, penalty ${formatNumber(document.penalty)} kept, relative residual ${document.residual.toExponential(1)}, condition ${document.condition.toExponential(1)}, drift ${drift}`,
    ...(document.factorBytes > 0 ? [`factor    ${formatBytes(document.factorBytes)} kept`] : []),
    ...document.notes.map((note) => `note      ${note}`),
    `run       ${document.out}`,
  ].join("\n");
}
