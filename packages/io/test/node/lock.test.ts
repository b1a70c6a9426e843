import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { openRunFolder } from "../../src/node.js";
import { ownIdentity } from "../../src/node/process-identity.js";
import { rejectionOf } from "../support.js";
import { scratchFolders } from "./scratch.js";

const scratch = scratchFolders();
const resume = { mode: "resume" } as const;
const built = pathToFileURL(join(import.meta.dirname, "../../dist/node.js")).href;
const newYear = () => new Date("2026-01-02T03:04:05Z");
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** Another process that opens the folder, says "owner" or the error's code, and stays until killed. */
async function otherProcess(
  path: string,
): Promise<{ readonly child: ChildProcess; readonly said: string }> {
  const script = `
    import { openRunFolder } from ${JSON.stringify(built)};
    const said = await openRunFolder(${JSON.stringify(path)}, { mode: "resume" }).then(() => "owner", (e) => e.code);
    process.stdout.write(said);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  return { child, said: said.toString() };
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** Writes a lock as some process left it. */
function leaveLock(path: string, owner: Record<string, unknown>): void {
  mkdirSync(join(path, "lock"), { recursive: true });
  const full = { ...ownIdentity(), since: "2026-01-02T03:04:05.000Z", released: false, ...owner };
  writeFileSync(join(path, "lock", "1.json"), JSON.stringify(full));
}

describe("the lock of a run folder", { timeout: 30_000 }, () => {
  it("refuses a second process and names the owner, then goes to it when the owner is killed", async () => {
    const path = join(scratch(), "x");
    const { child, said } = await otherProcess(path);
    expect(said).toBe("owner");
    const error = await rejectionOf(openRunFolder(path, resume));
    expect(error.code).toBe("locked");
    expect(error.message).toContain(`process ${child.pid} on ${hostname()} has owned it since 20`);
    await kill(child);
    const run = await openRunFolder(path, resume);
    expect((await otherProcess(path)).said).toBe("locked");
    await run.close();
    expect((await otherProcess(path)).said).toBe("owner");
  });

  it("refuses the same process a second time", async () => {
    const path = join(scratch(), "x");
    const run = await openRunFolder(path, { mode: "create", now: newYear });
    const error = await rejectionOf(openRunFolder(path, resume));
    expect(error.message).toBe(
      `Expected ${path} to be free but this very process (${process.pid}) has owned it since 2026-01-02T03:04:05.000Z.`,
    );
    await run.close();
    await (await openRunFolder(path, resume)).close();
  });

  it("goes to exactly one of many that find it stale at once", async () => {
    const path = join(scratch(), "x");
    leaveLock(path, { pid: 2 ** 30 });
    const others = await Promise.all(Array.from({ length: 4 }, () => otherProcess(path)));
    expect(others.map(({ said }) => said).toSorted()).toEqual([
      "locked",
      "locked",
      "locked",
      "owner",
    ]);
    const owner = others.find(({ said }) => said === "owner");
    const last = readdirSync(join(path, "lock")).toSorted().at(-1) ?? "";
    expect(JSON.parse(readFileSync(join(path, "lock", last), "utf8"))).toMatchObject({
      pid: owner?.child.pid,
      released: false,
    });
  });

  it("goes to exactly one of many within one process, time after time", async () => {
    const path = join(scratch(), "x");
    for (let round = 0; round < 10; round++) {
      const attempts = await Promise.allSettled(
        Array.from({ length: 5 }, () => openRunFolder(path, resume)),
      );
      const won = attempts.filter((attempt) => attempt.status === "fulfilled");
      expect(won.length).toBe(1);
      await won[0].value.close();
    }
  });

  it.each([
    ["a number that no process has", { pid: 2 ** 30 }],
    ["a number that another process was given", { startTicks: "1" }],
    ["a process of before the last start of the system", { bootId: "00000000-0000" }],
    ["an owner that gave it back", { released: true }],
  ])("is taken over from %s", async (_, owner) => {
    const path = join(scratch(), "x");
    leaveLock(path, owner);
    const run = await openRunFolder(path, resume);
    expect(run.path).toBe(path);
    await run.close();
  });

  it("is not taken over from another host, and the way out is said", async () => {
    const path = join(scratch(), "x");
    leaveLock(path, { pid: 2 ** 30, host: "elsewhere" });
    const error = await rejectionOf(openRunFolder(path, resume));
    expect(error.message).toContain(
      `process ${2 ** 30} on elsewhere has owned it since 2026-01-02`,
    );
    expect(error.hint).toContain(join(path, "lock"));
  });

  it("is bad data when the lock cannot be read, never ignored", async () => {
    const path = join(scratch(), "x");
    leaveLock(path, {});
    writeFileSync(join(path, "lock", "1.json"), "{");
    expect((await rejectionOf(openRunFolder(path, resume))).code).toBe("bad-data");
  });
});
