import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { createRandom } from "@glai/core";
import { describe, expect, it } from "vitest";
import { openRunFolder, readMetrics } from "../../src/node.js";
import { scratchFolders } from "./scratch.js";

const scratch = scratchFolders();
const built = pathToFileURL(join(import.meta.dirname, "../../dist/node.js")).href;

/** Resumes the run and goes on, a line and a checkpoint per epoch, until it is killed. */
function startRun(path: string) {
  const script = `
    import { openRunFolder } from ${JSON.stringify(built)};
    const run = await openRunFolder(${JSON.stringify(path)}, { mode: "resume" });
    const { checkpoint, warnings } = await run.resume();
    if (warnings.length > 0) throw new Error(warnings[0]);
    let epoch = checkpoint?.state.epoch ?? 0;
    process.stdout.write("resumed");
    for (;;) {
      epoch++;
      run.appendMetrics({ epoch });
      const parameters = new Float32Array(20_000).fill(epoch);
      await run.writeCheckpoint({ version: 1, arrays: { parameters }, state: { epoch } });
    }`;
  return spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

describe("a run that is killed at random moments", { timeout: 60_000 }, () => {
  it("always finds a whole checkpoint, the metrics up to it, and a free lock", async () => {
    const path = join(scratch(), "x");
    const random = createRandom(2);
    let last = 0;
    for (let round = 0; round < 4; round++) {
      const child = startRun(path);
      await once(child.stdout, "data");
      await setTimeout(20 + 100 * random.uniform());
      child.kill("SIGKILL");
      await once(child, "exit");
      const run = await openRunFolder(path, { mode: "resume" });
      const { checkpoint, warnings } = await run.resume();
      await run.close();
      expect(warnings).toEqual([]);
      const epoch = (checkpoint?.state as { epoch: number } | undefined)?.epoch ?? 0;
      expect(epoch).toBeGreaterThanOrEqual(last);
      expect(new Set(checkpoint?.arrays["parameters"])).toEqual(new Set(checkpoint ? [epoch] : []));
      const lines = (await readMetrics(path)).map((line) => line["epoch"]);
      expect(lines).toEqual(Array.from({ length: epoch }, (_, i) => i + 1));
      last = epoch;
    }
    expect(last).toBeGreaterThan(0);
  });
});
