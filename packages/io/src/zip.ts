import { inflateSync } from "fflate";
import { crc32 } from "./crc32.js";
import { badData, count } from "./errors.js";

/** One file of a ZIP archive, checked to lie inside it but not yet unpacked. */
export interface ZipMember {
  readonly path: string;
  readonly size: number; // bytes when unpacked, as claimed
  readonly method: number; // 0: stored, 8: deflate
  readonly crc: number;
  readonly packed: Uint8Array; // a view into the archive
}

const hint = "The archive is damaged: copy it again or write it again with numpy.savez.";
const largestRatio = 1032; // deflate cannot shrink more: 258 bytes from two bits

/**
 * The directory of a ZIP archive (Zip64 included), read without unpacking anything. Throws `bad-data`
 * for whatever does not add up. The layout is PKWARE's APPNOTE 6.3; unpacking is fflate's.
 */
export function readZipDirectory(archive: Uint8Array, name: string): readonly ZipMember[] {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const { nEntries, start, end } = findDirectory(view, name);
  const members: ZipMember[] = [];
  let at = start;
  for (let i = 0; i < nEntries; i++) {
    const label = `entry ${i} of ${name}`;
    if (at + 46 > end || view.getUint32(at, true) !== 0x02014b50) {
      throw badData(
        name,
        `${count(nEntries, "directory entry")}`.replace("ys", "ies"),
        `${i}`,
        hint,
      );
    }
    const [pathBytes, extraBytes, commentBytes] = [28, 30, 32].map((o) =>
      view.getUint16(at + o, true),
    );
    const next = at + 46 + pathBytes + extraBytes + commentBytes;
    if (next > end) throw badData(label, "a name inside the directory", "one beyond it", hint);
    const path = new TextDecoder().decode(archive.subarray(at + 46, at + 46 + pathBytes));
    const sizes = readSizes(view, at, pathBytes, extraBytes);
    const method = view.getUint16(at + 10, true);
    if ((view.getUint16(at + 8, true) & 1) !== 0 || (method !== 0 && method !== 8)) {
      const found = method === 0 || method === 8 ? "encryption" : `compression method ${method}`;
      throw badData(`${name}/${path}`, "a stored or deflated member", found, hint);
    }
    const packed = packedBytes(archive, view, sizes, start, `${name}/${path}`);
    const plausible =
      method === 0 ? sizes.size === packed.length : sizes.size <= largestRatio * packed.length;
    if (!plausible) {
      const found = `${count(packed.length, "byte")} for a claimed size of ${sizes.size}`;
      throw badData(`${name}/${path}`, "enough packed data", found, hint);
    }
    members.push({ path, size: sizes.size, method, crc: view.getUint32(at + 16, true), packed });
    at = next;
  }
  return members;
}

/** The unpacked bytes of a member; `bad-data` when size or CRC-32 are not what the directory says. */
export function unpackMember(member: ZipMember, name: string): Uint8Array {
  const bytes = member.method === 0 ? member.packed : inflate(member, name);
  if (bytes.length !== member.size) {
    throw badData(name, `${count(member.size, "byte")} after unpacking`, `${bytes.length}`, hint);
  }
  const found = crc32(bytes);
  if (found !== member.crc) {
    throw badData(name, `CRC-32 ${member.crc.toString(16)}`, found.toString(16), hint);
  }
  return bytes;
}

function inflate(member: ZipMember, name: string): Uint8Array {
  try {
    // One byte more than claimed, so that a longer stream shows in the length.
    return inflateSync(member.packed, { out: new Uint8Array(member.size + 1) });
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw badData(name, "a deflate stream", `"${found}"`, hint, cause);
  }
}

/** Follows the end record (and its Zip64 twin) to the directory. */
function findDirectory(
  view: DataView,
  name: string,
): { readonly nEntries: number; readonly start: number; readonly end: number } {
  let at = view.byteLength - 22;
  const lowest = Math.max(0, at - 0xffff);
  const isEnd = () =>
    view.getUint32(at, true) === 0x06054b50 &&
    at + 22 + view.getUint16(at + 20, true) === view.byteLength;
  while (at >= lowest && !isEnd()) at--;
  if (at < lowest) throw badData(name, "the end record of a ZIP archive", "none", hint);
  let nEntries = view.getUint16(at + 10, true);
  let size = view.getUint32(at + 12, true);
  let start = view.getUint32(at + 16, true);
  let end = at;
  if (nEntries === 0xffff || size === 0xffffffff || start === 0xffffffff) {
    const locator = at - 20;
    if (locator < 0 || view.getUint32(locator, true) !== 0x07064b50) {
      throw badData(name, "a Zip64 locator", "none", hint);
    }
    end = toNumber(view.getBigUint64(locator + 8, true));
    if (end + 56 > locator || view.getUint32(end, true) !== 0x06064b50) {
      throw badData(name, "a Zip64 end record", "none", hint);
    }
    nEntries = toNumber(view.getBigUint64(end + 32, true));
    size = toNumber(view.getBigUint64(end + 40, true));
    start = toNumber(view.getBigUint64(end + 48, true));
  }
  if (start + size !== end || nEntries * 46 > size) {
    const found = `${nEntries} entries in bytes ${start}…${start + size}`;
    throw badData(name, `a directory that ends at byte ${end}`, found, hint);
  }
  return { nEntries, start, end };
}

interface MemberSizes {
  readonly size: number;
  readonly packedSize: number;
  readonly offset: number;
}

function readSizes(view: DataView, at: number, pathBytes: number, extraBytes: number): MemberSizes {
  const values = [24, 20, 42].map((offset) => view.getUint32(at + offset, true));
  const extraEnd = at + 46 + pathBytes + extraBytes;
  for (let extra = at + 46 + pathBytes; extra + 4 <= extraEnd;) {
    const length = view.getUint16(extra + 2, true);
    if (view.getUint16(extra, true) === 1) {
      let field = extra + 4; // Zip64: 8 bytes for each value that did not fit, in this order
      for (let i = 0; i < 3; i++) {
        if (values[i] !== 0xffffffff || field + 8 > Math.min(extra + 4 + length, extraEnd))
          continue;
        values[i] = toNumber(view.getBigUint64(field, true));
        field += 8;
      }
    }
    extra += 4 + length;
  }
  return { size: values[0], packedSize: values[1], offset: values[2] };
}

function packedBytes(
  archive: Uint8Array,
  view: DataView,
  sizes: MemberSizes,
  directoryStart: number,
  name: string,
): Uint8Array {
  const { offset, packedSize } = sizes;
  if (offset + 30 > directoryStart || view.getUint32(offset, true) !== 0x04034b50) {
    throw badData(name, "a local header", `none at byte ${offset}`, hint);
  }
  const start = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  if (start + packedSize > directoryStart) {
    const available = Math.max(0, directoryStart - start);
    throw badData(name, `${count(packedSize, "byte")} of packed data`, `${available}`, hint);
  }
  return archive.subarray(start, start + packedSize);
}

/** Beyond 2^53 a value rounds, but stays far beyond every file. */
function toNumber(value: bigint): number {
  return Number(value);
}
