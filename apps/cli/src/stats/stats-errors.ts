import { GlaiError } from "@glai/core";

/** Runs `work`; what `@glai/stats` throws about values becomes `bad-data` that names the file. */
export function asBadData<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof RangeError || cause instanceof TypeError)) throw cause;
    throw new GlaiError("bad-data", `${file}: ${cause.message}`, {
      hint: 'Two samples stand in columns x and y, e.g. { "x": [1, 2, 3], "y": [2, 2, 4] }; friedman takes every column as a method.',
      cause,
    });
  }
}
