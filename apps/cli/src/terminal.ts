/** The outside world as commands see it; tests and `runProcess` each make their own. */
export interface Terminal {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Width of stderr when it is a terminal that a bar can be drawn on; undefined otherwise. */
  readonly barWidth: number | undefined;
  /** Results only. */
  out(text: string): void;
  /** Progress, notes and errors. */
  err(text: string): void;
  /** Milliseconds of a monotonic clock. */
  now(): number;
}

/** The terminal of a process. */
export function processTerminal(target: NodeJS.Process): Terminal {
  const { stdout, stderr } = target;
  const drawable = stderr.isTTY && target.env.TERM !== "dumb";
  return {
    cwd: target.cwd(),
    env: target.env,
    barWidth: drawable ? (stderr.columns ?? 80) : undefined,
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    now: () => performance.now(),
  };
}
