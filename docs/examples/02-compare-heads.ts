/**
 * Compares heads on bundled real embeddings, a small budget: the paper's protocol, two seeds.
 * Run it from a checkout after `pnpm build`.
 */
import { createCpuBackend } from "@glai/backend-cpu";
import { loadDataset } from "@glai/datasets";
import { compareHeads, protocolDefaults } from "@glai/engine";

const dataset = await loadDataset("a1_fashion_mnetv2_384");
const comparison = await compareHeads(dataset, {
  heads: ["mlp", "glai", "linear", "mlp-adam"],
  seeds: [0, 1],
  protocol: { ...protocolDefaults("paper", "A1"), maxEpochs: 3 },
  backend: createCpuBackend(),
  now: () => performance.now(),
});
for (const { head, score, speedup } of comparison.heads) {
  const times = speedup === null ? "" : `, ${speedup.mean.toFixed(2)} × the MLP's speed`;
  console.log(`${head.padEnd(8)} ${(100 * score.mean).toFixed(1)} %${times}`);
}
