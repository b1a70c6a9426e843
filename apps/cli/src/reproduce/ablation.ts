import { GlaiError } from "@glai/core";

/**
 * The reduction factors of `--ablate rho=0.2..0.9` (steps of 0.1) or `rho=0.3,0.5`.
 *
 * @throws `bad-argument` for anything else, or factors outside (0, 1)
 */
export function parseAblation(text: string): readonly number[] {
  const match = /^rho=(?:(0?\.\d+)\.\.(0?\.\d+)|(0?\.\d+(?:,0?\.\d+)*))$/.exec(
    text.replaceAll(" ", ""),
  );
  if (match === null) throw wrong(text);
  const [, from, to, list] = match;
  if (list !== undefined) return checked(list.split(",").map(Number), text);
  const [low, high] = [Number(from), Number(to)];
  const steps = Math.round((high - low) / 0.1);
  if (steps < 0) throw wrong(text);
  return checked(
    Array.from({ length: steps + 1 }, (_, i) => Number((low + 0.1 * i).toFixed(4))),
    text,
  );
}

function checked(values: readonly number[], text: string): readonly number[] {
  if (values.every((value) => value > 0 && value < 1) && new Set(values).size === values.length)
    return values;
  throw wrong(text);
}

function wrong(text: string): GlaiError {
  return new GlaiError(
    "bad-argument",
    `Expected different reduction factors between 0 and 1 but received ${JSON.stringify(text)}.`,
    { hint: "For example: --ablate rho=0.2..0.9" },
  );
}
