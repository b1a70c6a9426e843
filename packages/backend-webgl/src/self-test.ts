import { type Backend, type Capability, conformanceChecks } from "@glai/core";
import type { Device } from "./device.js";

/** Drivers lie: before a GPU is called fit, it repeats a few steps of the reference. */
const chosen = [
  /^mlp \[7, 9, 4\]: five steps of adamw/,
  /^estimator \[9, 12, 5\] of paths: five steps of adamw/,
  /^estimator \[9, 12, 37\] of slabs: forward/,
  /^mlp \[6, 11, 5, 3\]: training drops the units/,
];

/** Why this GPU must not be trusted, in words; undefined when it agrees with the reference. */
export async function selfTest(
  device: Device,
  backend: Backend,
  capability: Capability,
): Promise<string | undefined> {
  const sum = await longSum(device);
  if (sum !== 1501) return `a sum of 1501 ones is ${sum}`;
  const checks = conformanceChecks({ quick: true }).filter(({ name }) =>
    chosen.some((pattern) => pattern.test(name)),
  );
  if (checks.length !== chosen.length)
    return `${chosen.length} checks were expected of @glai/core but ${checks.length} found`;
  for (const { name, run } of checks) {
    try {
      await run(backend, capability);
    } catch (error) {
      return `"${name}" fails: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return undefined;
}

/** A loop past 1000 rounds, where gpu.js would cut it. */
async function longSum(device: Device): Promise<number> {
  await device.compile(["affine"]);
  const ones = await device.upload(new Float32Array(1501).fill(1));
  const sum = device.run("affine", 1, ones, ones, 1500, 1, 0);
  const [value] = await device.read(sum);
  device.free(ones, sum);
  return value;
}
