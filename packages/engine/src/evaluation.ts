import { parameterCount } from "@glai/core";
import type { FloatArray, ModelSpec, SamplesHandle, Session } from "@glai/core";
import type { Pacer } from "./pacing.js";
import type { ObjectiveConfig } from "./protocol.js";

/** How the validation split is gone through. */
export interface EvaluationSetup {
  readonly session: Session;
  readonly samples: SamplesHandle;
  readonly rows: Uint32Array; // 0 … nValidation − 1
  readonly rowsPerPiece: number;
  readonly labels?: Uint32Array; // [nValidation], for accuracy
  readonly pacer: Pacer;
}

/** One look at the validation split. */
export interface Evaluation {
  readonly loss: number; // mean
  readonly score: number; // accuracy (0..1) with labels, else the loss
}

const multiplicationsPerPiece = 3e7; // some 30 ms in plain loops

/**
 * Rows per forward call: the batch of a contrastive objective, else as many as keep a piece short.
 * Depends on the model only, so that the same run gives the same bits.
 */
export function evaluationRows(model: ModelSpec, objective: ObjectiveConfig): number {
  if (objective.kind === "contrastive") return objective.evaluationBatch;
  const size = model.kind === "mlp" ? parameterCount(model.sizes) : model.selection.nPaths;
  return Math.max(16, Math.floor(multiplicationsPerPiece / Math.max(1, size)));
}

/** Loss and score over the validation rows. The session's pending loss must have been read before. */
export async function evaluate(setup: EvaluationSetup): Promise<Evaluation> {
  const { session, samples, rows, rowsPerPiece, labels, pacer } = setup;
  let correct = 0;
  for (let from = 0; from < rows.length; from += rowsPerPiece) {
    const piece = rows.subarray(from, from + rowsPerPiece);
    session.forward(samples, piece);
    if (labels !== undefined)
      correct += countCorrect(await session.read("logits"), labels.subarray(from), piece.length);
    else await session.synchronize();
    await pacer.breathe();
  }
  const [loss] = await session.read("loss");
  return { loss, score: labels === undefined ? loss : correct / rows.length };
}

/** Rows whose largest logit (the first of equal ones) is the label's. */
export function countCorrect(logits: FloatArray, labels: Uint32Array, nRows: number): number {
  const nOutputs = logits.length / nRows;
  let correct = 0;
  for (let row = 0; row < nRows; row++) {
    let best = 0;
    for (let o = 1; o < nOutputs; o++)
      if (logits[row * nOutputs + o] > logits[row * nOutputs + best]) best = o;
    if (best === labels[row]) correct++;
  }
  return correct;
}
