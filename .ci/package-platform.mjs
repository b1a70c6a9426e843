// Packs the addon that was built here as the package for this platform, @glai/<backend>-<platform>-<arch>: one file of code,
// with the backend's version. Each backend with compiled kernels calls this from its scripts/package-platform.js:
//
//   node scripts/package-platform.js [--out FOLDER]    writes the tarball there (default build/platform)
//   node scripts/package-platform.js --optional …      the same, but exit 0 without one where nothing can be built
//
// Builds first when the addon is not up to date. Publishing is another step (docs/contributing/releasing.md).
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { arch, platform } from "node:os";
import { join, resolve } from "node:path";

/**
 * @param {object} of
 * @param {string} of.root - folder of the backend's package, whose scripts/build-native.js makes build/Release/<addon>
 * @param {string} of.addon - its file name
 * @param {readonly string[]} of.platforms - those that it is packed for, such as "linux-x64"
 */
export function packagePlatform({ root, addon, platforms }) {
  const { name: backend, version, license, engines } = readJson(join(root, "package.json"));
  const here = `${platform()}-${arch()}`;
  const at = process.argv.indexOf("--out");
  const out = at < 0 ? join(root, "build/platform") : resolve(process.argv[at + 1]);
  if (!platforms.includes(here))
    stop(backend, `no platform package for ${here}, only ${platforms.join(", ")}.`);
  const build = spawnSync(process.execPath, [join(root, "scripts/build-native.js"), "--require"], {
    cwd: root,
    stdio: "inherit",
  });
  if (build.status !== 0) stop(backend, "no platform package, because there is no addon.");

  const name = `${backend}-${here}`;
  const manifest = {
    name,
    version,
    description: `The compiled kernels of ${backend} for ${here}`,
    license,
    os: [platform()],
    cpu: [arch()],
    ...(platform() === "linux" && { libc: ["glibc"] }),
    main: addon,
    files: [addon],
    engines,
  };
  const staging = join(root, "build/platform-package");
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  mkdirSync(out, { recursive: true });
  copyFileSync(join(root, "build/Release", addon), join(staging, addon));
  copyFileSync(join(root, "../../LICENSE"), join(staging, "LICENSE"));
  writeFileSync(join(staging, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(
    join(staging, "README.md"),
    `# ${name}\n\nThe compiled kernels of \`${backend}\`, which finds them by itself when both are installed.\n`,
  );
  const pack = ["pack", "--silent", "--pack-destination", out];
  const { status, error } = spawnSync("npm", pack, { cwd: staging, stdio: "inherit" });
  if (status !== 0) {
    console.error(`${backend}: npm pack failed. ${error ?? ""}`);
    process.exit(1);
  }
}

function stop(backend, why) {
  console.error(`${backend}: ${why}`);
  process.exit(process.argv.includes("--optional") ? 0 : 1);
}

function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}
