export {
  createBackend,
  createCudaBackend,
  type CudaBackend,
  type CudaBackendOptions,
} from "./backend.js";
export type { CudaConversion } from "./conversion.js";
