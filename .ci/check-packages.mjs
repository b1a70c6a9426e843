// The rehearsal of a release, and the release: packs every public package and every platform package, checks the
// tarballs with publint and attw, installs them all in an empty folder with npm and uses them there.
//
//   node .ci/check-packages.mjs              the rehearsal: ends with `npm publish --dry-run` of every tarball
//   node .ci/check-packages.mjs --publish    the same, then publishes exactly these tarballs
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { arch, platform, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const publishes = process.argv.includes("--publish");
let compiledCpu; // name of the CPU backend's platform package, once there is one
const scratch = mkdtempSync(join(tmpdir(), "glai-packages-"));
try {
  const packages = publicPackages();
  const platformTarballs = packages.flatMap(packForPlatform);
  const tarballs = packages.map(pack);
  for (const tarball of tarballs) lint(tarball);
  installAndUse(packages, [...platformTarballs, ...tarballs]);
  for (const tarball of [...platformTarballs, ...tarballs]) publish(tarball);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Workspaces that would be published, those before that others depend on: [{ folder, name, … }]. */
function publicPackages() {
  const found = ["packages", "apps"]
    .flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name)))
    .filter((folder) => existsSync(join(folder, "package.json")))
    .map((folder) => ({
      folder,
      ...JSON.parse(readFileSync(join(folder, "package.json"), "utf8")),
    }))
    .filter((manifest) => manifest.private !== true);
  const ordered = [];
  const visit = (manifest) => {
    if (ordered.includes(manifest)) return;
    for (const other of found) if (manifest.dependencies?.[other.name] !== undefined) visit(other);
    ordered.push(manifest);
  };
  for (const manifest of found) visit(manifest);
  return ordered;
}

/** Compiled code for the platform that this runs on, of a package that has such: [tarball] or []. */
function packForPlatform({ folder, name }) {
  const script = join(folder, "scripts/package-platform.js");
  if (!existsSync(script)) return [];
  const out = join(scratch, "platform");
  const before = existsSync(out) ? readdirSync(out) : [];
  run(process.execPath, [script, "--out", out, ...(publishes ? [] : ["--optional"])]);
  const made = (existsSync(out) ? readdirSync(out) : [])
    .filter((file) => !before.includes(file))
    .map((file) => join(out, file));
  if (made.length === 0) console.log(`${name}: released without its compiled kernels from here.`);
  else if (name === "@glai/backend-cpu") compiledCpu = `${name}-${platform()}-${arch()}`;
  return made;
}

function publish(tarball) {
  const rehearsal = publishes ? [] : ["--dry-run"];
  if (publishes && isPublished(tarball)) {
    console.log(`${tarball}: this version is there already.`); // a release that broke off goes on
    return;
  }
  run("npm", ["publish", tarball, "--access", "public", "--loglevel=error", ...rehearsal]);
}

function pack({ folder, name, version }) {
  const before = new Set(readdirSync(scratch));
  run("npx", ["-y", "pnpm@10.34.9", "pack", "--pack-destination", scratch], { cwd: folder });
  const made = readdirSync(scratch).filter((file) => file.endsWith(".tgz") && !before.has(file));
  if (made.length !== 1)
    throw new Error(`Expected one tarball of ${name} but found ${made.length}.`);
  const tarball = join(scratch, made[0]);
  if (name === "@glai/backend-cpu" && compiledCpu !== undefined) addOptional(tarball, version);
  return tarball;
}

/** Only a released package depends on its platform package: in the repository there is none to install. */
function addOptional(tarball, version) {
  const folder = join(scratch, "unpacked");
  execFileSync("mkdir", ["-p", folder]);
  run("tar", ["-xf", tarball, "-C", folder]);
  const path = join(folder, "package/package.json");
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  manifest.optionalDependencies = { [compiledCpu]: version };
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
  run("npm", ["pack", "--silent", "--pack-destination", scratch], { cwd: dirname(path) });
}

function lint(tarball) {
  run(bin("publint"), ["run", "--strict", tarball]);
  run(bin("attw"), ["--profile", "esm-only", "--no-emoji", "--format", "ascii", tarball]);
}

/** The tarballs alone, with nothing of this repository in reach, must import and answer. */
function installAndUse(packages, tarballs) {
  const home = join(scratch, "home");
  execFileSync("mkdir", ["-p", home]);
  writeFileSync(join(home, "package.json"), JSON.stringify({ private: true, type: "module" }));
  run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", ...tarballs], {
    cwd: home,
  });
  const lines = packages.map(
    ({ name }) => `
      const module = await import(${JSON.stringify(name)});
      if (Object.keys(module).length === 0) throw new Error(${JSON.stringify(`${name} exports nothing.`)});`,
  );
  writeFileSync(join(home, "smoke.mjs"), lines.map((line) => `{${line}\n}`).join("\n"));
  run(process.execPath, ["smoke.mjs"], { cwd: home });
  run("npx", ["--no-install", "glai", "doctor"], { cwd: home });
  expectBackends(home, packages, tarballs);
  run("npx", ["--no-install", "glai", "inspect", "A1"], { cwd: home }); // data came along
}

function isPublished(tarball) {
  const { stdout } = spawnSync("tar", ["-xOf", tarball, "package/package.json"], {
    encoding: "utf8",
  });
  const { name, version } = JSON.parse(stdout);
  return (
    spawnSync("npm", ["view", `${name}@${version}`, "version"], {
      encoding: "utf8",
    }).stdout.trim() === version
  );
}

/** `doctor` must see each backend package once, and a compiled package as a part of its backend. */
function expectBackends(home, packages, tarballs) {
  const args = ["--no-install", "glai", "doctor", "--json"];
  const { stdout } = spawnSync("npx", args, { cwd: home, encoding: "utf8" });
  const { backends } = JSON.parse(stdout);
  const names = backends.map(({ name }) => name).toSorted();
  const expected = packages
    .flatMap(({ name }) => (name.startsWith("@glai/backend-") ? [name.slice(14)] : []))
    .concat("reference")
    .toSorted();
  if (names.join() !== expected.join())
    throw new Error(`Expected the backends ${expected} but doctor found ${names}.`);
  const compiled = tarballs.some((tarball) => /backend-cuda-linux-x64/.test(tarball));
  const { available, reason = "" } = backends.find(({ name }) => name === "cuda").capability;
  if (!available && /not built/.test(reason) === compiled)
    throw new Error(`Backend cuda, installed ${compiled ? "with" : "without"} kernels: ${reason}`);
  // There is no compiler's work in the tarball of the backend itself: what is native came from the platform package.
  const { tier } = backends.find(({ name }) => name === "cpu").capability;
  const expectedTier = compiledCpu === undefined ? "wasm" : "native";
  if (tier !== expectedTier)
    throw new Error(`Backend cpu: expected tier ${expectedTier} but doctor found ${tier}.`);
  console.log(`Backend cpu runs its ${tier} tier from the installed tarballs.`);
}

function bin(name) {
  return join(root, "node_modules/.bin", name);
}

/** Runs a command and shows its output; a failure names the command. */
function run(command, args, options = {}) {
  console.log(`$ ${command} ${args.join(" ")}`);
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with exit code ${status}.`);
}
