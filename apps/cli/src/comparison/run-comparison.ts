import { type Comparison, compareHeads, type HeadRun } from "@glai/engine";
import { type Dataset, GlaiError, isGlaiError } from "@glai/core";
import { type ChosenBackend, describeChoice } from "../backends/choose.js";
import type { Config } from "../config/schema.js";
import type { CommandContext } from "../context.js";
import { holdDuringConversion } from "../run/hold-during-conversion.js";
import { createProgress } from "../progress/create.js";

/**
 * Trains every head with every seed on the chosen backend, with progress on stderr.
 *
 * @throws `aborted` after an interrupt, saying how many runs were finished; `onRun` has seen those.
 */
export async function runComparison(
  dataset: Dataset,
  config: Config,
  chosen: ChosenBackend,
  context: CommandContext,
  options: { readonly quiet: boolean; onRun?(run: HeadRun): void },
): Promise<Comparison> {
  const { terminal, interrupt } = context;
  const { heads, seeds, target, protocol } = config;
  const progress = createProgress(terminal, options);
  if (!options.quiet) progress.note(describeChoice(chosen));
  interrupt.stopGracefully(() => progress.note("Interrupted: stopping."));
  let finished = 0;
  try {
    return await compareHeads(dataset, {
      heads,
      seeds,
      protocol,
      backend: chosen.backend,
      now: terminal.now,
      signal: interrupt.signal,
      ...(target !== null && { target }),
      onEvent(event) {
        if (event.kind === "run-started") {
          progress.start(`${event.head}, seed ${event.seed}`, event.index, event.count);
        } else if (event.kind === "run-event") {
          progress.event(event.event);
          holdDuringConversion(interrupt, chosen.backend, event.event);
        } else {
          finished++;
          options.onRun?.(event.run);
        }
      },
    });
  } catch (error) {
    if (!isGlaiError(error) || error.code !== "aborted") throw error;
    const count = heads.length * seeds.length;
    throw new GlaiError("aborted", `Interrupted after ${finished} of ${count} runs.`, {
      cause: error,
    });
  } finally {
    progress.close();
  }
}
