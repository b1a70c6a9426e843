import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createCpuBackend } from "../src/index.js";
import { outcome } from "./support/parity.js";
import {
  dropout,
  estimatorProblem,
  losses,
  mlpProblem,
  optimizers,
  type Problem,
} from "./support/problems.js";
import { tiersHere } from "./support/tiers.js";

const problems: Record<string, Problem> = {
  mlp: mlpProblem([70, 90, 37], 60),
  path: estimatorProblem({ sizes: [70, 40, 37], block: "path", kept: 0.3 }, 60),
  block16: estimatorProblem({ sizes: [70, 40, 37], block: "block16", kept: 0.3 }, 60),
  slab: estimatorProblem({ sizes: [70, 40, 37], block: "slab", kept: 0.3 }, 60),
};

/** A checksum of every buffer after a few steps: equal bits, equal text. */
async function train(
  tier: "native" | "wasm" | "typescript",
  threads: number,
  problem: Problem,
): Promise<string> {
  const training = { loss: losses.infoNCE, optimizer: optimizers.adamw, dropout };
  const buffers = await outcome(createCpuBackend({ tier, threads }), problem, training, {
    batchSize: 40,
    nSteps: 4,
  });
  const hash = createHash("sha256");
  for (const values of Object.values(buffers)) {
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest("hex");
}

for (const tier of await tiersHere()) {
  describe(`the ${tier} tier`, () => {
    for (const [name, problem] of Object.entries(problems)) {
      it(`trains a ${name} model to the same bits with any number of threads`, async () => {
        const alone = await train(tier, 1, problem);
        for (const threads of [1, 2, 3, 5]) {
          expect(await train(tier, threads, problem)).toEqual(alone);
        }
      });
    }
  });
}
