import type { Certificate } from "@glai/core";
import type { z } from "zod";
import type { certificateSchema } from "../schemas/parts.js";

/** A certificate as it stands in JSON documents: the number of paths may exceed 2^53. */
export function certificateDocument(certificate: Certificate): z.infer<typeof certificateSchema> {
  const { paths, kept, totalMass, keptMass, bound, measuredError, nSamples } = certificate;
  return { paths: paths.toString(), kept, totalMass, keptMass, bound, measuredError, nSamples };
}
