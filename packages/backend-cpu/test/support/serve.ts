import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const root = new URL("../..", import.meta.url).pathname;
const folders: Readonly<Record<string, string>> = {
  "backend-cpu": root,
  core: join(root, "../core"),
  "pure-rand": join(root, "../core/node_modules/pure-rand/lib/esm"),
};
const types: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

const page = `<!doctype html><script type="importmap">{"imports":{
  "@glai/core":"/core/dist/index.js","@glai/backend-cpu":"/backend-cpu/dist/index.js",
  "pure-rand/":"/pure-rand/"}}</script>
  <script type="module">
    import * as core from "@glai/core";
    import * as cpu from "@glai/backend-cpu";
    globalThis.glai = { core, cpu };
  </script>`;

/** The built packages and an empty page that can import them; isolated pages may share memory. */
export async function serve(
  isIsolated: boolean,
): Promise<{ readonly origin: string; close(): Promise<void> }> {
  const isolation = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const headers = isIsolated ? isolation : {};
    if (pathname === "/") {
      response.writeHead(200, { "content-type": "text/html", ...headers }).end(page);
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
    response.writeHead(200, { "content-type": type, ...headers });
    createReadStream(found).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
