import { checkInteger } from "./check.js";

/** Uniform numbers in [0, 1). */
export type Uniform = () => number;

/** Where the random numbers of a resampling method come from: a function, or else a seed. */
export interface RandomOptions {
  readonly random?: Uniform; // used when given
  readonly seed?: number; // integer, default 0
}

/**
 * A small fast generator: sfc32 (Doty-Humphrey's PractRand), 128 bits of state with a counter, so that
 * no seed has a period under 2³². The state is (0, seed low, seed high, 1) and twelve numbers are thrown
 * away. Each call joins two 32-bit outputs to 53 bits.
 *
 * @example
 * seededRandom(7)(); // 0.427936967379521
 */
export function seededRandom(seed: number): Uniform {
  checkInteger(seed, "seed", 0);
  let a = 0;
  let b = seed >>> 0;
  let c = Math.floor(seed / 2 ** 32);
  let counter = 1;
  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  return () => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53;
}

/** The generator that `options` ask for. */
export function uniformFrom({ random, seed = 0 }: RandomOptions): Uniform {
  if (random === undefined) return seededRandom(seed);
  if (typeof random === "function") return random;
  throw new TypeError(`Expected random to be a function but received ${typeof random}.`);
}

/** A uniform integer in 0..n − 1. Throws where a caller's own generator leaves [0, 1). */
export function randomIndex(random: Uniform, n: number): number {
  const value = random();
  if (value >= 0 && value < 1) return Math.floor(value * n);
  throw new RangeError(`Expected random() to return a number in [0, 1) but it returned ${value}.`);
}

/** A standard normal number from two uniform ones (Box & Muller 1958). */
export function normalFrom(random: Uniform): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return radius * Math.cos(2 * Math.PI * random());
}
