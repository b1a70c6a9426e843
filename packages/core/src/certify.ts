import { activationPatterns } from "./activation-patterns.js";
import type { Features } from "./arrays.js";
import { blockWeights, massesOf } from "./assemble-selection.js";
import type { ActivationPatterns } from "./conversion.js";
import { GlaiError } from "./errors.js";
import { blockWidth, estimatorForward, meanAbsoluteDifference } from "./estimator.js";
import { gateBits } from "./gates.js";
import { layersOf, type Mlp, mlpForward } from "./mlp.js";
import { blockLayout } from "./pruning/block-layout.js";
import { blockNorms, blockScores } from "./pruning/scoring.js";
import type { Certificate, PathSelection } from "./selection.js";
import { pathCount } from "./sizes.js";
import { totalMassUnder } from "./total-mass.js";

/**
 * The certificate of a selection, computed again from the network it was cut from: what `selectPaths` reported,
 * if samples and network are the same. Throws `bad-data` when the selection's weights are not path weights of
 * this network (to 1e-6, so that either may have been stored as float32).
 *
 * Blocks that `linearSkip` added are features, not paths: they count neither in `kept` nor in `keptMass`. They
 * are known by an empty gate with an input origin; an output bias with weight 0 is taken for one of them.
 *
 * @example certify(selector, selection, features).bound === selection.certificate.bound
 */
export function certify(
  network: Mlp,
  selection: PathSelection,
  features: Features,
  patterns: ActivationPatterns = activationPatterns(network, features),
): Certificate {
  checkSizes(network, selection);
  const layers = layersOf(network);
  const layout = blockLayout(selection.block, layers[layers.length - 1]);
  const groupOf = selection.outputOf.map((output) => output / layout.span);
  const blocks = { ...selection, groupOf, added: blocksOfLinearSkip(selection) };
  checkWeights(selection, blockWeights(network, layout, blocks));
  const norms = blockNorms(selection, features, patterns);
  const scores = blockScores(network, layout, blocks, norms);
  let kept = 0;
  blocks.added.forEach((added, b) => {
    if (added === 1) scores[b] = 0;
    else kept += blockWidth(selection, b);
  });
  const paths = pathCount(network.sizes);
  const gates = gateBits(selection.gates, patterns);
  return {
    paths,
    kept,
    ...massesOf({
      scores,
      totalMass: totalMassUnder(network, features, patterns),
      restIsMassless: BigInt(kept) === paths,
    }),
    measuredError: meanAbsoluteDifference(
      mlpForward(network, features),
      estimatorForward(selection, selection.weights, gates, features),
    ),
    nSamples: features.nSamples,
  };
}

/** 1 for blocks that are no paths of the network. [nBlocks] */
function blocksOfLinearSkip(selection: PathSelection): Uint8Array {
  const { gates, gateOf, originOf, sizes, weights } = selection;
  const added = new Uint8Array(selection.nBlocks);
  let p = 0;
  for (let b = 0; b < selection.nBlocks; b++) {
    const end = p + blockWidth(selection, b);
    const isAlwaysOpen = gates.firstLayer[gateOf[b]] === gates.depth + 1;
    const isZero = weights.subarray(p, end).every((weight) => weight === 0);
    added[b] = isAlwaysOpen && (originOf[b] < sizes[0] || isZero) ? 1 : 0;
    p = end;
  }
  return added;
}

function checkSizes(network: Mlp, selection: PathSelection): void {
  if (network.sizes.join() === selection.sizes.join()) return;
  throw new GlaiError(
    "bad-data",
    `Expected a selection of sizes [${network.sizes.join(", ")}] but received one of [${selection.sizes.join(", ")}].`,
    { hint: "Certify a selection with the network that it was cut from." },
  );
}

function checkWeights(selection: PathSelection, expected: Float64Array): void {
  const place = expected.findIndex(
    (weight, p) => !(Math.abs(selection.weights[p] - weight) <= 1e-6 * Math.abs(weight)),
  );
  if (place < 0) return;
  throw new GlaiError(
    "bad-data",
    `Expected weight ${expected[place]} for path ${place} of the selection, as in the network, but found ${selection.weights[place]}.`,
    {
      hint: "Certify a selection with the network that it was cut from, and with the weights that it was cut with.",
    },
  );
}
