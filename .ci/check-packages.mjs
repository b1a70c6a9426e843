// Packs every public package as it would be published, checks the tarballs with publint and
// attw, installs them all in an empty folder with npm and uses them there.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const scratch = mkdtempSync(join(tmpdir(), "glai-packages-"));
try {
  const packages = publicPackages();
  const tarballs = packages.map(pack);
  for (const tarball of tarballs) lint(tarball);
  installAndUse(packages, tarballs);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Workspaces that would be published: [{ folder, name, bin }]. */
function publicPackages() {
  return ["packages", "apps"]
    .flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name)))
    .filter((folder) => existsSync(join(folder, "package.json")))
    .map((folder) => ({
      folder,
      ...JSON.parse(readFileSync(join(folder, "package.json"), "utf8")),
    }))
    .filter((manifest) => manifest.private !== true);
}

function pack({ folder, name }) {
  const before = new Set(readdirSync(scratch));
  run("npx", ["-y", "pnpm@10.34.9", "pack", "--pack-destination", scratch], { cwd: folder });
  const made = readdirSync(scratch).filter((file) => file.endsWith(".tgz") && !before.has(file));
  if (made.length !== 1)
    throw new Error(`Expected one tarball of ${name} but found ${made.length}.`);
  return join(scratch, made[0]);
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
  run("npx", ["--no-install", "glai", "inspect", "A1"], { cwd: home }); // data came along
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
