import type { Device } from "./device.js";
import { createDevice } from "./gpu-js.js";

/** One context for all sessions of a page or worker: browsers take away the oldest of too many. */
export interface SharedDevice {
  /** The device, a new one where there was none or its context was lost. */
  get(): Promise<Device>;
  /** Destroys it when no session holds it; the next `get` makes another. */
  close(): Promise<void>;
  hold(): void;
  letGo(): void;
}

function createSharedDevice(create: () => Promise<Device> = createDevice): SharedDevice {
  let device: Promise<Device> | undefined;
  let nHeld = 0;
  return {
    async get() {
      const current = device;
      const held = await current?.catch(() => undefined);
      if (held !== undefined && !held.isLost()) return held;
      if (device === undefined || device === current) device = create(); // else another session was first
      return device;
    },
    async close() {
      if (nHeld > 0) return;
      const held = await device?.catch(() => undefined);
      held?.destroy();
      device = undefined;
    },
    hold: () => void nHeld++,
    letGo: () => void nHeld--,
  };
}

/** Nothing is made by importing: the context comes with the first `probe` or `prepare`. */
export const sharedDevice = createSharedDevice();
