/** What went wrong, as a word a program can branch on. */
export type GlaiErrorCode =
  | "aborted" // the caller's AbortSignal fired
  | "bad-argument" // a call or an option does not make sense
  | "bad-data" // a file or an array is not what it claims to be
  | "device-lost" // the device went away in the middle of the work
  | "disposed" // a session or handle was used after dispose()
  | "internal" // a promise this code made to itself is broken: our bug
  | "io" // reading or writing failed
  | "locked" // another process owns the thing; try again later
  | "out-of-memory" // with the size that was asked for in the message
  | "unavailable" // the backend exists but cannot run on this machine
  | "unsupported"; // the backend runs here but not this model, block, loss or optimiser

/**
 * The only error this project throws on purpose. The message names the thing, what was expected and
 * what was found; `hint` is what to do or run next.
 *
 * @example
 * throw new GlaiError("bad-data", "Expected labels in 0..36 for train_y.npy row 812 but received 37.", {
 *   hint: "Run: glai inspect <data>",
 * });
 */
export class GlaiError extends Error {
  override readonly name = "GlaiError";
  readonly code: GlaiErrorCode;
  readonly hint: string | undefined;

  constructor(
    code: GlaiErrorCode,
    message: string,
    options: { hint?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}

/** True for errors of this project, also across copies of the package (structural, not instanceof). */
export function isGlaiError(error: unknown): error is GlaiError {
  return error instanceof Error && error.name === "GlaiError" && "code" in error;
}
