import { isGlaiError } from "@glai/core";
import { type Command, CommanderError } from "commander";
import { exitCodeOf, exitCodes } from "./exit-codes.js";

/** An error as the command shows it: on stderr as text, or as one JSON document with `--json`. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  readonly exitCode: number;
  /** For errors that are our bug: where it happened. */
  readonly stack?: string;
}

/**
 * Turns anything that was thrown into a report. Errors nobody foresaw are our bug and say so.
 *
 * @param command - the one that was called, whose help a wrong command line points to
 */
export function reportOf(error: unknown, command?: Command): ErrorReport {
  if (isGlaiError(error)) {
    const exitCode = exitCodeOf(error.code);
    const report = { code: error.code, message: error.message, hint: error.hint ?? null, exitCode };
    return exitCode === exitCodes.ourBug ? withStack(report, error) : report;
  }
  if (error instanceof CommanderError) return usageReport(error, command);
  if (isSystemError(error)) {
    const hint = "Check that the path exists, that you may use it and that the disk is not full.";
    return { code: "io", message: error.message, hint, exitCode: exitCodes.io };
  }
  const message = error instanceof Error ? error.message : String(error);
  const hint = "This is a bug in glai. Please report it with the command you ran.";
  return withStack({ code: "internal", message, hint, exitCode: exitCodes.ourBug }, error);
}

/** Lines for a person. */
export function renderReport(report: ErrorReport): string {
  const lines = [`glai: ${report.message}`];
  if (report.stack !== undefined) lines.push(report.stack);
  if (report.hint !== null) lines.push(`      ${report.hint.replaceAll("\n", "\n      ")}`);
  return `${lines.join("\n")}\n`;
}

/** One JSON document for a program. */
export function renderReportJson({ code, message, hint, stack }: ErrorReport): string {
  return `${JSON.stringify({ error: { code, message, hint, ...(stack && { stack }) } })}\n`;
}

/** commander writes "error: unknown option '--sed'\n(Did you mean --seed?)". */
function usageReport(error: CommanderError, command: Command | undefined): ErrorReport {
  const name = command === undefined ? "glai" : fullName(command);
  if (error.code === "commander.help") {
    const known = (command?.commands ?? []).map((inner) => inner.name());
    const message = `Expected a command of ${name} out of ${known.join(", ")}.`;
    const hint = `Run: ${name} --help`;
    return { code: "bad-argument", message, hint, exitCode: exitCodes.usage };
  }
  const [first = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  const message = `${first.charAt(0).toUpperCase()}${first.slice(1)}`;
  const guess = rest.join(" ").replaceAll(/[()]/g, "").trim();
  const hint = [guess, `Run: ${name} --help`].filter((part) => part !== "").join(" ");
  return { code: "bad-argument", message, hint, exitCode: exitCodes.usage };
}

/** "glai stats wilcoxon" */
function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

function withStack(report: Omit<ErrorReport, "stack">, error: unknown): ErrorReport {
  const stack = error instanceof Error ? error.stack : undefined;
  return stack === undefined ? report : { ...report, stack };
}

/** An error of the operating system: `code` is a name like ENOSPC and `syscall` says what failed. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error && "code" in error;
}
