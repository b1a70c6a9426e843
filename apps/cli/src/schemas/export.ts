import { z } from "zod";

/** What `glai export <run> --json` prints. */
export const exportSchema = z.strictObject({
  out: z.string().describe("the file written"),
  format: z.enum(["onnx", "safetensors"]),
  bytes: z.int(),
  head: z.string(),
  nFeatures: z.int().describe("width of the input `features`"),
  nOutputs: z.int(),
  outputs: z.array(z.string()).describe("names of an ONNX model's outputs; none for safetensors"),
});
