/** How long the GPU may be given work for ahead of time, in milliseconds. */
const SHORTEST = 8;
const LONGEST = 24;
/** Milliseconds of our own work in one turn of the event loop. */
const TURN = 8;

export interface Fences {
  /** Resolves when everything that was submitted so far is done. */
  passed(): Promise<void>;
  /** Called after each piece of work: waits when the GPU has enough to do or the page should have its turn. */
  pace(): Promise<void>;
}

/**
 * Waits for the GPU without blocking the page. Work is submitted in groups whose size follows the time the GPU
 * took for earlier ones, and never more than two groups ahead.
 */
export function createFences(gl: WebGL2RenderingContext, isLost: () => boolean): Fences {
  let perGroup = 1;
  let inGroup = 0;
  let previous: Promise<void> = Promise.resolve();
  let turnBegan = performance.now();

  function fence(): Promise<void> {
    const sync = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
    if (sync === null) return nextTurn(); // the context is lost; whoever reads is told
    return new Promise((resolve) => {
      const poll = (): void => {
        const status = isLost() ? gl.WAIT_FAILED : gl.clientWaitSync(sync, 0, 0);
        if (status === gl.TIMEOUT_EXPIRED) {
          setTimeout(poll, 0);
          return;
        }
        gl.deleteSync(sync);
        resolve();
      };
      setTimeout(poll, 0);
    });
  }

  async function closeGroup(): Promise<void> {
    const began = performance.now();
    inGroup = 0;
    const before = previous;
    previous = fence().then(() => {
      const took = performance.now() - began;
      if (took < SHORTEST) perGroup = Math.min(2 * perGroup, 256);
      else if (took > LONGEST) perGroup = Math.max(1, perGroup >> 1);
    });
    await before;
    turnBegan = performance.now();
  }

  return {
    passed: fence,
    async pace() {
      inGroup++;
      if (inGroup >= perGroup) return closeGroup();
      if (performance.now() - turnBegan < TURN) return;
      await nextTurn();
      turnBegan = performance.now();
    },
  };
}

/** The page has its turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
