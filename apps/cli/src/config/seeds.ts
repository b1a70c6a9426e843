import { GlaiError } from "@glai/core";

const mostSeeds = 10_000;

/**
 * Seeds as people write them: "3", "0,1,5", "0..2" (both ends included), or any mix with commas.
 *
 * @throws `bad-argument` for anything else, for seeds above 2^32 − 1 and for seeds given twice.
 */
export function parseSeeds(text: string): readonly number[] {
  const seeds = text.split(",").flatMap((part) => {
    const match = /^\s*(\d{1,10})(?:\.\.(\d{1,10}))?\s*$/.exec(part);
    if (match === null) throw badSeeds(text);
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : Number(match[2]);
    if (last < first || last > 0xffffffff || last - first >= mostSeeds) throw badSeeds(text);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  if (new Set(seeds).size !== seeds.length) throw badSeeds(text);
  return seeds;
}

function badSeeds(text: string): GlaiError {
  return new GlaiError(
    "bad-argument",
    `Expected different seeds like 0..2 or 0,1,5 (whole numbers up to 4294967295) but received ${JSON.stringify(text)}.`,
    { hint: "For example: --seeds 0..2" },
  );
}
