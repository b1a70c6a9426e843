/**
 * Physical cores of this machine: what kernels keep busy. Counted from /proc/cpuinfo on Linux (pairs of
 * "physical id" and "core id"), else logical processors; never more than the process may use.
 */
export function physicalCores(): number {
  if (typeof process !== "object" || process.versions?.node === undefined) {
    return typeof navigator === "object" ? (navigator.hardwareConcurrency ?? 1) : 1;
  }
  const usable = process.getBuiltinModule("node:os").availableParallelism();
  const cores = process.platform === "linux" ? coresOf(cpuInfo()) : 0;
  return Math.max(1, cores === 0 ? usable : Math.min(cores, usable));
}

/** Distinct (physical id, core id) pairs in the text of /proc/cpuinfo; 0 when it names none. */
function coresOf(text: string): number {
  const cores = new Set<string>();
  let socket = "0";
  for (const line of text.split("\n")) {
    const [key, value] = line.split(":").map((part) => part.trim());
    if (key === "physical id") socket = value;
    if (key === "core id") cores.add(`${socket}/${value}`);
  }
  return cores.size;
}

function cpuInfo(): string {
  try {
    return process.getBuiltinModule("node:fs").readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    return ""; // not readable in some containers: logical processors serve
  }
}
