import { InvalidArgumentError } from "commander";

/** Option parsers; commander names the option in the message. */

export function parseCount(text: string): number {
  return checked(
    text,
    "a whole number of at least 1",
    (value) => Number.isSafeInteger(value) && value >= 1,
  );
}

export function parseIndex(text: string): number {
  return checked(
    text,
    "a whole number of at least 0",
    (value) => Number.isSafeInteger(value) && value >= 0,
  );
}

export function parseSeed(text: string): number {
  return checked(
    text,
    "a whole number in 0..4294967295",
    (value) => Number.isInteger(value) && value >= 0 && value <= 0xffffffff,
  );
}

export function parsePositive(text: string): number {
  return checked(text, "a number above 0", (value) => Number.isFinite(value) && value > 0);
}

export function parseNonNegative(text: string): number {
  return checked(text, "a number of at least 0", (value) => Number.isFinite(value) && value >= 0);
}

export function parseFinite(text: string): number {
  return checked(text, "a number", Number.isFinite);
}

export function parseFraction(text: string): number {
  return checked(text, "a number between 0 and 1", (value) => value > 0 && value < 1);
}

function checked(text: string, expected: string, good: (value: number) => boolean): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (!good(value)) throw new InvalidArgumentError(`Expected ${expected}.`);
  return value;
}
