import { type Dataset, type FloatArray, GlaiError, type HeadModel, type Sizes } from "@glai/core";
import { closedFormOf } from "./closed-form/closed-form.js";
import type { HeadName, ProtocolConfig } from "./protocol.js";
import type { RunState } from "./run-state.js";

/** What a run is begun with instead of a random network. */
export type WarmStart = Pick<
  RunState,
  "phase" | "preprocessing" | "selection" | "selector" | "start"
>;

/**
 * The paper's efficient retraining: the state of a run that goes on from a finished head. Preprocessing,
 * selector and selected paths are kept, and the weights are where the iteration starts; only the last phase runs.
 *
 * Throws `bad-argument` when the head cannot start this run: another kind of head or size, other classes, or a
 * solver that does not iterate.
 */
export function warmStart(
  from: HeadModel,
  dataset: Dataset,
  {
    head,
    protocol,
    sizes,
  }: {
    readonly head: HeadName;
    readonly protocol: ProtocolConfig; // with solver auto resolved
    readonly sizes: Sizes; // of the network this run would train
  },
): WarmStart {
  checkClasses(from, dataset);
  const { body, preprocessing } = from;
  const form = closedFormOf(head, protocol);
  const iterates = form === undefined || protocol.estimator.solver.kind === "lbfgs";
  if (!iterates) {
    throw new GlaiError(
      "bad-argument",
      `Expected an iterative solver to start from an earlier head but ${head} is solved in closed form here.`,
      {
        hint: "Change closed forms exactly (glai update), or train the kept paths: glai train --compact --from <run of a compact head>.",
      },
    );
  }
  if (head === "glai") {
    if (body.kind !== "estimator")
      throw differs("a head of kept paths (solver adam, lbfgs or ridge)", body.kind);
    if (form !== undefined && body.selection.block !== "slab")
      throw differs("slabs", body.selection.block);
    checkEnds(body.selector.sizes, sizes);
    return {
      phase: "training",
      preprocessing,
      selector: body.selector.parameters,
      selection: body.selection,
      start: body.weights,
    };
  }
  if (body.kind !== "mlp") throw differs(`head ${head}`, body.kind);
  const { network } = body;
  if (network.sizes.join() !== sizes.join())
    throw differs(`sizes ${sizes.join(", ")}`, network.sizes.join(", "));
  return { phase: "training", preprocessing, start: network.parameters };
}

/** The weights an iteration starts from: those of an earlier head, else `initial`. */
export function startOf(state: RunState, initial: FloatArray): FloatArray {
  return state.start ?? initial;
}

function checkClasses({ classNames }: HeadModel, dataset: Dataset): void {
  const { classNames: wanted } = dataset;
  if (classNames === undefined || wanted === undefined) return;
  if (classNames.join("\n") !== wanted.join("\n")) {
    throw differs(`classes ${wanted.join(", ")}`, classNames.join(", "));
  }
}

/** A kept selector may have other hidden widths than the plan's: only inputs and outputs must fit the data. */
function checkEnds(kept: Sizes, wanted: Sizes): void {
  const ends = (sizes: Sizes): string =>
    `${sizes[0]} inputs and ${sizes[sizes.length - 1]} outputs`;
  if (ends(kept) !== ends(wanted)) throw differs(ends(wanted), ends(kept));
}

function differs(expected: string, found: string): GlaiError {
  return new GlaiError(
    "bad-argument",
    `Expected the earlier head to have ${expected} but it has ${found}.`,
    { hint: "Start from a head of the same kind and data, or leave the earlier head out." },
  );
}
