import type { KernelSpec } from "@glai/core";
import { type Fields, choiceField, numberField, numbersField } from "../fields.js";

/** Reads the kernel function of a kernel head from its JSON. */
export function readKernel(fields: Fields, name: string): KernelSpec {
  const kind = choiceField(fields, "kind", ["linear", "rbf", "path", "infinitePath"], name);
  const number = (key: string) => numberField(fields, key, name);
  switch (kind) {
    case "linear":
      return { kind, scale: number("scale"), shift: number("shift") };
    case "rbf":
      return { kind, gamma: number("gamma") };
    case "path":
      return {
        kind,
        scale: number("scale"),
        shift: number("shift"),
        overlapScale: numbersField(fields, "overlapScale", name),
        overlapShift: number("overlapShift"),
      };
    case "infinitePath":
      return {
        kind,
        scale: number("scale"),
        shift: number("shift"),
        power: number("power"),
        bias: number("bias"),
      };
    default:
      return kind satisfies never;
  }
}
