import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";
import { GlaiError } from "./errors.js";
import type { JsonValue } from "./head.js";

/** A seeded stream of random numbers. Drawing from a stream never moves another one. */
export interface Random {
  /**
   * The stream called `name` below this one. It depends on the seed and the names on the way only, not on
   * how much was drawn: adding a stream does not shift another, and splitting twice gives equal streams.
   */
  split(name: string): Random;
  /** Uniform in [0, 1), a multiple of 2^-53. */
  uniform(): number;
  /** Standard normal (polar method). */
  normal(): number;
  /** Uniform in 0 … n − 1. Throws `bad-argument` unless n is an integer in 1 … 2^53 − 1. */
  integer(n: number): number;
  /** A uniform permutation of 0 … n − 1 (Fisher–Yates). */
  permutation(n: number): Uint32Array; // [n]
  /** Plain JSON from which `restoreRandom` continues this stream exactly. */
  state(): JsonValue;
}

/**
 * The root stream of a seed (a non-negative safe integer). Everything random takes a stream split from it.
 *
 * @example
 * const random = createRandom(7);
 * const network = createMlp([384, 128, 10], random.split("init"));
 * const order = random.split("order").permutation(3680);
 */
export function createRandom(seed: number): Random {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new GlaiError(
      "bad-argument",
      `Expected seed to be an integer ≥ 0 but received ${String(seed)}.`,
      { hint: "Pass a whole number such as 0." },
    );
  return fromKey([seed >>> 0, Math.floor(seed / 2 ** 32), 0x676c6169, 0]);
}

/** Continues a stream from `state()`. Throws `bad-data` when the state is not one of ours. */
export function restoreRandom(state: JsonValue): Random {
  const { key, generator } = (state ?? {}) as { key?: unknown; generator?: unknown };
  if (!isWords(key) || !isWords(generator))
    throw new GlaiError(
      "bad-data",
      `Expected a random state { key: [4 integers], generator: [4 integers] } but received ${JSON.stringify(state)}.`,
      { hint: "Pass what Random.state() returned." },
    );
  return stream(key, xoroshiro128plusFromState(generator));
}

type Words = readonly [number, number, number, number]; // 4 × 32 bits

function isWords(value: unknown): value is Words {
  return Array.isArray(value) && value.length === 4 && value.every((word) => (word | 0) === word);
}

function fromKey(key: Words): Random {
  const mixed = mix(key, "");
  // All zeros is the one state xoroshiro never leaves.
  const state = mixed.every((word) => word === 0) ? [1, 0, 0, 0] : mixed;
  return stream(mixed, xoroshiro128plusFromState(state));
}

function stream(key: Words, generator: RandomGenerator): Random {
  const random: Random = {
    split: (name) => fromKey(mix(key, name)),
    uniform: () => uniformFloat64(generator),
    normal() {
      for (;;) {
        const x = 2 * random.uniform() - 1;
        const y = 2 * random.uniform() - 1;
        const square = x * x + y * y;
        if (square > 0 && square < 1) return x * Math.sqrt((-2 * Math.log(square)) / square);
      }
    },
    integer(n) {
      if (!Number.isSafeInteger(n) || n < 1)
        throw new GlaiError(
          "bad-argument",
          `Expected n of integer(n) in 1..2^53-1 but received ${String(n)}.`,
        );
      return uniformInt(generator, 0, n - 1);
    },
    permutation(n) {
      const order = new Uint32Array(n); // a loop: Uint32Array.from takes twice as long as all the drawing
      for (let i = 1; i < n; i++) order[i] = i;
      for (let i = n - 1; i > 0; i--) {
        const j = uniformInt(generator, 0, i);
        const swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
      }
      return order;
    },
    state: () => ({ key: [...key], generator: [...generator.getState()] }),
  };
  return random;
}

/** Four 32-bit words from a key and a name: rounds of multiply–xorshift (Murmur3's constants) over its UTF-16 units. */
function mix(key: Words, name: string): Words {
  let [a, b, c, d] = key;
  for (let i = 0; i <= name.length; i++) {
    // The length closes the text, so that "a" then "b" differs from "ab".
    const unit = i < name.length ? name.charCodeAt(i) : name.length ^ 0x10000;
    a = Math.imul(rotate(a ^ unit, 15) + b, 0xcc9e2d51);
    b = Math.imul(rotate(b ^ a, 13) + c, 0x1b873593);
    c = Math.imul(rotate(c ^ b, 17) + d, 0x85ebca6b);
    d = Math.imul(rotate(d ^ c, 16) + a, 0xc2b2ae35);
  }
  for (let round = 0; round < 4; round++) {
    a = finish(a + d);
    b = finish(b + a);
    c = finish(c + b);
    d = finish(d + c + round);
  }
  return [a, b, c, d];
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function finish(word: number): number {
  let h = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
