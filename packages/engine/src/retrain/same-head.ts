import {
  type FloatArray,
  GlaiError,
  type HeadModel,
  type Mlp,
  type Preprocessing,
} from "@glai/core";
import type { RetrainableHead } from "./state.js";

/**
 * Throws `bad-argument` naming the first thing in which two heads see samples differently: only sums over
 * the same features can be added. Penalties may differ; the first head's is kept.
 */
export function checkSameHead(a: RetrainableHead, b: RetrainableHead, which: number): void {
  const different = firstDifference(a, b);
  if (different === undefined) return;
  throw new GlaiError(
    "bad-argument",
    `Expected heads that see samples alike but number ${which} has ${different}.`,
    {
      hint: "Train one head, update it with each shard, take its first samples out of all but one, and merge those.",
    },
  );
}

function firstDifference(a: RetrainableHead, b: RetrainableHead): string | undefined {
  if (a.state.kind !== b.state.kind) return "another solver";
  return (
    differentPreprocessing(a.model.preprocessing, b.model.preprocessing) ??
    differentBody(a.model.body, b.model.body)
  );
}

function differentPreprocessing(a: Preprocessing, b: Preprocessing): string | undefined {
  if (a.kind !== b.kind) return `another preprocessing: ${b.kind} instead of ${a.kind}`;
  if (a.kind === "none" || b.kind === "none") return undefined;
  if (!equal(a.mean, b.mean)) return `another preprocessing: the mean of ${b.kind}`;
  if (a.kind === "standardize" && b.kind === "standardize" && !equal(a.scale, b.scale)) {
    return "another preprocessing: the scale of standardize";
  }
  if (a.kind === "whiten" && b.kind === "whiten" && !equal(a.matrix, b.matrix)) {
    return "another preprocessing: the matrix of whiten";
  }
  return undefined;
}

function differentBody(a: HeadModel["body"], b: HeadModel["body"]): string | undefined {
  if (a.kind === "kernel" && b.kind === "kernel") {
    if (a.support.nFeatures !== b.support.nFeatures) return "another number of features";
    if (JSON.stringify(a.kernel) !== JSON.stringify(b.kernel)) {
      return `another kernel: ${JSON.stringify(b.kernel)} instead of ${JSON.stringify(a.kernel)}`;
    }
    return differentSelector(a.selector, b.selector);
  }
  if (a.kind === "estimator" && b.kind === "estimator") {
    const [p, q] = [a.selection, b.selection];
    const isSame =
      equal(p.gates.firstLayer, q.gates.firstLayer) &&
      equal(p.gates.units, q.gates.units) &&
      equal(p.gateOf, q.gateOf) &&
      equal(p.originOf, q.originOf);
    return (
      differentSelector(a.selector, b.selector) ?? (isSame ? undefined : "another path selection")
    );
  }
  if (a.kind === "mlp" && b.kind === "mlp") {
    return a.network.sizes[0] === b.network.sizes[0] ? undefined : "another number of features";
  }
  return `another kind of body: ${b.kind} instead of ${a.kind}`;
}

/** Only hidden layers open gates; outputs may have been added. */
function differentSelector(a: Mlp | undefined, b: Mlp | undefined): string | undefined {
  if (a === undefined || b === undefined) return a === b ? undefined : "another selector";
  const [ha, hb] = [hidden(a), hidden(b)];
  const same = a.sizes.slice(0, -1).join() === b.sizes.slice(0, -1).join() && equal(ha, hb);
  return same ? undefined : "another selector";
}

function hidden({ parameters, sizes }: Mlp): FloatArray {
  const outputs = sizes[sizes.length - 1];
  return parameters.subarray(0, parameters.length - (sizes[sizes.length - 2] + 1) * outputs);
}

function equal(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
