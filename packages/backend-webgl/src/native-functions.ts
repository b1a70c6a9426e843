/** Numbers of the dropout stream as kernels take them: 32 bits in two halves, which float32 holds. */
export const dropoutStream = [
  "seedHigh",
  "seedLow",
  "stepHigh",
  "stepLow",
  "limitHigh",
  "limitLow",
];

interface NativeFunction {
  readonly name: string;
  readonly returnType: "Float" | "Integer";
  readonly argumentTypes: Readonly<Record<string, "Float" | "Integer">>;
  readonly source: string;
}

/**
 * `dot_a_b(n, a, aStep, b, bStep)`: Σ of n products of two arguments of the calling kernel, from places `a` and `b`
 * on. The loops where all the time goes: gpu.js would divide twice for each number it looks up.
 * `user_a` and `user_aSize` are gpu.js's names of an argument and of the size of its texture.
 */
const dot = (left: string, right: string): NativeFunction => ({
  name: `dot_${left}_${right}`,
  returnType: "Float",
  argumentTypes: { n: "Integer", a: "Integer", aStep: "Integer", b: "Integer", bStep: "Integer" },
  source: `float dot_${left}_${right}(int n, int a, int aStep, int b, int bStep) {
  int aWidth = user_${left}Size.x;
  int bWidth = user_${right}Size.x;
  ivec2 i = ivec2(a % aWidth, a / aWidth);
  ivec2 j = ivec2(b % bWidth, b / bWidth);
  ivec2 iStep = ivec2(aStep % aWidth, aStep / aWidth);
  ivec2 jStep = ivec2(bStep % bWidth, bStep / bWidth);
  float sum = 0.0;
  for (int k = 0; k < n; k++) {
    sum += texelFetch(user_${left}, i, 0).x * texelFetch(user_${right}, j, 0).x;
    i += iStep;
    if (i.x >= aWidth) { i.x -= aWidth; i.y++; }
    j += jStep;
    if (j.x >= bWidth) { j.x -= bWidth; j.y++; }
  }
  return sum;
}`,
});

/** Functions that kernels call, in GLSL: what gpu.js cannot say, integers above all. */
export const nativeFunctions: readonly NativeFunction[] = [
  dot("x", "layer"),
  dot("dOut", "layer"),
  dot("dOut", "x"),
  dot("z", "dOut"),
  dot("z", "weights"),
  {
    name: "quotient",
    returnType: "Integer",
    argumentTypes: { a: "Integer", b: "Integer" },
    source: "int quotient(int a, int b) { return a / b; }",
  },
  {
    name: "remainder",
    returnType: "Integer",
    argumentTypes: { a: "Integer", b: "Integer" },
    source: "int remainder(int a, int b) { return a - (a / b) * b; }",
  },
  {
    name: "at",
    returnType: "Integer",
    argumentTypes: { row: "Integer", width: "Integer", column: "Integer" },
    source: "int at(int row, int width, int column) { return row * width + column; }",
  },
  {
    name: "bit",
    returnType: "Float",
    argumentTypes: { word: "Float", place: "Integer" },
    source: "float bit(float word, int place) { return float((int(word) >> place) & 1); }",
  },
  {
    // The stream of packages/core/src/dropout.ts; numbers of 32 bits arrive in halves, which floats hold.
    name: "keep",
    returnType: "Float",
    argumentTypes: Object.fromEntries(
      [...dropoutStream, "row", "unit"].map((name) => [name, "Integer" as const]),
    ),
    source: `
uint mix32(uint x) {
  x ^= x >> 16u; x *= 0x7feb352du; x ^= x >> 15u; x *= 0x846ca68bu; return x ^ (x >> 16u);
}
uint whole(int high, int low) { return (uint(high) << 16u) | uint(low); }
float keep(int seedHigh, int seedLow, int stepHigh, int stepLow, int limitHigh, int limitLow, int row, int unit) {
  uint stepKey = mix32(mix32(whole(seedHigh, seedLow) + 0x9e3779b9u) ^ whole(stepHigh, stepLow));
  uint bits = mix32(mix32(stepKey ^ uint(row)) ^ mix32(uint(unit) + 0x85ebca6bu));
  return bits >= whole(limitHigh, limitLow) ? 1.0 : 0.0;
}`,
  },
];
