/** What a .npy header may hold: Python's literals for strings, integers, booleans, tuples, lists and dicts. */
export type PythonLiteral =
  string | bigint | boolean | null | readonly PythonLiteral[] | ReadonlyMap<string, PythonLiteral>;

/**
 * Reads one Python literal that fills `text` (blanks around it are fine). Tuples and lists both become
 * arrays, integers big integers. Throws a SyntaxError that names the position.
 *
 * @example
 * parsePythonLiteral("{'shape': (3, 4), 'fortran_order': False}"); // Map(2)
 */
export function parsePythonLiteral(text: string): PythonLiteral {
  const reader = { text, at: 0, depth: 0 };
  const value = readValue(reader);
  skipBlanks(reader);
  if (reader.at < text.length) throw unexpected(reader, "the end");
  return value;
}

interface Reader {
  readonly text: string;
  at: number;
  depth: number;
}

function readValue(reader: Reader): PythonLiteral {
  skipBlanks(reader);
  const next = reader.text[reader.at];
  if (next === "{") return nested(reader, readDict);
  if (next === "(") return nested(reader, (r) => readSequence(r, ")"));
  if (next === "[") return nested(reader, (r) => readSequence(r, "]"));
  if (next === "'" || next === '"') return readString(reader);
  const integer = match(reader, /-?\d+/y);
  if (integer !== undefined) {
    match(reader, /L/y); // long integers of Python 2
    return BigInt(integer);
  }
  const word = match(reader, /True|False|None/y);
  if (word === undefined) throw unexpected(reader, "a Python literal");
  return word === "None" ? null : word === "True";
}

function readDict(reader: Reader): ReadonlyMap<string, PythonLiteral> {
  const dict = new Map<string, PythonLiteral>();
  reader.at++;
  while (!take(reader, "}")) {
    if (dict.size > 0) expectCharacter(reader, ",");
    if (take(reader, "}")) break;
    skipBlanks(reader);
    const key = readString(reader);
    expectCharacter(reader, ":");
    dict.set(key, readValue(reader));
  }
  return dict;
}

function readSequence(reader: Reader, end: string): readonly PythonLiteral[] {
  const items: PythonLiteral[] = [];
  reader.at++;
  while (!take(reader, end)) {
    if (items.length > 0) expectCharacter(reader, ",");
    if (take(reader, end)) break;
    items.push(readValue(reader));
  }
  return items;
}

function readString(reader: Reader): string {
  const quoted = match(reader, /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/y);
  if (quoted === undefined) throw unexpected(reader, "a string");
  return quoted.slice(1, -1).replace(/\\(.)/g, "$1");
}

function nested<T>(reader: Reader, read: (reader: Reader) => T): T {
  if (++reader.depth > 32) throw unexpected(reader, "at most 32 levels of nesting");
  const value = read(reader);
  reader.depth--;
  return value;
}

function skipBlanks(reader: Reader): void {
  match(reader, /\s+/y);
}

function take(reader: Reader, character: string): boolean {
  skipBlanks(reader);
  if (reader.text[reader.at] !== character) return false;
  reader.at++;
  return true;
}

function expectCharacter(reader: Reader, character: string): void {
  if (!take(reader, character)) throw unexpected(reader, `"${character}"`);
}

function match(reader: Reader, pattern: RegExp): string | undefined {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.text)?.[0];
  if (found !== undefined) reader.at += found.length;
  return found;
}

function unexpected(reader: Reader, expected: string): SyntaxError {
  const found = JSON.stringify(reader.text.slice(reader.at, reader.at + 12));
  return new SyntaxError(`Expected ${expected} at character ${reader.at} but found ${found}`);
}
