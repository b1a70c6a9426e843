import { z } from "zod";

/** What `glai predict <run> <features> --json` prints. */
export const predictSchema = z.strictObject({
  labels: z.array(z.int()).describe("the class with the highest score, per row"),
  scores: z.array(z.array(z.number())).describe("softmax probabilities, per row and class"),
  classNames: z.array(z.string()).nullable(),
  head: z.string(),
});
