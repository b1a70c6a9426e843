import { blockWidth, type FloatArray, type PathSelection } from "@glai/core";
import { type Graph, floats, integers, scalar } from "./graph.js";

/**
 * y = Z V with the product features Z[n, f] = x_origin(f) · open(gate(f), x_n), one for each pair of an origin and
 * a gate that a kept path has, and V the path weights, [nFeatures, nOutputs], 0 where a path was pruned.
 */
export function estimatorLogits(
  graph: Graph,
  features: string, // [N, n0], preprocessed
  patterns: readonly string[], // [N, n_l] each, 0 and 1
  selection: PathSelection,
  weights: FloatArray, // [nPaths]
): string {
  const { sizes } = selection;
  const pairs = pairsOf(selection, weights);
  const origins = graph.node(
    "Gather",
    [withOne(graph, features), graph.constant("origins", integers(pairs.origins))],
    { axis: 1 },
  );
  const open = openGates(graph, patterns, selection, pairs.gates);
  const products = graph.node("Mul", [origins, open], {}, "products");
  const nOutputs = sizes[sizes.length - 1];
  const v = floats(pairs.weights, [pairs.gates.length, nOutputs]);
  return graph.node("MatMul", [products, graph.constant("path_weights", v)]);
}

/** [N, n + 1]: a last column of ones, the origin of every bias and the layer that a gate does not cross. */
function withOne(graph: Graph, value: string): string {
  const pads = graph.constant("one_more_column", integers([0, 0, 0, 1]));
  return graph.node("Pad", [value, pads, graph.constant("one", scalar(1))], {}, "with_one");
}

/** Whether the gate of each pair is open, [N, nPairs]: the product over layers of its units' activities. */
function openGates(
  graph: Graph,
  patterns: readonly string[],
  { gates, sizes }: PathSelection,
  gateOfPair: Uint32Array,
): string {
  const layers = patterns.map((active, l) => {
    const units = Array.from(gateOfPair, (gate) =>
      l + 1 < gates.firstLayer[gate] ? sizes[l + 1] : gates.units[gate * gates.depth + l],
    );
    const indices = graph.constant("units", integers(units));
    return graph.node("Gather", [withOne(graph, active), indices], { axis: 1 });
  });
  return layers.reduce((open, layer) => graph.node("Mul", [open, layer]));
}

/** The pairs of a gate and an origin that kept paths have, in canonical order, with their weights. */
function pairsOf(selection: PathSelection, weights: FloatArray) {
  const { nBlocks, gateOf, originOf, outputOf, sizes } = selection;
  const nOutputs = sizes[sizes.length - 1];
  const isNew = (b: number): boolean =>
    b === 0 || gateOf[b] !== gateOf[b - 1] || originOf[b] !== originOf[b - 1];
  let nPairs = 0;
  for (let b = 0; b < nBlocks; b++) if (isNew(b)) nPairs++;
  const gates = new Uint32Array(nPairs);
  const origins = new Uint32Array(nPairs);
  const dense = new Float32Array(nPairs * nOutputs);
  let pair = -1;
  let path = 0;
  for (let b = 0; b < nBlocks; b++) {
    if (isNew(b)) pair++;
    gates[pair] = gateOf[b];
    origins[pair] = originOf[b];
    const end = outputOf[b] + blockWidth(selection, b);
    for (let o = outputOf[b]; o < end; o++) dense[pair * nOutputs + o] = weights[path++];
  }
  return { gates, origins, weights: dense };
}
