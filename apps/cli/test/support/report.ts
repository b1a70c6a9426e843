import { createReferenceBackend, createRandom, type Dataset } from "@glai/core";
import { compareHeads, type Comparison, protocolDefaults } from "@glai/engine";
import { contrastTests, observationsOf } from "../../src/comparison/contrasts.js";
import { classifyHeads } from "../../src/report/classify-heads.js";
import type { ReportData } from "../../src/report/report-data.js";

/** Class names that try to become markup. */
export const hostile = [
  `<script>alert(1)</script>`,
  `"><img src=x onerror=alert(2)>`,
  `</title><style>*{display:none}</style>`,
] as const;

/** Three noisy blobs with hostile class names. */
function hostileDataset(): Dataset {
  const random = createRandom(3);
  const split = (nSamples: number) => ({
    features: {
      values: Float32Array.from({ length: nSamples * 4 }, (_, k) => {
        const [row, column] = [Math.floor(k / 4), k % 4];
        return (row % 3 === column ? 1.5 : 0) + random.normal();
      }),
      nSamples,
      nFeatures: 4,
    },
    labels: Uint32Array.from({ length: nSamples }, (_, i) => i % 3),
  });
  return {
    name: "<b>blobs</b>",
    train: split(60),
    validation: split(30),
    nClasses: 3,
    classNames: hostile,
  };
}

/** A report of real (short) runs of four heads with three seeds. */
export async function shortReport(): Promise<ReportData> {
  const dataset = hostileDataset();
  const backend = createReferenceBackend();
  const comparison: Comparison = await compareHeads(dataset, {
    heads: ["mlp", "mlp-reduced", "glai", "linear"],
    seeds: [0, 1, 2],
    protocol: { ...protocolDefaults("paper"), hidden: [8], maxEpochs: 6 },
    backend,
    now: () => performance.now(),
  });
  return {
    title: `heads on ${dataset.name}`,
    subtitle: "a short run",
    conclusion: [`It's "fine" & <well>.`],
    budget: "six epochs",
    notes: ["<i>first</i> note", "second note"],
    comparison,
    tests: contrastTests(observationsOf(comparison, dataset.name)),
    classification: await classifyHeads(comparison, dataset, backend),
    facts: [["machine", "<machine>"]],
    config: "seed: 0 # <config>",
  };
}
