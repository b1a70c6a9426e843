import { bootstrapTest } from "./bootstrap.js";
import type { BootstrapOptions } from "./bootstrap.js";
import { checkArray, checkOneOf, checkSameLength, checkSample } from "./check.js";
import type { Sample } from "./check.js";
import { meanOf, safeScale, sum } from "./descriptive.js";
import { pairedT } from "./paired-t.js";
import type { ClusterLabels, PairedOptions } from "./pairs.js";
import { permutationTest } from "./permutation.js";
import type { PermutationOptions } from "./permutation.js";
import type { TestResult } from "./result.js";
import { signTest } from "./sign-test.js";
import { plural, short } from "./text.js";
import { wilcoxonSignedRank } from "./wilcoxon.js";
import type { WilcoxonOptions } from "./wilcoxon.js";

const tests = ["wilcoxon", "ttest", "sign", "permutation", "bootstrap"] as const;

/** Options of `clusteredPairs`: a test, and that test's own options. */
export type ClusteredOptions =
  | ({ readonly test?: "wilcoxon" } & Omit<WilcoxonOptions, "clusters">)
  | ({ readonly test: "permutation" } & Omit<PermutationOptions, "clusters">)
  | ({ readonly test: "bootstrap" } & Omit<PairedOptions & BootstrapOptions, "clusters">)
  | ({ readonly test: "ttest" | "sign" } & Omit<PairedOptions, "clusters">);

/** The values of one cluster. */
export interface Cluster {
  readonly label: string | number;
  readonly n: number;
  readonly mean: number;
}

/**
 * Tests by cluster: pairs are first averaged within each cluster, and the cluster means are tested
 * (Wilcoxon by default). Pairs within a cluster, such as repeated runs on the same data set, share
 * whatever is peculiar to it; they say how well one cluster is measured, not how far a result carries
 * over to others, and counting them as independent makes p too small (Hurlbert 1984). A warning gives
 * the number of clusters and the intraclass correlation.
 *
 * `n` is the number of clusters. Clusters count alike, however many pairs they hold.
 *
 * @throws RangeError for fewer than two clusters
 * @example
 * const x = [5, 6, 7, 3, 4, 5];
 * const y = [1, 2, 3, 2, 3, 4];
 * clusteredPairs(x, y, ["a", "a", "a", "b", "b", "b"]).n; // 2
 */
export function clusteredPairs(
  x: Sample,
  y: Sample,
  clusters: ClusterLabels,
  options: ClusteredOptions = {},
): TestResult {
  const { test = "wilcoxon" } = options;
  checkOneOf(test, "test", tests);
  const first = checkSample(x, "x");
  const second = checkSample(y, "y");
  checkSameLength(first, "x", second, "y");
  const xs = clusterMeans(first, clusters);
  const ys = clusterMeans(second, clusters);
  if (xs.length < 2) {
    throw new RangeError(
      `Expected at least 2 clusters but all ${first.length} pairs carry the label ${xs[0].label}.`,
    );
  }
  const result = run(xs.map(meanOfCluster), ys.map(meanOfCluster), options);
  if (xs.length === first.length) return result;
  return {
    ...result,
    method: `${result.method}, on cluster means`,
    warnings: [...clusterWarnings(first, second, clusters, xs), ...result.warnings],
  };
}

/**
 * Means within clusters, in order of first appearance.
 *
 * @example
 * clusterMeans([1, 3, 7], ["a", "a", "b"]); // [{ label: "a", n: 2, mean: 2 }, { label: "b", n: 1, mean: 7 }]
 */
export function clusterMeans(values: Sample, clusters: ClusterLabels): Cluster[] {
  const checked = checkSample(values, "values");
  const groups = new Map<string | number, number[]>();
  for (const [i, label] of checkLabels(clusters, checked.length).entries()) {
    const group = groups.get(label);
    if (group === undefined) groups.set(label, [checked[i]]);
    else group.push(checked[i]);
  }
  return [...groups].map(([label, members]) => ({
    label,
    n: members.length,
    mean: meanOf(Float64Array.from(members)),
  }));
}

/**
 * Intraclass correlation: the share of the variance that lies between clusters, by one-way analysis of
 * variance with unequal sizes. 1 when the values within each cluster are equal; under 0 when clusters
 * differ less than chance would make them.
 *
 * Source: Shrout & Fleiss (1979), ICC(1); Donner (1986) for unequal sizes.
 *
 * @throws RangeError when all values are equal, or no cluster holds two values, or there is one cluster
 * @example
 * intraclassCorrelation([1, 1, 5, 5], ["a", "a", "b", "b"]); // 1
 */
export function intraclassCorrelation(values: Sample, clusters: ClusterLabels): number {
  const checked = checkSample(values, "values");
  const groups = clusterMeans(checked, clusters);
  const [n, k] = [checked.length, groups.length];
  if (k < 2 || k === n) {
    throw new RangeError(
      `Expected 2 clusters or more, one of them with 2 values or more, but received ${plural(n, "value")} in ${plural(k, "cluster")}.`,
    );
  }
  const correlation = oneWay(checked, clusters, groups);
  if (correlation !== undefined) return correlation;
  throw new RangeError(`Expected values that vary but all ${n} equal ${short(checked[0])}.`);
}

function oneWay(
  values: Float64Array,
  clusters: ClusterLabels,
  groups: readonly Cluster[],
): number | undefined {
  const [n, k] = [values.length, groups.length];
  const grand = meanOf(values);
  const scale = safeScale(values.map((value) => value - grand));
  const means = new Map(groups.map((group) => [group.label, group.mean]));
  const within = values.map((value, i) => ((value - (means.get(clusters[i]) ?? 0)) / scale) ** 2);
  const between =
    sum(groups.map((group) => group.n * ((group.mean - grand) / scale) ** 2)) / (k - 1);
  const residual = sum(within) / (n - k);
  const size = (n - sum(groups.map((group) => group.n ** 2)) / n) / (k - 1);
  const total = between + (size - 1) * residual;
  return total === 0 ? undefined : (between - residual) / total;
}

function checkLabels(clusters: ClusterLabels, length: number): (string | number)[] {
  checkArray(clusters, "clusters");
  checkSameLength(clusters, "clusters", { length }, "values");
  return Array.from(clusters);
}

function run(x: readonly number[], y: readonly number[], options: ClusteredOptions): TestResult {
  switch (options.test) {
    case undefined:
    case "wilcoxon":
      return wilcoxonSignedRank(x, y, options);
    case "ttest":
      return pairedT(x, y, options);
    case "sign":
      return signTest(x, y, options);
    case "permutation":
      return permutationTest(x, y, options);
    case "bootstrap":
      return bootstrapTest(x, y, options);
    default:
      return options satisfies never;
  }
}

function meanOfCluster(cluster: Cluster): number {
  return cluster.mean;
}

function clusterWarnings(
  x: Float64Array,
  y: Float64Array,
  clusters: ClusterLabels,
  groups: readonly Cluster[],
): string[] {
  const differences = x.map((value, i) => value - y[i]);
  const correlation = oneWay(differences, clusters, clusterMeans(differences, clusters));
  const icc = correlation === undefined ? "" : ` (intraclass correlation ${short(correlation)})`;
  const warnings = [
    `${plural(x.length, "pair")} come from ${plural(groups.length, "cluster")}: pairs of one cluster are not independent${icc}, so the ${groups.length} cluster means are tested.`,
  ];
  const sizes = groups.map((group) => group.n);
  const [smallest, largest] = [Math.min(...sizes), Math.max(...sizes)];
  if (smallest < largest) {
    warnings.push(`Clusters hold ${smallest} to ${largest} pairs and count alike.`);
  }
  return warnings;
}
