// Packs the addon that was built here as the optional package for this platform.
//
//   node scripts/package-platform.js [--out FOLDER]    writes the tarball there (default build/platform)
//   node scripts/package-platform.js --optional …      the same, but exit 0 without one where nothing can be built
//
// Builds first when the addon is not up to date. The package holds one file of code: the addon, with the CUDA
// runtime linked in. Publishing is another step (docs/contributing/releasing.md).
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { arch, platform } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = process.argv.indexOf("--out");
const out = at < 0 ? join(root, "build", "platform") : resolve(process.argv[at + 1]);
const staging = join(root, "build", "platform-package");

if (platform() !== "linux" || arch() !== "x64") {
  stop(`no platform package for ${platform()}-${arch()}, only linux-x64.`);
}
const build = spawnSync(process.execPath, [join(root, "scripts", "build-native.js"), "--require"], {
  cwd: root,
  stdio: "inherit",
});
if (build.status !== 0) stop("no platform package, because there is no addon.");

const { version, license, engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const name = "@glai/backend-cuda-linux-x64";
const manifest = {
  name,
  version,
  description: "The compiled kernels of @glai/backend-cuda for Linux on x86-64",
  license,
  os: ["linux"],
  cpu: ["x64"],
  libc: ["glibc"],
  main: "glai_cuda.node",
  files: ["glai_cuda.node"],
  engines,
};
rmSync(staging, { recursive: true, force: true });
mkdirSync(staging, { recursive: true });
mkdirSync(out, { recursive: true });
copyFileSync(join(root, "build", "Release", "glai_cuda.node"), join(staging, "glai_cuda.node"));
copyFileSync(join(root, "..", "..", "LICENSE"), join(staging, "LICENSE"));
writeFileSync(join(staging, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
writeFileSync(
  join(staging, "README.md"),
  `# ${name}\n\nThe compiled kernels of \`@glai/backend-cuda\`, which finds them by itself when both are installed.\n`,
);
run("npm", ["pack", "--silent", "--pack-destination", out], staging);

function stop(why) {
  console.error(`@glai/backend-cuda: ${why}`);
  process.exit(process.argv.includes("--optional") ? 0 : 1);
}

function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: "inherit" });
  if (status === 0) return;
  console.error(`@glai/backend-cuda: ${command} failed. ${error ?? ""}`);
  process.exit(1);
}
