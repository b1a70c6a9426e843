import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** What tells one process from every other, also after its number was given to another. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  readonly bootId: string | null; // of the running system; null where it has none to show
  readonly startTicks: string | null; // clock ticks from boot to the process's start, likewise
}

/** Of this process. */
export function ownIdentity(): ProcessIdentity {
  return {
    pid: process.pid,
    host: hostname(),
    bootId: bootId(),
    startTicks: procStat(process.pid)?.startTicks ?? null,
  };
}

/**
 * True only when the process is surely gone: same host, and the system was started again, or nothing has
 * its number, or something younger has it, or it is dead and merely not collected (a zombie). About
 * another host nothing can be known from here.
 */
export function isSurelyDead(other: ProcessIdentity): boolean {
  if (other.host !== hostname()) return false;
  if (other.bootId !== null && bootId() !== null && other.bootId !== bootId()) return true;
  if (!hasProcess(other.pid)) return true;
  const stat = procStat(other.pid);
  if (stat === null) return false;
  if (stat.state === "Z" || stat.state === "X") return true;
  return other.startTicks !== null && stat.startTicks !== other.startTicks;
}

function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0); // signal 0 only asks
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

function bootId(): string | null {
  return readProc("/proc/sys/kernel/random/boot_id")?.trim() ?? null;
}

/** Fields 3 and 22 of /proc/<pid>/stat (proc(5)); the name before them may hold blanks and brackets. */
function procStat(pid: number): { readonly state: string; readonly startTicks: string } | null {
  const text = readProc(`/proc/${pid}/stat`);
  if (text === null) return null;
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0], startTicks: fields[19] };
}

/** Only Linux has these files; elsewhere the number of the process has to do. */
function readProc(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
