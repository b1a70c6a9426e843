import {
  appendFileSync,
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
} from "node:fs";
import type { JsonValue } from "@glai/core";
import { stringifyReadable } from "../json.js";
import { ioError } from "./io-error.js";

/** One line: a JSON object. */
export type MetricsLine = Readonly<Record<string, JsonValue>>;

/** The open metrics.jsonl of a run: one JSON value per line. */
export interface MetricsFile {
  /** Lines written so far, those kept from before included. */
  nLines(): number;
  /** Writes one line at once; NaN and infinities become texts. */
  append(value: MetricsLine): void;
  /** Waits until the disk has every line. */
  sync(): void;
  /** Keeps the first `nLines` lines and says how many whole ones there were. */
  truncate(nLines: number): number;
  close(): void;
}

/** Opens (or makes) the file. A last line without its end, torn by a kill, is cut off. */
export function openMetrics(path: string): MetricsFile {
  const attempt = <T>(action: string, call: () => T): T => {
    try {
      return call();
    } catch (error) {
      throw ioError(error, action, path);
    }
  };
  const file = attempt("open", () => openSync(path, "a+"));
  let nLines = 0;
  let nBytes = 0;
  const metrics: MetricsFile = {
    nLines: () => nLines,
    append(value) {
      const line = Buffer.from(`${stringifyReadable(value)}\n`);
      try {
        appendFileSync(file, line);
      } catch (error) {
        attempt("repair", () => ftruncateSync(file, nBytes)); // half a line would spoil the next
        throw ioError(error, "write", path);
      }
      nLines++;
      nBytes += line.length;
    },
    sync: () => attempt("write", () => fsyncSync(file)),
    truncate(keep) {
      const ends = attempt("read", () => lineEnds(readFileSync(path)));
      nLines = Math.min(keep, ends.length);
      nBytes = nLines === 0 ? 0 : ends[nLines - 1];
      attempt("write", () => ftruncateSync(file, nBytes));
      return ends.length;
    },
    close: () => attempt("close", () => closeSync(file)),
  };
  metrics.truncate(Infinity);
  return metrics;
}

/** Byte offsets just after each newline. */
function lineEnds(bytes: Uint8Array): readonly number[] {
  const ends: number[] = [];
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) ends.push(at + 1);
  return ends;
}
