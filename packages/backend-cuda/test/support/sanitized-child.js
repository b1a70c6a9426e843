// Runs in a process of its own with AddressSanitizer loaded first:
//   node sanitized-child.js <addon> conformance   quick conformance; prints what failed
//   node sanitized-child.js <addon> fault <name>  one kernel of emulation/faults.cu
import { createRequire } from "node:module";
import { runConformance } from "@glai/core";
import { createBackendOver } from "../../dist/backend.js";

const [path, what, name] = process.argv.slice(2);
const addon = createRequire(import.meta.url)(path);
if (what === "fault") {
  console.log(addon.emulation.runFault(name));
} else {
  const backend = createBackendOver(() => ({ addon, path }));
  const report = await runConformance(backend, { quick: true });
  for (const result of report.results)
    if (result.status === "failed") console.log(result.name, result.detail);
  console.log(`${report.passed} passed, ${report.failed} failed`);
}
