import {
  type Backend,
  type Dataset,
  type Features,
  type HeadModel,
  type Matrix,
  softmax,
} from "@glai/core";
import { type Comparison, predictHead } from "@glai/engine";
import { classificationReport } from "@glai/stats";
import type { HeadClassification } from "./report-data.js";

/**
 * Class-wise scores of the first seed's run of every head, on the test split where there is one and else on
 * the validation split. Empty when what was trained is no classifier.
 */
export async function classifyHeads(
  comparison: Comparison,
  dataset: Dataset,
  backend: Backend,
): Promise<readonly HeadClassification[]> {
  if (comparison.config.objective.kind !== "classification") return [];
  const split = dataset.test === undefined ? "validation" : "test";
  const { features, labels } = dataset[split] ?? dataset.validation;
  const { nClasses, classNames } = dataset;
  const list: HeadClassification[] = [];
  for (const { head, runs } of comparison.heads) {
    const [first] = runs;
    if (first === undefined) continue;
    const probabilities = await probabilitiesOf(first.run.model, features, backend);
    const names = classNames === undefined ? {} : { names: distinct(classNames) };
    const report = classificationReport(labels, probabilities, { nClasses, ...names });
    list.push({ head, seed: first.run.seed, split, report });
  }
  return list;
}

/** Kernel expansions go to the backend: on core's readable loops they would take longer than training. */
async function probabilitiesOf(
  model: HeadModel,
  features: Features,
  backend: Backend,
): Promise<Matrix> {
  const logits = await predictHead(
    model,
    features,
    model.body.kind === "kernel" ? backend : undefined,
  );
  const temperature = model.temperature ?? 1;
  return softmax({
    ...logits,
    values: Float64Array.from(logits.values, (logit) => logit / temperature),
  });
}

/** Names that differ, which the report wants: the second "a" becomes "a (2)". */
function distinct(names: readonly string[]): readonly string[] {
  return names.map((name, i) => {
    const before = names.slice(0, i).filter((other) => other === name).length;
    return before === 0 ? name : `${name} (${before + 1})`;
  });
}
