import { existsSync } from "node:fs";
import { join } from "node:path";

/** A folder under runs/ that is not there yet: `runs/<dataset>-<head>-seed<seed>`, then -2, -3, … */
export function freshOut(cwd: string, dataset: string, what: string): string {
  const name = `${dataset}-${what}`.replaceAll(/[^\w.-]+/g, "_");
  for (let i = 1; ; i++) {
    const out = join("runs", i === 1 ? name : `${name}-${i}`);
    if (!existsSync(join(cwd, out))) return out;
  }
}
