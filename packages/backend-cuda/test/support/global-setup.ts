import type { TestProject } from "vitest/node";
import { buildEmulation, variants, whyNot } from "./build-emulation.js";

declare module "vitest" {
  interface ProvidedContext {
    /** Why the emulation cannot be built here; empty when it was. */
    readonly noEmulation: string;
  }
}

export default function setup(project: TestProject): void {
  const reason = whyNot() ?? "";
  if (reason === "") for (const variant of variants) report(variant, buildEmulation(variant));
  else console.log(`@glai/backend-cuda: tests of the kernels are skipped. ${reason}`);
  project.provide("noEmulation", reason);
}

function report(variant: string, seconds: number): void {
  if (seconds > 1) console.log(`@glai/backend-cuda: built ${variant} in ${seconds.toFixed(0)} s.`);
}
