import type { GlaiErrorCode } from "@glai/core";

/** What the command's exit codes mean; the numbers from 64 up are those of sysexits.h. */
export const exitCodes = {
  done: 0,
  checkFailed: 1,
  usage: 2,
  badData: 65,
  ourBug: 70,
  io: 74,
  tryAgain: 75,
  interrupted: 130,
} as const;

/** The exit code for an error of this project. */
export function exitCodeOf(code: GlaiErrorCode): number {
  switch (code) {
    case "aborted":
      return exitCodes.interrupted;
    case "bad-argument":
    case "unavailable": // a backend was named that cannot run here: name another
    case "unsupported":
      return exitCodes.usage;
    case "bad-data":
      return exitCodes.badData;
    case "device-lost":
    case "locked":
    case "out-of-memory":
      return exitCodes.tryAgain;
    case "disposed":
    case "internal":
      return exitCodes.ourBug;
    case "io":
      return exitCodes.io;
    default:
      return code satisfies never;
  }
}
