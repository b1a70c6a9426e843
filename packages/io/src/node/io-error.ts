import { GlaiError } from "@glai/core";

const hints: Readonly<Record<string, string>> = {
  EACCES: "Check who owns it and its permissions, or choose another place.",
  EDQUOT: "The disk quota is used up: make room or choose another disk.",
  EEXIST: "Choose another name.",
  EISDIR: "That is a folder; name a file in it.",
  EMFILE: "Too many files are open; close some or raise the limit (ulimit -n).",
  ENOENT: "Check the path.",
  ENOSPC: "The disk is full: make room or choose another disk.",
  ENOTDIR: "A part of the path is a file, not a folder.",
  EPERM: "The system does not allow it here; choose another place.",
  EROFS: "The file system is read-only; choose another place.",
};

/**
 * An error of the operating system as a GlaiError "io": `action` and `path` as in "Expected to read
 * data/train_x.npy but the system answered …". Errors of ours and plain bugs pass through as they are.
 */
export function ioError(error: unknown, action: string, path: string): unknown {
  if (!isSystemError(error)) return error;
  const message = `Expected to ${action} ${path} but the system answered ${error.code} (${reason(error)}).`;
  return new GlaiError("io", message, { hint: hints[error.code] ?? "Try again.", cause: error });
}

/** True for errors with a code of the operating system; with `code`, for that one. */
export function isSystemError(
  error: unknown,
  code?: string,
): error is Error & { readonly code: string } {
  return (
    error instanceof Error &&
    "syscall" in error &&
    "code" in error &&
    typeof error.code === "string" &&
    (code === undefined || error.code === code)
  );
}

/** "no such file or directory" of "ENOENT: no such file or directory, open 'x'". */
function reason(error: Error): string {
  return /^[A-Z0-9]+: ([^,]*)/.exec(error.message)?.[1] ?? error.message;
}
