export { type CpuBackendOptions, type CpuTier, createCpuBackend } from "./backend.js";
