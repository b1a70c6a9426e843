import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCallQueue, isGlaiError } from "../src/index.js";

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
const codeOf = (error: unknown): string => (isGlaiError(error) ? error.code : String(error));

describe("a call queue", () => {
  it("runs calls one at a time and in order, however long each takes", async () => {
    const call = fc.record({ turns: fc.integer({ min: 0, max: 3 }), isRead: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 12 }), async (calls) => {
        const queue = createCallQueue();
        const log: string[] = [];
        const answers = calls.map(({ turns, isRead }, i) => {
          const work = async (): Promise<number> => {
            log.push(`begin ${i}`);
            for (let t = 0; t < turns; t++) await turn();
            log.push(`end ${i}`);
            return i;
          };
          if (isRead) return queue.ask(work);
          queue.enqueue(async () => void (await work()));
          return i;
        });
        expect(log).toEqual([]); // calls return before any work starts
        expect(await Promise.all(answers)).toEqual(calls.map((_, i) => i));
        await queue.ask(async () => {});
        expect(log).toEqual(calls.flatMap((_, i) => [`begin ${i}`, `end ${i}`]));
      }),
      { numRuns: 40 },
    );
  });

  it("throws the first failure at every later read, and runs nothing after it", async () => {
    const queue = createCallQueue();
    const ran: string[] = [];
    queue.enqueue(() => Promise.reject(new Error("first")));
    queue.enqueue(async () => void ran.push("call"));
    for (let i = 0; i < 2; i++)
      await expect(queue.ask(async () => ran.push("read"))).rejects.toThrow("first");
    expect(ran).toEqual([]);
  });

  it("tells a read's own failure to who asked, and goes on", async () => {
    const queue = createCallQueue();
    await expect(queue.ask(() => Promise.reject(new Error("once")))).rejects.toThrow("once");
    let ran = false;
    queue.enqueue(async () => void (ran = true));
    expect(await queue.ask(async () => ran)).toBe(true);
  });

  it("ends once, after the call that runs and without those that wait", async () => {
    const queue = createCallQueue();
    const log: string[] = [];
    queue.enqueue(async () => {
      log.push("begin");
      await turn();
      log.push("end");
    });
    queue.enqueue(async () => void log.push("waiting"));
    const read = queue.ask(async () => 1).catch(codeOf);
    await Promise.resolve(); // the first call has begun
    await new Promise<void>((resolve) => {
      queue.dispose(() => {
        log.push("disposed");
        resolve();
      });
      queue.dispose(() => void log.push("again"));
    });
    expect(log).toEqual(["begin", "end", "disposed"]);
    expect(await read).toBe("disposed");
    expect(() => queue.enqueue(async () => {})).toThrow("session");
    expect(await queue.ask(async () => 1).catch(codeOf)).toBe("disposed");
  });
});
