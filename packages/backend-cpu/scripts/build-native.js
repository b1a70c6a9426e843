// Compiles the native addon when this machine can, and says what it did.
//
//   node scripts/build-native.js            compile, or say why not and exit 0
//   node scripts/build-native.js --require  the same, but exit 1 when there is no addon afterwards
//
// GLAI_NATIVE=skip leaves the addon alone; GLAI_NATIVE=require is --require.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const build = join(root, "build");
const addon = join(build, "Release", "glai_cpu.node");
const required = process.argv.includes("--require") || process.env.GLAI_NATIVE === "require";

const say = (text) => console.log(`@glai/backend-cpu: ${text}`);

function finish(reason, hint) {
  if (required && !isCurrent()) {
    console.error(`@glai/backend-cpu: no native addon: ${reason} ${hint}`);
    process.exit(1);
  }
  say(`native addon skipped: ${reason} The WASM tier serves instead. ${hint}`);
  process.exit(0);
}

/** Everything the addon depends on: sources, build files, Node's ABI, the machine. */
function fingerprint() {
  const hash = createHash("sha256");
  const files = [join(root, "CMakeLists.txt"), ...sources(join(root, "native"))];
  for (const file of files) hash.update(file.slice(root.length)).update(readFileSync(file));
  hash.update(`${platform()} ${arch()} ${process.env.CXX ?? ""}`);
  return hash.digest("hex");
}

function sources(folder) {
  return readdirSync(folder)
    .filter((name) => /\.(cc|h)$/.test(name))
    .toSorted()
    .map((name) => join(folder, name));
}

const stamp = join(build, "native-stamp");
const current = fingerprint();

function isCurrent() {
  return existsSync(addon) && existsSync(stamp) && readFileSync(stamp, "utf8") === current;
}

function has(command, args = ["--version"]) {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

/** One build at a time: a second one waits and then finds the work done. */
function lock() {
  mkdirSync(build, { recursive: true });
  const path = join(build, "native-lock");
  for (let waited = 0; ; waited++) {
    try {
      writeFileSync(path, String(process.pid), { flag: "wx" });
      process.on("exit", () => rmSync(path, { force: true }));
      return;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      if (isStale(path)) rmSync(path, { force: true });
      else if (waited === 0) say("another build is running; waiting for it.");
      else if (waited > 600)
        finish("another build has held the lock for 10 minutes.", `Remove ${path}.`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
    }
  }
}

function isStale(path) {
  try {
    const owner = Number(readFileSync(path, "utf8"));
    if (owner === 0) return Date.now() - statSync(path).mtimeMs > 10_000;
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH" || error.code === "ENOENT";
  }
}

if (process.env.GLAI_NATIVE === "skip") finish("GLAI_NATIVE=skip.", "");
if (isCurrent()) {
  say("native addon is up to date.");
  process.exit(0);
}

let cmakeJs;
try {
  cmakeJs = join(
    dirname(createRequire(import.meta.url).resolve("cmake-js/package.json")),
    "bin",
    "cmake-js",
  );
} catch {
  finish("cmake-js is not installed.", "Run: pnpm install");
}
if (!has("cmake"))
  finish("cmake was not found.", "Install cmake and a C++17 compiler, then: pnpm build");
const compilers = process.env.CXX ? [process.env.CXX] : ["c++", "g++", "clang++"];
if (!compilers.some((compiler) => has(compiler))) {
  finish("no C++ compiler was found.", "Install g++ or clang++, then: pnpm build");
}

lock();
if (isCurrent()) {
  say("native addon is up to date.");
  process.exit(0);
}
const start = Date.now();
const result = spawnSync(process.execPath, [cmakeJs, "compile"], {
  cwd: root,
  encoding: "utf8",
  maxBuffer: 1 << 26,
  env: { CMAKE_BUILD_PARALLEL_LEVEL: "2", ...process.env },
});
if (result.status !== 0) {
  const log = `${result.stdout ?? ""}\n${result.stderr ?? ""}`.trim().split("\n");
  console.error(log.slice(-40).join("\n"));
  rmSync(stamp, { force: true });
  finish(
    "the compiler refused the sources (log above).",
    "Run: pnpm --filter @glai/backend-cpu build:native",
  );
}
writeFileSync(stamp, current);
say(`native addon compiled in ${((Date.now() - start) / 1000).toFixed(1)} s.`);
