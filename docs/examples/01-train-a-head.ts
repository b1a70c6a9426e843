/**
 * Trains a head on bundled real embeddings, says what it is worth, and predicts from its file.
 * Run it from a checkout after `pnpm build`.
 */
import { createCpuBackend } from "@glai/backend-cpu";
import { loadDataset } from "@glai/datasets";
import { predictHead, protocolDefaults, trainHead } from "@glai/engine";
import { decodeHeadModel, encodeHeadModel } from "@glai/io";

const dataset = await loadDataset("B2"); // 2,000 sentences of 15 genres, 512 numbers each
const backend = createCpuBackend();
const run = await trainHead(dataset, {
  head: "glai",
  protocol: protocolDefaults("fast"),
  backend,
  seed: 0,
  now: () => performance.now(),
});
console.log(`accuracy ${(100 * run.score).toFixed(1)} % in ${run.seconds.total.toFixed(2)} s`);
console.log(run.solver?.detail);

const bytes = encodeHeadModel(run.model); // a safetensors file with the whole head inside
const logits = await predictHead(decodeHeadModel(bytes), dataset.validation.features, backend);
console.log(`logits of ${logits.nRows} samples over ${logits.nColumns} classes`);
