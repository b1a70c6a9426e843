import { type Zippable, zipSync } from "fflate";
import { badData } from "./errors.js";
import { encodeNpy, parseNpy } from "./npy.js";
import type { Tensor } from "./tensor.js";
import { readZipDirectory, unpackMember } from "./zip.js";

/**
 * Reads a .npz archive (stored or deflated members, Zip64 too): array names without ".npy" to tensors,
 * in the archive's order. With `only`, other members are not unpacked. Throws `bad-data` as `parseNpy` does, and
 * for damaged archives (every member's CRC-32 is checked).
 *
 * @example
 * const features = parseNpz(bytes, { name: "data.npz" }).get("x");
 */
export function parseNpz(
  bytes: Uint8Array,
  options: { readonly name?: string; readonly only?: readonly string[] } = {},
): ReadonlyMap<string, Tensor> {
  const { name = "the .npz data", only } = options;
  const tensors = new Map<string, Tensor>();
  for (const member of readZipDirectory(bytes, name)) {
    const key = member.path.replace(/\.npy$/, "");
    if (tensors.has(key)) {
      throw badData(name, "different names", `${key} twice`, "Write the archive again.");
    }
    if (only?.includes(key) === false) continue;
    const label = `${name}/${member.path}`;
    tensors.set(key, parseNpy(unpackMember(member, label), label));
  }
  return tensors;
}

/** Names of the arrays of a .npz archive, without unpacking them. */
export function listNpz(bytes: Uint8Array, name = "the .npz data"): readonly string[] {
  return readZipDirectory(bytes, name).map((member) => member.path.replace(/\.npy$/, ""));
}

/**
 * Writes a .npz archive; the same tensors give the same bytes (members carry ZIP's first date, 1980).
 *
 * @example
 * const bytes = encodeNpz(new Map([["x", features], ["y", labels]]), { compress: true });
 */
export function encodeNpz(
  tensors: ReadonlyMap<string, Tensor>,
  options: { readonly compress?: boolean } = {},
): Uint8Array {
  const level = options.compress === true ? 6 : 0;
  const members: Zippable = {};
  for (const [key, tensor] of tensors) members[`${key}.npy`] = encodeNpy(tensor);
  return zipSync(members, { level, mtime: new Date(1980, 0, 1) });
}
