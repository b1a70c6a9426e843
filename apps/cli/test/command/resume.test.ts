import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRandom } from "@glai/core";
import { beforeAll, describe, expect, it } from "vitest";
import { settings, smallData, temporaryFolder, writeData } from "../support/data.js";
import type { TrainDocument } from "../../src/documents/train.js";
import { glai, glaiJson, type RunningGlai, startGlai } from "../support/glai.js";

const root = temporaryFolder();
const data = join(root, "data");

beforeAll(() => {
  writeData(data, smallData({ nTrain: 600, nFeatures: 32, nClasses: 4 }));
});

/** Two columns, two classes, 50 rows. */
function writeTable(path: string): string {
  const rows = Array.from({ length: 50 }, (_, i) => `${i % 2},${Math.sin(i)},${i % 2}`);
  writeFileSync(path, `${["a,b,y", ...rows].join("\n")}\n`);
  return path;
}

const epochs: Readonly<Record<string, number>> = { cpu: 1200, reference: 80 };

/** A run of a second or two: many short epochs that patience never ends. */
function longRun(backend: string, out: string, head = "glai"): string[] {
  const set = settings([
    "protocol.hidden=[48]",
    `protocol.maxEpochs=${epochs[backend]}`,
    "protocol.earlyStopping.patience=1000",
    "protocol.reduced.freeze={ kind: epochs, n: 12 }",
    "protocol.estimator.block=path",
    "protocol.mlp.batchSize=16",
    "protocol.reduced.batchSize=16",
    "protocol.estimator.solver={ kind: adam, batchSize: 16 }",
  ]);
  return ["train", data, "--head", head, "--backend", backend, "--out", out, ...set];
}

const endless = ["--set", "protocol.maxEpochs=100000"];

/** Waits, then kills a run; true when it was alive until then. */
async function killAfter(run: RunningGlai, milliseconds: number): Promise<boolean> {
  await run.saw(/seed 0/);
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  run.child.kill("SIGKILL");
  return (await run.outcome).signal === "SIGKILL";
}

/** The files that must have the same bits; clocks are in the others. */
function bitsOf(out: string): Record<string, string> {
  const metrics = readFileSync(join(out, "metrics.jsonl"), "utf8").trimEnd().split("\n");
  const curve = metrics
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ type }) => type === "epoch" || type === "shift")
    .map(({ seconds: _, ...rest }) => rest);
  const model = readFileSync(join(out, "model.safetensors")).toString("base64");
  return { model, curve: JSON.stringify(curve) };
}

describe("a run that is killed", () => {
  const random = createRandom(Date.now() >>> 0); // other moments every time; any of them must do

  it.each(["cpu", "reference"])(
    "at random moments and resumed has the bits of one that never was, on backend %s",
    async (backend) => {
      const whole = join(root, `whole-${backend}`);
      const killed = join(root, `killed-${backend}`);
      const left = startGlai(longRun(backend, whole), root);
      await left.saw(/seed 0/);
      const beganAt = performance.now();
      const { code, endedAt, stderr } = await left.outcome;
      expect(code, stderr).toBe(0);
      const moments: string[] = [];
      for (let attempt = 0; attempt < 5; attempt++) {
        const resume = existsSync(join(killed, "manifest.json")) ? ["--resume"] : [];
        const moment = random.uniform() * 0.5 * (endedAt - beganAt);
        const alive = await killAfter(
          startGlai([...longRun(backend, killed), ...resume], root),
          moment,
        );
        moments.push(`${Math.round(moment)}${alive ? "" : " (was finished)"}`);
        if (!alive) break;
      }
      expect(moments[0]).not.toContain("finished"); // or nothing was tested
      const last = await glai([...longRun(backend, killed), "--resume"], root);
      expect(last.code, last.stderr).toBe(0);
      expect(bitsOf(killed), `moments ${moments.join(", ")}`).toEqual(bitsOf(whole));
      const files = readdirSync(killed, { recursive: true }).map(String);
      expect(files.filter((name) => name.endsWith(".tmp"))).toEqual([]);
    },
    60_000,
  );
});

/** How many times longer than its processor time a computation takes now: 1 on a machine with a core to spare. */
function contention(): number {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  let used = 0;
  while (used < 50) {
    const { user, system } = process.cpuUsage(before);
    used = (user + system) / 1000;
  }
  return Math.max(1, (performance.now() - startedAt) / used);
}

describe("an interrupted run", () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "answers %s with a checkpoint, exit code 130 and the way to go on",
    async (signal) => {
      const out = join(root, `interrupted-${signal}`);
      const run = startGlai([...longRun("reference", out, "mlp"), ...endless, "--json"], root);
      await run.saw(/seed 0/);
      await new Promise((resolve) => setTimeout(resolve, 300));
      run.child.kill(signal);
      const { code, stdout, stderr } = await run.outcome;
      expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
      const { error } = JSON.parse(stderr.trimEnd().split("\n").at(-1) ?? "") as {
        error: { code: string; hint: string };
      };
      expect(error.code).toBe("aborted");
      expect(error.hint).toContain(`--out ${out} --resume`);
      expect(readdirSync(join(out, "checkpoints")).length).toBeGreaterThan(0);
      expect(JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"))).toMatchObject({
        status: "interrupted",
      });
    },
    30_000,
  );

  it("acts within 200 ms of Ctrl-C, in the middle of training", async () => {
    const times: number[] = [];
    for (const moment of [200, 350, 500, 650, 800]) {
      const out = join(root, `timed-${moment}`);
      const run = startGlai([...longRun("reference", out, "mlp"), ...endless], root);
      await run.saw(/seed 0/);
      await new Promise((resolve) => setTimeout(resolve, moment));
      const pressedAt = performance.now();
      run.child.kill("SIGINT");
      const { code, endedAt } = await run.outcome;
      expect(code).toBe(130);
      times.push((endedAt - pressedAt) / contention());
    }
    const sorted = times.toSorted((a, b) => a - b);
    expect(sorted[2], `milliseconds ${times.map(Math.round).join(", ")}`).toBeLessThan(200);
  }, 60_000);

  it("goes on after an interrupt to the bits of one that was left alone", async () => {
    const [whole, stopped] = [join(root, "left-alone"), join(root, "stopped")];
    expect((await glai(longRun("cpu", whole), root)).code).toBe(0);
    const run = startGlai(longRun("cpu", stopped), root);
    await run.saw(/seed 0/);
    await new Promise((resolve) => setTimeout(resolve, 400));
    run.child.kill("SIGINT");
    expect((await run.outcome).code).toBe(130);
    const again = await glai(["train", data, "--out", stopped, "--resume"], root);
    expect(again.code, again.stderr).toBe(0);
    expect(bitsOf(stopped)).toEqual(bitsOf(whole));
  }, 60_000);
});

describe("a run folder", () => {
  it("is refused to a second process, which is told who owns it", async () => {
    const out = join(root, "owned");
    const first = startGlai([...longRun("reference", out, "mlp"), ...endless], root);
    await first.saw(/seed 0/);
    const second = await glai([...longRun("reference", out, "mlp"), "--json"], root);
    const third = await glai(["train", data, "--out", out, "--resume"], root);
    first.child.kill("SIGKILL");
    await first.outcome;
    expect(second.code).toBe(75);
    expect(JSON.parse(second.stderr.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({
      error: { code: "locked", message: expect.stringContaining(String(first.child.pid)) },
    });
    expect(third.code).toBe(75);
    const fourth = startGlai(["train", data, "--out", out, "--resume"], root);
    await fourth.saw(/seed 0/); // the lock of a dead process is no obstacle
    fourth.child.kill("SIGKILL");
    await fourth.outcome;
  }, 60_000);

  it("that is finished is left as it is and its result said again; without its model it is made anew", async () => {
    const out = join(root, "done");
    const table = writeTable(join(root, "table.csv"));
    const train = ["train", table, "--out", out];
    const split = ["--val-split", "0.4"];
    const { seconds, ...first } = (await glaiJson([...train, ...split], root)) as TrainDocument;
    const model = join(out, "model.safetensors");
    const [bytes, writtenAt] = [readFileSync(model), statSync(model).mtimeMs];
    expect(await glaiJson([...train, "--resume"], root)).toEqual({ seconds, ...first });
    expect(statSync(model).mtimeMs).toBe(writtenAt);
    rmSync(model);
    const again = (await glaiJson([...train, "--resume"], root)) as TrainDocument; // reads the table as at first
    expect(again).toMatchObject({ score: first.score, resumed: true });
    expect(readFileSync(model)).toEqual(bytes);
    const other = await glai([...train, "--resume", "--val-split", "0.2"], root);
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining("valSplit was 0.4") });
  }, 60_000);

  it("is not resumed with another configuration or with other data", async () => {
    const out = join(root, "finished");
    const short = ["--set", "protocol.hidden=[8]", "--set", "protocol.maxEpochs=1"];
    expect((await glai(["train", data, "--out", out, ...short], root)).code).toBe(0);
    const other = await glai(["train", data, "--out", out, "--resume", "--seed", "7"], root);
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining("another seed") });
    const changed = writeData(join(root, "changed"), smallData());
    const elsewhere = await glai(["train", changed, "--out", out, "--resume"], root);
    expect(elsewhere).toMatchObject({ code: 65, stderr: expect.stringContaining("train_x.npy") });
    const again = await glai(["train", data, "--out", out], root);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining("--resume") });
  }, 60_000);
});
