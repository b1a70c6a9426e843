import { type CpuTier, createCpuBackend } from "../../src/index.js";

/** The tiers that run on this machine; the others are named on stderr with the reason. GLAI_TEST_TIERS narrows them. */
export async function tiersHere(): Promise<CpuTier[]> {
  const here: CpuTier[] = [];
  const asked = process.env["GLAI_TEST_TIERS"]?.split(",");
  for (const tier of ["native", "wasm", "typescript"] as const) {
    if (asked !== undefined && !asked.includes(tier)) continue;
    const { available, reason } = await createCpuBackend({ tier }).probe();
    if (available) here.push(tier);
    else process.stderr.write(`backend-cpu tests: ${tier} tier skipped: ${reason}\n`);
  }
  return here;
}
