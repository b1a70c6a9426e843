/** What a page feels while `work` runs: put into the page by `page.evaluate`, so everything stands in one function. */
export interface Felt {
  /** Longest time between two ticks of a 5 ms clock, in milliseconds beyond the 5. */
  readonly longestGap: number;
  /** The same without the time inside calls into WebGL, which the GPU's process answers. */
  readonly longestOwn: number;
  /** Longest single call into WebGL, with its name. */
  readonly longestCall: { readonly name: string; readonly ms: number };
  /** Programs linked in one task, at most. */
  readonly programsPerTask: number;
  /** Programs linked in all. */
  readonly programs: number;
  /** Calls that wait for the GPU whatever it does, by name. */
  readonly waits: Readonly<Record<string, number>>;
}

export interface Watch {
  during(work: () => Promise<unknown>): Promise<Felt>;
}

/** Watches every WebGL2 context of the page from now on. */
export function watchPage(): Watch {
  const after = setTimeout;
  let task = 0;
  globalThis.setTimeout = ((callback: () => void, ms?: number) =>
    after(() => {
      task++;
      callback();
    }, ms)) as typeof setTimeout;

  let inGl = 0;
  let depth = 0;
  let longestCall = { name: "", ms: 0 };
  let waits: Record<string, number> = {};
  let linkedIn: number[] = [];
  const always = ["finish", "getError", "getShaderParameter"];
  const prototype = WebGL2RenderingContext.prototype as unknown as Record<string, unknown>;
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (typeof value !== "function") continue;
    prototype[name] = function (this: unknown, ...args: unknown[]): unknown {
      const toMemory = name === "readPixels" && typeof args[6] === "object";
      if (toMemory || always.includes(name)) waits[name] = (waits[name] ?? 0) + 1;
      if (name === "linkProgram") linkedIn.push(task);
      const began = performance.now();
      depth++;
      try {
        return (value as (...all: unknown[]) => unknown).apply(this, args);
      } finally {
        const ms = performance.now() - began;
        if (--depth === 0) inGl += ms;
        if (ms > longestCall.ms) longestCall = { name, ms };
      }
    };
  }

  return {
    async during(work) {
      longestCall = { name: "", ms: 0 };
      waits = {};
      linkedIn = [];
      let longestGap = 0;
      let longestOwn = 0;
      let running = true;
      let last = performance.now();
      let glBefore = inGl;
      const tick = (): void => {
        const now = performance.now();
        const gap = now - last - 5;
        longestGap = Math.max(longestGap, gap);
        longestOwn = Math.max(longestOwn, gap - (inGl - glBefore));
        last = now;
        glBefore = inGl;
        if (running) after(tick, 5);
      };
      after(tick, 5);
      await work();
      tick();
      running = false;
      const perTask = new Map<number, number>();
      for (const t of linkedIn) perTask.set(t, (perTask.get(t) ?? 0) + 1);
      const programsPerTask = Math.max(0, ...perTask.values());
      return {
        longestGap,
        longestOwn,
        longestCall,
        programsPerTask,
        programs: linkedIn.length,
        waits,
      };
    },
  };
}
