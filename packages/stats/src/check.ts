import { plural, show } from "./text.js";

/** Numbers in an array, a typed array or anything else with a length and indices. */
export type Sample = ArrayLike<number>;

/** A checked copy: throws unless `values` is an array of at least `minimum` finite numbers. */
export function checkSample(values: Sample, name: string, minimum = 1): Float64Array {
  checkArray(values, name);
  if (values.length < minimum) {
    throw new RangeError(
      `Expected at least ${plural(minimum, "value")} in ${name} but received ${values.length}.`,
    );
  }
  const copy = new Float64Array(values.length);
  for (let i = 0; i < copy.length; i++) copy[i] = checkNumber(values[i], `${name}[${i}]`);
  return copy;
}

/** Throws unless `values` is an array or a typed array; `name` is what the message calls it. */
export function checkArray(values: ArrayLike<unknown>, name: string): void {
  if (Array.isArray(values)) return;
  if (ArrayBuffer.isView(values) && !(values instanceof DataView)) return;
  throw new TypeError(`Expected ${name} to be an array but received ${show(values)}.`);
}

/** The finite number `value`; throws TypeError for other types, RangeError for NaN and ±Infinity. */
export function checkNumber(value: unknown, name: string): number {
  if (typeof value !== "number") {
    throw new TypeError(`Expected ${name} to be a number but received ${show(value)}.`);
  }
  if (!Number.isFinite(value)) {
    throw new RangeError(`Expected ${name} to be a finite number but received ${value}.`);
  }
  return value;
}

/** The integer `value`, at least `minimum` and at most `maximum`. */
export function checkInteger(
  value: unknown,
  name: string,
  minimum: number,
  maximum: number = Number.MAX_SAFE_INTEGER,
): number {
  const number = checkNumber(value, name);
  if (Number.isInteger(number) && number >= minimum && number <= maximum) return number;
  const range =
    maximum === Number.MAX_SAFE_INTEGER ? `of at least ${minimum}` : `in ${minimum}..${maximum}`;
  throw new RangeError(`Expected ${name} to be an integer ${range} but received ${number}.`);
}

/** The number `value`, strictly between 0 and 1: a level, a rate, a probability. */
export function checkFraction(value: unknown, name: string): number {
  const number = checkNumber(value, name);
  if (number > 0 && number < 1) return number;
  throw new RangeError(`Expected ${name} to lie between 0 and 1 but received ${number}.`);
}

/** `value`, one of the allowed words. */
export function checkOneOf<const T extends string>(
  value: unknown,
  name: string,
  allowed: readonly T[],
): T {
  const found = allowed.find((word) => word === value);
  if (found !== undefined) return found;
  const words = allowed.map((word) => `"${word}"`).join(", ");
  throw new RangeError(`Expected ${name} to be one of ${words} but received ${show(value)}.`);
}

/** Throws unless two arrays are equally long. */
export function checkSameLength(
  a: ArrayLike<unknown>,
  aName: string,
  b: ArrayLike<unknown>,
  bName: string,
): void {
  if (a.length === b.length) return;
  throw new RangeError(
    `Expected ${aName} and ${bName} to have the same length but received ${a.length} and ${b.length}.`,
  );
}
