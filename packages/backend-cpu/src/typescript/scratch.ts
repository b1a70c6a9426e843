/** Arrays that are reused from step to step and only ever grow. Contents are whatever was there. */
export interface Scratch {
  float32(name: string, length: number): Float32Array;
  float64(name: string, length: number): Float64Array;
  int32(name: string, length: number): Int32Array;
}

export function createScratch(): Scratch {
  return {
    float32: growing((length) => new Float32Array(length)),
    float64: growing((length) => new Float64Array(length)),
    int32: growing((length) => new Int32Array(length)),
  };
}

function growing<T extends { readonly length: number }>(
  create: (length: number) => T,
): (name: string, length: number) => T {
  const arrays = new Map<string, T>();
  return (name, length) => {
    const found = arrays.get(name);
    if (found !== undefined && found.length >= length) return found;
    const created = create(length);
    arrays.set(name, created);
    return created;
  };
}
