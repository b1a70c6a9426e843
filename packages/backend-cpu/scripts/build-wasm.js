// Builds the WASM kernels from the files that native/README.md names, with clang and lld and nothing else.
//
//   node scripts/build-wasm.js            writes wasm/kernels.wasm, wasm/kernels-threads.wasm, wasm/kernels.json
//   node scripts/build-wasm.js --out DIR  writes them there (CI compares)
//
// kernels.json names the sources by checksum: a test that needs no compiler sees when they have changed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

/** Memory of the threaded build: shared, up to 4 GiB. Every thread brings its own stack. */
const variants = [
  { name: "kernels.wasm", compile: [], link: [] },
  {
    name: "kernels-threads.wasm",
    compile: ["-matomics"],
    link: [
      "-Wl,--shared-memory",
      "-Wl,--max-memory=4294967296",
      "-Wl,--export=__stack_pointer",
      "-Wl,--no-check-features",
    ],
  },
];

function sha256(parts) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

const built = {};

// Objects carry no path of this machine: the compiler runs inside native/ with relative names.
const objects = mkdtempSync(join(tmpdir(), "glai-wasm-"));
mkdirSync(out, { recursive: true });
try {
  for (const variant of variants) {
    const compiled = sources.map((name) => {
      const object = join(objects, `${name}.o`);
      run([...flags, ...variant.compile, "-c", name, "-o", object]);
      return object;
    });
    run([...linkFlags, ...variant.link, ...compiled, "-o", join(out, variant.name)]);
    const bytes = readFileSync(join(out, variant.name));
    const { length } = bytes;
    built[variant.name] = sha256([bytes]);
    console.log(
      `@glai/backend-cpu: ${variant.name} from ${sources.length} files, ${length} bytes.`,
    );
  }
} finally {
  rmSync(objects, { recursive: true, force: true });
}
const inputs = readdirSync(native)
  .filter((name) => name.endsWith(".h") || sources.includes(name))
  .filter((name) => !/^(binding|native_)/.test(name))
  .toSorted();
built.sources = sha256(inputs.map((name) => readFileSync(join(native, name))));
writeFileSync(join(out, "kernels.json"), `${JSON.stringify(built, null, 2)}\n`);
