import { type BufferName, type FloatArray, GlaiError, isGlaiError } from "@glai/core";
import type { Command } from "./command.js";
import type { Kernels } from "./kernels.js";

/** Numbers that the journal may hold (rows and written arrays), 64 MiB. */
const JOURNAL_LIMIT = 2 ** 24;
/** Contexts that may be lost between two complete reads of the state. */
const MOST_LOSSES = 3;

const stateBuffers = ["parameters", "firstMoment", "secondMoment", "step"] as const;
type StateBuffer = (typeof stateBuffers)[number];

/**
 * Keeps what a session needs to go on after its context was lost: a journal of commands that leads to the present
 * state. Once the whole state has been read, the journal starts again from there, so that a page which
 * saves from time to time repeats only what came since. Commands run again in the same order with the same
 * arguments and give the same numbers.
 */
export function createRecovery(
  first: Kernels,
  open: () => Promise<Kernels>,
): {
  run(command: Command): Promise<void>;
  read(name: BufferName | undefined): Promise<FloatArray>;
  dispose(): void;
} {
  let kernels = first;
  let journal: Command[] | undefined = []; // undefined once it has grown past its limit
  let nNumbers = 0;
  let nLost = 0;
  const seen = new Map<StateBuffer, FloatArray>(); // state buffers read since the last change
  const live = new Map<number, Command>(); // uploads that were not released
  const gone = new Set<BufferName>(); // results of commands before the journal that a new context lacks

  function record(command: Command): void {
    if (command.kind === "trainSteps" || command.kind === "write") seen.clear();
    if (command.kind === "upload") live.set(command.id, command);
    if (command.kind === "release") live.delete(command.samples);
    if (journal === undefined) return;
    journal.push(command);
    nNumbers += sizeOf(command);
    if (nNumbers > JOURNAL_LIMIT) journal = undefined;
  }

  /** Works on the kernels; after a lost context, again on new ones that were brought to the same state. */
  async function attempt<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        await reopen(error);
      }
    }
  }

  async function reopen(error: unknown): Promise<void> {
    for (let cause = error; ; nLost++) {
      if (!isGlaiError(cause) || cause.code !== "device-lost") throw cause;
      if (journal === undefined || nLost >= MOST_LOSSES) throw notRestored(cause, journal);
      try {
        kernels.dispose();
        kernels = await open();
        gone.clear();
        if (!journal.some(({ kind }) => kind === "trainSteps")) gone.add("gradients");
        if (!journal.some(({ kind }) => kind === "forward")) gone.add("logits");
        for (const command of journal) await kernels.run(command);
        nLost++;
        return;
      } catch (again) {
        cause = again;
      }
    }
  }

  async function remember(name: BufferName, values: FloatArray): Promise<void> {
    const buffer = stateBuffers.find((candidate) => candidate === name);
    if (buffer === undefined) return;
    seen.set(buffer, values.slice());
    if (seen.size < stateBuffers.length) return;
    const loss = await attempt(() => kernels.readLoss());
    const writes = [...seen].map(([written, from]): Command => ({
      kind: "write",
      name: written,
      from,
    }));
    journal = [...live.values(), ...writes, { kind: "setLoss", ...loss }];
    nNumbers = journal.reduce((sum, command) => sum + sizeOf(command), 0);
    nLost = 0;
    seen.clear();
  }

  return {
    async run(command) {
      await attempt(() => kernels.run(command));
      record(command);
      if (command.kind === "trainSteps") gone.delete("gradients");
      if (command.kind === "forward") gone.delete("logits");
    },

    async read(name) {
      if (name === undefined) {
        await attempt(() => kernels.finish());
        return new Float32Array(0);
      }
      const values = await attempt(() => kernels.read(name));
      if (gone.has(name)) throw resultGone(name);
      if (name === "loss") {
        const cleared: Command = { kind: "setLoss", lossSum: 0, weightSum: 0 };
        await attempt(() => kernels.run(cleared));
        record(cleared);
      }
      await remember(name, values);
      return values;
    },

    dispose: () => kernels.dispose(),
  };
}

function sizeOf(command: Command): number {
  if (command.kind === "write") return command.from.length;
  return command.kind === "trainSteps" || command.kind === "forward" ? command.rows.length : 0;
}

function notRestored(cause: GlaiError, journal: readonly Command[] | undefined): GlaiError {
  const why =
    journal === undefined
      ? "too much was trained since the whole state was last read to repeat it"
      : `it was lost ${MOST_LOSSES} times since the whole state was last read`;
  return new GlaiError("device-lost", `Expected to restore the lost WebGL context but ${why}.`, {
    hint: "Read parameters, firstMoment, secondMoment and step from time to time, and go on from them in a new session.",
    cause,
  });
}

function resultGone(name: BufferName): GlaiError {
  const call = name === "logits" ? "session.forward(…)" : "session.trainSteps(…)";
  return new GlaiError(
    "device-lost",
    `Expected ${name} but they were lost with a WebGL context; parameters and moments were restored.`,
    { hint: `Call ${call} again.` },
  );
}
