import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const root = new URL("../..", import.meta.url).pathname;
const folders: Readonly<Record<string, string>> = {
  "backend-webgl": root,
  "backend-cpu": join(root, "../backend-cpu"),
  core: join(root, "../core"),
  "pure-rand": join(root, "../core/node_modules/pure-rand/lib/esm"),
  "gpu.js": join(root, "node_modules/gpu.js/dist"),
};
const types: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** What the page below puts into `globalThis.glai`. */
export interface Packages {
  readonly core: typeof import("@glai/core");
  readonly cpu: typeof import("@glai/backend-cpu");
  readonly webgl: typeof import("../../src/index.js");
  readonly inside: {
    readonly gpu: typeof import("../../src/gpu-js.js");
    readonly devices: typeof import("../../src/devices.js");
    readonly kernels: typeof import("../../src/kernels.js");
  };
}

const page = `<!doctype html><script type="importmap">{"imports":{
  "@glai/core":"/core/dist/index.js","@glai/backend-cpu":"/backend-cpu/dist/index.js",
  "@glai/backend-webgl":"/backend-webgl/dist/index.js",
  "gpu.js":"/gpu.js/gpu-browser.js","pure-rand/":"/pure-rand/"}}</script>
  <script type="module">
    import * as core from "@glai/core";
    import * as cpu from "@glai/backend-cpu";
    import * as webgl from "@glai/backend-webgl";
    import * as gpu from "/backend-webgl/dist/gpu-js.js";
    import * as devices from "/backend-webgl/dist/devices.js";
    import * as kernels from "/backend-webgl/dist/kernels.js";
    globalThis.glai = { core, cpu, webgl, inside: { gpu, devices, kernels } };
  </script>`;

/** The built packages and an empty page that imports them without a bundler. */
export async function serve(): Promise<{ readonly origin: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    if (pathname === "/") {
      response.writeHead(200, { "content-type": "text/html" }).end(page);
      return;
    }
    if (pathname === "/favicon.ico") {
      response.writeHead(204).end();
      return;
    }
    const [, name, ...rest] = normalize(pathname).split("/");
    const path = join(folders[name] ?? "/nowhere", rest.join("/"));
    const found = [path, `${path}.js`].find((file) => existsSync(file) && extname(file) !== "");
    if (found === undefined) {
      response.writeHead(404).end();
      return;
    }
    const type = types[extname(found)] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": type });
    createReadStream(found).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
