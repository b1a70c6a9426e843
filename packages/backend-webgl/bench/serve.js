// Serves the built packages to a browser, without a bundler: an import map names them.
import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folders = {
  "backend-webgl": root,
  "backend-cpu": join(root, "../backend-cpu"),
  core: join(root, "../core"),
  "pure-rand": join(root, "../core/node_modules/pure-rand/lib/esm"),
};
const types = { ".js": "text/javascript", ".wasm": "application/wasm" };

const head = `<!doctype html><meta charset="utf-8"><title>GLAI on WebGL</title>
<script type="importmap">{"imports":{
  "@glai/core":"/core/dist/index.js","@glai/backend-cpu":"/backend-cpu/dist/index.js",
  "@glai/backend-webgl":"/backend-webgl/dist/index.js",
  "pure-rand/":"/pure-rand/"}}</script>`;

/** A server of one page with the given body; `/<package>/<file>` are the files of the packages. */
export async function serve(body) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    if (pathname === "/") {
      response.writeHead(200, { "content-type": "text/html" }).end(head + body);
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
    response.writeHead(200, {
      "content-type": types[extname(found)] ?? "application/octet-stream",
    });
    createReadStream(found).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Software GL in Chromium: the same numbers as a GPU, slowly, on any machine. */
export const softwareGl = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
];
