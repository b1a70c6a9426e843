// Builds wasm/kernels.wasm from the files that native/README.md names, with clang and lld and nothing else.
//
//   node scripts/build-wasm.js            writes wasm/kernels.wasm
//   node scripts/build-wasm.js --out DIR  writes it there (tests compare)
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const native = join(root, "native");
const at = process.argv.indexOf("--out");
const out = at < 0 ? join(root, "wasm") : process.argv[at + 1];
const clang = process.env.WASM_CXX ?? "clang++";

const flags = [
  "--target=wasm32",
  "-std=c++17",
  "-O3",
  "-msimd128",
  "-mbulk-memory",
  "-ffp-contract=fast",
  "-fno-math-errno",
  "-fno-trapping-math",
  "-fno-exceptions",
  "-fno-rtti",
  "-ffreestanding",
  "-fvisibility=hidden",
  "-nostdlib",
  "-Wall",
  "-Wextra",
  "-I.",
];
const linkFlags = [
  "-nostdlib",
  "--target=wasm32",
  "-Wl,--no-entry",
  "-Wl,--import-memory",
  "-Wl,--strip-all",
  "-Wl,-z,stack-size=262144",
  "-Wl,--stack-first",
];

const sources = readdirSync(native)
  .filter((name) => name.endsWith(".cc"))
  .filter((name) => !/^(addon|binding|native_)/.test(name) && !/_avx(2|512)\.cc$/.test(name))
  .toSorted();

function run(args) {
  const { status, stderr, error } = spawnSync(clang, args, { cwd: native, encoding: "utf8" });
  if (status === 0) return;
  console.error(stderr || String(error));
  console.error(`@glai/backend-cpu: ${clang} failed. Install clang and lld (Debian: clang lld).`);
  process.exit(1);
}

// Objects carry no path of this machine: the compiler runs inside native/ with relative names.
const objects = mkdtempSync(join(tmpdir(), "glai-wasm-"));
mkdirSync(out, { recursive: true });
try {
  const compiled = sources.map((name) => {
    const object = join(objects, `${name}.o`);
    run([...flags, "-c", name, "-o", object]);
    return object;
  });
  run([...linkFlags, ...compiled, "-o", join(out, "kernels.wasm")]);
} finally {
  rmSync(objects, { recursive: true, force: true });
}
const bytes = readFileSync(join(out, "kernels.wasm"));
console.log(`@glai/backend-cpu: kernels.wasm from ${sources.length} files, ${bytes.length} bytes.`);
