import { cpus, totalmem } from "node:os";
import type { CompareDocument } from "../documents/comparison.js";
import { formatBytes } from "../output/format.js";
import { version } from "../package-info.js";

/** What a run was made with and on, for people. */
export function machineFacts(
  { backend, capability }: Pick<CompareDocument, "backend" | "capability">,
  now: Date,
): readonly (readonly [string, string])[] {
  const [cpu] = cpus();
  return [
    [
      "backend",
      `${backend}: ${capability.tier}, ${capability.device}, ${capability.precision}, ${capability.threads} threads`,
    ],
    [
      "machine",
      `${cpu?.model.trim() ?? "unknown processor"}, ${cpus().length} cores, ${formatBytes(totalmem())} memory`,
    ],
    ["glai", version],
    ["Node", `${process.version} on ${process.platform}-${process.arch}`],
    ["written", now.toISOString()],
  ];
}
