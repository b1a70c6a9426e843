/** An interval that holds a root: f(a) ≤ 0 ≤ f(b). The Illinois rule may halve a stored value. */
interface Bracket {
  a: number;
  b: number;
  fa: number;
  fb: number;
}

/**
 * The root of an increasing function, to about 1 ulp. `low < high` is a first guess and is widened to
 * either side until it holds the root; `RangeError` where there is none.
 */
export function solveIncreasing(f: (x: number) => number, low: number, high: number): number {
  const bracket = widen(f, low, high);
  for (;;) {
    const width = bracket.b - bracket.a;
    if (bracket.fa === 0) return bracket.a;
    if (bracket.fb === 0) return bracket.b;
    twoIllinoisSteps(f, bracket);
    if (bracket.b - bracket.a <= width / 2) continue;
    const middle = bracket.a + (bracket.b - bracket.a) / 2;
    if (middle <= bracket.a || middle >= bracket.b) return middle;
    replaceEnd(bracket, middle, f(middle));
  }
}

function widen(f: (x: number) => number, low: number, high: number): Bracket {
  let [a, b, width] = [low, high, high - low];
  let [fa, fb] = [f(a), f(b)];
  while (fa > 0) {
    width *= 2;
    [b, fb] = [a, fa];
    a -= width;
    fa = valueAt(f, a);
  }
  while (fb < 0) {
    width *= 2;
    [a, fa] = [b, fb];
    b += width;
    fb = valueAt(f, b);
  }
  return { a, b, fa, fb };
}

function valueAt(f: (x: number) => number, x: number): number {
  const value = Number.isFinite(x) ? f(x) : NaN;
  if (!Number.isNaN(value)) return value;
  throw new RangeError(`Expected an increasing function with a root but found none up to ${x}.`);
}

/** False position; the end that stays put twice counts half, so that both ends close in. */
function twoIllinoisSteps(f: (x: number) => number, bracket: Bracket): void {
  let last = 0;
  for (let i = 0; i < 2; i++) {
    const { a, b, fa, fb } = bracket;
    const x = (a * fb - b * fa) / (fb - fa);
    if (!(x > a && x < b)) return;
    const side = replaceEnd(bracket, x, f(x));
    if (side === last && side < 0) bracket.fb /= 2;
    if (side === last && side > 0) bracket.fa /= 2;
    last = side;
  }
}

function replaceEnd(bracket: Bracket, x: number, fx: number): number {
  if (fx < 0) {
    bracket.a = x;
    bracket.fa = fx;
    return -1;
  }
  bracket.b = x;
  bracket.fb = fx;
  return fx === 0 ? 0 : 1;
}
