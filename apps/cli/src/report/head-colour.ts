const known = [
  "mlp",
  "glai",
  "linear",
  "mlp-reduced",
  "mlp-adam",
  "linear-ridge",
  "kernel-rbf",
  "mlp-tuned",
];

/** The colour class of a head: always the same for the heads we ship, by position for others. */
export function colourOf(head: string, heads: readonly string[]): string {
  const index = known.indexOf(head);
  return `c${index >= 0 ? index : heads.indexOf(head) % 8}`;
}
