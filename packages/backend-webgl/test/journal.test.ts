// The journal of a session, on kernels that only write down what they are asked.
import { GlaiError } from "@glai/core";
import { expect, it } from "vitest";
import type { Command } from "../src/command.js";
import type { Kernels } from "../src/kernels.js";
import { createRecovery } from "../src/recovery.js";

interface Recorded extends Kernels {
  readonly ran: string[];
  isLost: boolean;
}

function recording(): Recorded {
  const ran: string[] = [];
  const checkLost = (): void => {
    if (recorded.isLost) throw new GlaiError("device-lost", "lost");
  };
  const recorded: Recorded = {
    ran,
    isLost: false,
    async run(command) {
      checkLost();
      ran.push("name" in command ? `${command.kind} ${command.name}` : command.kind);
    },
    async read() {
      checkLost();
      return new Float32Array(1);
    },
    readLoss: async () => ({ lossSum: 0, weightSum: 0 }),
    finish: async () => checkLost(),
    dispose() {},
  };
  return recorded;
}

const features = { values: new Float32Array(1), nSamples: 1, nFeatures: 1 };
const upload = (id: number): Command => ({ kind: "upload", id, samples: { features } });
const steps = (nRows: number): Command => ({
  kind: "trainSteps",
  samples: 0,
  rows: new Uint32Array(nRows),
  batchSize: 1,
  learningRate: 1,
});

async function readState(recovery: ReturnType<typeof createRecovery>): Promise<void> {
  for (const name of ["parameters", "firstMoment", "secondMoment", "step"] as const)
    await recovery.read(name);
}

it("starts again from the whole state, with the uploads that still live", async () => {
  const [first, second] = [recording(), recording()];
  const recovery = createRecovery(first, async () => second);
  for (const command of [upload(0), upload(1), steps(3)]) await recovery.run(command);
  await recovery.run({ kind: "release", samples: 1 });
  await readState(recovery);
  await recovery.run(steps(2));
  first.isLost = true;
  await recovery.read(undefined);
  expect(second.ran).toEqual([
    "upload",
    "write parameters",
    "write firstMoment",
    "write secondMoment",
    "write step",
    "setLoss",
    "trainSteps",
  ]);
});

it("does not take four reads for the state when something was trained between them", async () => {
  const [first, second] = [recording(), recording()];
  const recovery = createRecovery(first, async () => second);
  for (const name of ["parameters", "firstMoment"] as const) await recovery.read(name);
  await recovery.run(steps(1));
  for (const name of ["secondMoment", "step"] as const) await recovery.read(name);
  first.isLost = true;
  await recovery.read(undefined);
  expect(second.ran).toEqual(["trainSteps"]);
});

it("grows to a limit, past which a lost context is an error until the state is read", async () => {
  const kernels = [recording(), recording()] as const;
  const recovery = createRecovery(kernels[0], async () => kernels[1]);
  await recovery.run(steps(2 ** 24 + 1));
  kernels[0].isLost = true;
  await expect(recovery.read(undefined)).rejects.toMatchObject({
    code: "device-lost",
    message:
      "Expected to restore the lost WebGL context but too much was trained since the whole state was last read to repeat it.",
  });
  kernels[0].isLost = false;
  await readState(recovery);
  kernels[0].isLost = true;
  await recovery.read(undefined);
  expect(kernels[1].ran).toHaveLength(5);
});

it("leaves errors that are no lost context to whoever asked", async () => {
  const broken = recording();
  broken.read = async () => {
    throw new GlaiError("out-of-memory", "full");
  };
  const recovery = createRecovery(broken, async () => recording());
  await expect(recovery.read("parameters")).rejects.toMatchObject({ code: "out-of-memory" });
});
