import {
  gateBits,
  GlaiError,
  referenceConversion,
  type BitMatrix,
  type Features,
  type Mlp,
} from "@glai/core";
import { selectionBudget } from "../plan.js";
import { takeRows } from "../rows.js";
import type { RunContext } from "../run-context.js";
import { enterPhase } from "../run-state.js";
import { drawRows } from "../streams.js";
import { gatesOf } from "./patterns.js";

/**
 * Phase between the two trainings: scores and prunes paths on Ω, leaves `run.state.selection`, and
 * returns the gates of the training split. The selector is frozen from here on, so they are computed
 * once per sample and kept as bits (MATH.md, closed form 9).
 */
export async function convert(
  run: RunContext,
  train: Features, // [nTrain, nFeatures], preprocessed
  selector: Mlp,
): Promise<BitMatrix> {
  const { backend, plan, protocol, state, streams } = run;
  const { block, linearSkip, rank } = protocol.estimator;
  const rows = drawRows(streams.selection, train.nSamples, protocol.selectionRows);
  const isWhole = rows.length === train.nSamples;
  const omega = isWhole ? train : takeRows(train, rows);
  const { patterns, selection } = await (backend.conversion ?? referenceConversion).convert(
    selector,
    omega,
    {
      block,
      budget: selectionBudget(plan, protocol),
      linearSkip,
      rank: rank === "random" ? { kind: rank, seed: streams.ranking } : { kind: rank },
    },
  );
  await run.pacer.breathe();
  const gates = isWhole
    ? gateBits(selection.gates, patterns)
    : await gatesOf(run, selector, selection.gates, train);
  state.selection = selection;
  enterPhase(state, "training");
  run.emit({
    kind: "converted",
    certificate: selection.certificate,
    nPaths: selection.nPaths,
  });
  return gates;
}

/** Gates of the training split for a run that resumes behind its conversion. */
export async function gatesAgain(
  run: RunContext,
  train: Features, // [nTrain, nFeatures], preprocessed
  selector: Mlp,
): Promise<BitMatrix> {
  const { selection } = run.state;
  if (selection === undefined)
    throw new GlaiError("bad-data", "Expected a path selection in the checkpoint but found none.", {
      hint: "Resume from a checkpoint that this version wrote, or start anew.",
    });
  return gatesOf(run, selector, selection.gates, train);
}
