export { type CpuBackendOptions, createCpuBackend } from "./backend.js";
export type { CpuTier } from "./tier.js";
