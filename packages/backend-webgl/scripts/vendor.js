// Puts the browser build of gpu.js into dist/: as a dependency it would bring 89 MB of WebGPU binaries for Node, which
// a browser has no use for. It is one script without imports; see src/gpu-js-library.ts for how it is loaded.
import { copyFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const source = dirname(createRequire(import.meta.url).resolve("gpu.js/package.json"));
const target = join(import.meta.dirname, "../dist/vendor");
mkdirSync(target, { recursive: true });
copyFileSync(join(source, "dist/gpu-browser.min.js"), join(target, "gpu.js"));
copyFileSync(join(source, "LICENSE"), join(target, "gpu.LICENSE"));
