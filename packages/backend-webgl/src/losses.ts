import type { LossSpec } from "@glai/core";
import type { Device, Tensor } from "./device.js";
import type { BatchRows, DeviceSamples } from "./model.js";

/** A batch's loss, before it is added up, and what to do with the logits. Freed by the caller. */
export interface BatchLoss {
  readonly rowLoss: Tensor; // [nLosses]
  readonly nLosses: number; // rows, or pairs of views
  /** ∂loss/∂logits; only when it was asked for. */
  readonly gradient?: Tensor;
}

/** Loss of a batch's logits; `weightSum` is Σ of class weights over its rows. */
export function batchLoss(
  device: Device,
  loss: LossSpec,
  logits: Tensor,
  samples: DeviceSamples,
  batch: BatchRows & { readonly weightSum: number; readonly classWeights: Tensor | undefined },
  withGradient: boolean,
): BatchLoss {
  const { rows, first, count, nRows } = batch;
  const width = logits.length / nRows;
  const from = [rows, first, count, width] as const;
  switch (loss.kind) {
    case "crossEntropy": {
      const normalizer = device.run("rowNormalizer", nRows, logits, width);
      const args = [
        logits,
        normalizer,
        samples.labels as Tensor,
        batch.classWeights as Tensor,
        ...from,
      ] as const;
      const rowLoss = device.run("crossEntropyLoss", nRows, ...args);
      const gradient = withGradient
        ? device.run("crossEntropyGradient", nRows * width, ...args, 1 / batch.weightSum)
        : undefined;
      device.free(normalizer);
      return { rowLoss, nLosses: nRows, ...(gradient && { gradient }) };
    }
    case "meanSquaredError": {
      const args = [logits, samples.targets as Tensor, ...from] as const;
      const rowLoss = device.run("squaredErrorLoss", nRows, ...args);
      const gradient = withGradient
        ? device.run("squaredErrorGradient", nRows * width, ...args, 2 / (nRows * width))
        : undefined;
      return { rowLoss, nLosses: nRows, ...(gradient && { gradient }) };
    }
    case "infoNCE":
      return contrast(device, loss.temperature, logits, nRows / 2, width, withGradient);
    default:
      return loss satisfies never;
  }
}

/** `infoNCE` of core: n pairs, the second view n rows below the first. */
function contrast(
  device: Device,
  temperature: number,
  logits: Tensor,
  n: number,
  width: number,
  withGradient: boolean,
): BatchLoss {
  const lengths = device.run("rowLength", 2 * n, logits, width);
  const units = device.run("divideRows", 2 * n * width, logits, lengths, width);
  const s = device.run("similarity", n * n, units, n, width, 1 / temperature);
  const rowSums = device.run("rowNormalizer", n, s, n);
  const columnSums = device.run("columnNormalizer", n, s, n);
  const rowLoss = device.run("pairLoss", n, s, rowSums, columnSums, n);
  let gradient: Tensor | undefined;
  if (withGradient) {
    const dS = device.run(
      "similarityGradient",
      n * n,
      s,
      rowSums,
      columnSums,
      n,
      1 / (2 * n * temperature),
    );
    const dUnits = device.run("unitGradient", 2 * n * width, dS, units, n, width);
    const along = device.run("rowProduct", 2 * n, units, dUnits, width);
    const across = device.run("removeAlong", 2 * n * width, dUnits, units, along, width);
    gradient = device.run("divideRows", 2 * n * width, across, lengths, width);
    device.free(dS, dUnits, along, across);
  }
  device.free(lengths, units, s, rowSums, columnSums);
  return { rowLoss, nLosses: n, ...(gradient && { gradient }) };
}
