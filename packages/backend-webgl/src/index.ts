export {
  createBackend,
  createWebglBackend,
  type WebglBackend,
  type WebglBackendOptions,
  type WebglCapability,
  type WebglMode,
} from "./backend.js";
export type { DeviceLimits } from "./device.js";
