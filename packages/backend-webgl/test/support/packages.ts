/** What the page of browser.ts puts into `globalThis.glai`. */
export interface Packages {
  readonly core: typeof import("@glai/core");
  readonly cpu: typeof import("@glai/backend-cpu");
  readonly webgl: typeof import("../../src/index.js");
  readonly devices: typeof import("../../src/devices.js");
  readonly sources: typeof import("../../src/kernel-sources.js");
}

export const page = `<script type="module">
  import * as core from "@glai/core";
  import * as cpu from "@glai/backend-cpu";
  import * as webgl from "@glai/backend-webgl";
  import * as devices from "/backend-webgl/dist/devices.js";
  import * as sources from "/backend-webgl/dist/kernel-sources.js";
  globalThis.glai = { core, cpu, webgl, devices, sources };
</script>`;
