/** Numbers and durations for people. JSON output never goes through here. */

/** 0.8123 → "81.2 %"; losses (unbounded) keep four significant digits. */
export function formatScore(score: number, scoreName: "accuracy" | "loss"): string {
  return scoreName === "accuracy" ? `${(100 * score).toFixed(1)} %` : score.toPrecision(4);
}

/** Seconds with three significant digits below 100, whole above: "0.0123 s", "4.57 s", "312 s". */
export function formatSeconds(seconds: number): string {
  return `${formatNumber(seconds)} s`;
}

/** Three significant digits without an exponent where that is readable. */
export function formatNumber(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 100 && size < 1e7) return value.toFixed(0);
  if (size >= 1e-4 && size < 100) return Number(value.toPrecision(3)).toString();
  return value.toExponential(2);
}

/** Time left, coarse: "42 s", "3:05 min". */
export function formatEta(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")} min`;
}

/** Bytes in binary units: "1.5 MiB". */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A path as a shell takes it for one word, in commands that are printed to be copied. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
