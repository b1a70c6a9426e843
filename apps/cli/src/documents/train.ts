import type { HeadRun } from "@glai/engine";
import type { z } from "zod";
import type { ChosenBackend } from "../backends/choose.js";
import type { Config } from "../config/schema.js";
import { formatNumber, formatScore, formatSeconds } from "../output/format.js";
import type { trainSchema } from "../schemas/train.js";
import { capabilityDocument } from "./capability.js";
import { runDocument } from "./run.js";

export type TrainDocument = z.infer<typeof trainSchema>;

/** What `glai train --json` prints. */
export function trainDocument(
  run: HeadRun,
  made: {
    readonly config: Config;
    readonly dataset: string;
    readonly chosen: ChosenBackend;
    readonly out: string;
    readonly resumed: boolean;
  },
): TrainDocument {
  const { config, dataset, chosen, out, resumed } = made;
  return {
    head: run.head,
    dataset,
    scoreName: run.scoreName,
    ...runDocument(run),
    resumed,
    backend: chosen.name,
    capability: capabilityDocument(chosen.capability),
    passedOver: [...chosen.passedOver],
    notes: [...run.plan.notes],
    out,
    config,
  };
}

/** The same for people. */
export function renderTrain(document: TrainDocument): string {
  const { seconds, certificate, scoreName, solver } = document;
  const phases = [
    ["reduced", seconds.reduced],
    ["conversion", seconds.conversion],
    ["training", seconds.training],
  ] as const;
  const parts = phases
    .filter(([, value]) => value > 0)
    .map(([name, value]) => `${name} ${formatSeconds(value)}`);
  const stop = {
    cap: "epoch cap",
    diverged: "diverged",
    patience: "early stopping",
    solved: "closed form",
  }[document.stop];
  const lines = [
    `${document.head} on ${document.dataset}, seed ${document.seed}`,
    `${scoreName}  ${formatScore(document.score, scoreName)} on the validation split, ${solver === null ? `epoch ${document.bestEpoch} of ${document.epochs} (${stop})` : stop}`,
    `time      ${formatSeconds(seconds.total)}: ${parts.join(", ")}; evaluation besides ${formatSeconds(seconds.evaluation)}`,
  ];
  if (solver !== null) {
    lines.push(
      `solver    ${solver.detail}; penalty ${formatNumber(solver.penalty)}, relative residual ${solver.residual.toExponential(1)}`,
    );
    if (solver.leaveOneOut !== null) {
      lines.push(
        `          leave-one-out ${formatScore(solver.leaveOneOut.accuracy, "accuracy")} on ${solver.leaveOneOut.rows} training rows, the validation split not looked at`,
      );
    }
  }
  if (certificate !== null) {
    const { kept, paths, bound, totalMass, measuredError, nSamples } = certificate;
    lines.push(
      `paths     kept ${kept} of ${paths}; pruning error at most ${formatNumber(bound)} of a total mass of ${formatNumber(totalMass)} (Theorem 2), measured ${formatNumber(measuredError)} on ${nSamples} training samples`,
    );
  }
  lines.push(`run       ${document.out}`);
  return lines.join("\n");
}
