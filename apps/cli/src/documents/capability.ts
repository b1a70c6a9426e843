import type { Capability } from "@glai/core";
import type { z } from "zod";
import type { capabilitySchema } from "../schemas/parts.js";

/** A capability as it stands in JSON documents. */
export function capabilityDocument(capability: Capability): z.infer<typeof capabilitySchema> {
  const { available, reason, hint, device, tier, precision, deterministic, threads } = capability;
  return {
    available,
    ...(reason !== undefined && { reason }),
    ...(hint !== undefined && { hint }),
    device,
    tier,
    precision,
    deterministic,
    models: [...capability.models],
    blocks: [...capability.blocks],
    losses: [...capability.losses],
    optimizers: [...capability.optimizers],
    threads,
  };
}
