import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";

/** Builds of the kernels and the binding over the emulation. */
export type Variant =
  | "emulated" // what most tests load
  | "ucontext" // the same, with the portable context switch
  | "missing-barrier" // a planted bug: tiles are read before they are filled
  | "sanitized" // AddressSanitizer and alignment checks
  | "out-of-bounds"; // sanitized, with a planted store past the end

export const variants: readonly Variant[] = [
  "emulated",
  "ucontext",
  "missing-barrier",
  "sanitized",
  "out-of-bounds",
];

const root = dirname(dirname(import.meta.dirname));
const folder = join(root, "build", "emulation");
const compiler = process.env["CXX"] ?? "g++";

/** Why this machine cannot build the emulation, or undefined. */
export function whyNot(): string | undefined {
  if (process.platform !== "linux") return "The emulation is built on Linux only.";
  const { status } = spawnSync(compiler, ["--version"], { stdio: "ignore" });
  return status === 0 ? undefined : `No C++ compiler (${compiler}) was found.`;
}

export function pathOf(variant: Variant): string {
  return join(folder, `${variant}.node`);
}

/** The sanitizer's library, which has to be loaded before Node's own allocator. */
export function sanitizerLibrary(): string {
  return run(["-print-file-name=libasan.so"]).trim();
}

const sanitize = ["-fsanitize=address,alignment", "-fno-sanitize-recover=alignment", "-g1"];

/** Flags of one file in a variant. Planted bugs are in one kernel file each; the rest is shared with the sound build. */
function flagsOf(variant: Variant, file: string): string[] {
  switch (variant) {
    case "emulated":
      return [];
    case "ucontext":
      return file === "context.cc" ? ["-DGLAI_EMULATION_UCONTEXT"] : [];
    case "missing-barrier":
      return file === "dense.cu" ? ["-DGLAI_PLANT_MISSING_BARRIER"] : [];
    case "sanitized":
      return sanitize;
    case "out-of-bounds":
      return file === "estimator.cu" ? [...sanitize, "-DGLAI_PLANT_OUT_OF_BOUNDS"] : sanitize;
    default:
      return variant satisfies never;
  }
}

/** Compiles what changed, one file at a time, and links. Returns the seconds it took. */
export function buildEmulation(variant: Variant): number {
  const start = performance.now();
  mkdirSync(join(folder, "objects"), { recursive: true });
  const headers = hashOf(filesOf(/\.h$/));
  const objects = filesOf(/\.(cc|cu)$/).map((path) => compile(path, variant, headers));
  const link = createHash("sha256").update(objects.join()).digest("hex");
  const stamp = join(folder, `${variant}.stamp`);
  if (!existsSync(pathOf(variant)) || !existsSync(stamp) || readFileSync(stamp, "utf8") !== link) {
    const out = `${pathOf(variant)}.${process.pid}`;
    const sanitized = variant === "sanitized" || variant === "out-of-bounds";
    run(["-shared", ...(sanitized ? sanitize : []), ...objects, "-o", out]);
    renameSync(out, pathOf(variant));
    writeFileSync(stamp, link);
  }
  return (performance.now() - start) / 1000;
}

function filesOf(pattern: RegExp): string[] {
  return ["cuda", "emulation", "native"].flatMap((name) =>
    readdirSync(join(root, name))
      .filter((file) => pattern.test(file))
      .toSorted()
      .map((file) => join(root, name, file)),
  );
}

function hashOf(paths: readonly string[]): string {
  const hash = createHash("sha256");
  for (const path of paths) hash.update(path.slice(root.length)).update(readFileSync(path));
  return hash.digest("hex");
}

/** An object named after everything it depends on: variants share what is the same. */
function compile(path: string, variant: Variant, headers: string): string {
  const require = createRequire(import.meta.url);
  const isKernel = path.endsWith(".cu");
  const isBinding = /(addon|arguments|binding_\w+|control_binding)\.cc$/.test(path);
  // The binding is JavaScript's side: the sanitizer watches kernels, host code and the emulation.
  const flags = [
    "-std=c++17 -O1 -fPIC -fvisibility=hidden -U_FORTIFY_SOURCE".split(" "),
    "-Wall -Wextra -Werror -Wno-unknown-pragmas".split(" "),
    "-DGLAI_EMULATION -DNAPI_VERSION=8 -DNODE_ADDON_API_CPP_EXCEPTIONS".split(" "),
    isBinding ? [] : flagsOf(variant, basename(path)),
  ].flat();
  const key = createHash("sha256").update(`${compiler} ${flags.join(" ")} ${headers}`);
  const object = join(
    folder,
    "objects",
    `${key
      .update(hashOf([path]))
      .digest("hex")
      .slice(0, 32)}.o`,
  );
  if (existsSync(object)) return object;
  const includes = [
    `-I${join(root, "emulation")}`,
    `-I${join(root, "cuda")}`,
    `-I${join(root, "native")}`,
    `-isystem${join(dirname(require.resolve("node-api-headers/package.json")), "include")}`,
    `-isystem${dirname(require.resolve("node-addon-api/package.json"))}`,
  ];
  const out = `${object}.${process.pid}`;
  run([...flags, ...includes, ...(isKernel ? ["-x", "c++"] : []), "-c", path, "-o", out]);
  renameSync(out, object);
  return object;
}

function run(args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(compiler, args, { encoding: "utf8" });
  if (status === 0) return stdout;
  throw new Error(`${compiler} failed:\n${stderr || String(error)}`);
}
