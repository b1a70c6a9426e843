import type { ShapeName } from "./types.js";

/** Table 1: inputs, hidden units, outputs. */
export const shapes: Readonly<Record<ShapeName, readonly [number, number, number]>> = {
  A1: [384, 256, 37],
  A2: [768, 128, 4],
  B1: [1280, 640, 128],
  B2: [768, 768, 128],
  C1: [576, 256, 5],
  C2: [768, 512, 4],
};

/** The paper's reduction factor ρ of the hidden layer (Table 2). */
export const reduction = 0.5;
