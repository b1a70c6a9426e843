// Blocks that are no TypeScript. Each returns { code, output }, or { skipped } with the reason.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { root } from "./pages.mjs";
import { runCommand } from "./run-command.mjs";

const python = "/usr/bin/python3";

export function runShell({ before, code }, { folder, PATH }) {
  const script = `set -euo pipefail\n${before}${code}`;
  return runCommand("bash", ["-c", script], { cwd: folder, env: { ...readersEnv(), PATH } });
}

export function runPython({ before, code }, { folder }) {
  const script = `${before}${code}`;
  const modules = [...script.matchAll(/^(?:import|from) (\w+)/gm)].map(([, name]) => name);
  const imports = `import ${[...new Set(modules), "sys"].join(", ")}`;
  const { status, error } = spawnSync(python, ["-c", imports]);
  if (error !== undefined || status !== 0)
    return { skipped: `${python} cannot run "${imports}" here` };
  return runCommand(python, ["-c", script], { cwd: folder });
}

/** A YAML block is a configuration of `glai train` and `glai compare`; later blocks find it under its first line's name. */
export function runConfig({ code }, { folder, PATH }) {
  const file = fileNameOf(code) ?? "config.yaml";
  writeFileSync(join(folder, file), code);
  const args = ["train", "data/", "--config", file, "--print-config"];
  return runCommand("glai", args, { cwd: folder, env: { ...process.env, PATH } });
}

export function runJson({ code }) {
  try {
    JSON.parse(code);
    return { code: 0, output: "" };
  } catch (error) {
    return { code: 1, output: error.message };
  }
}

/** A Markdown block shows a changeset, read as the tool reads it; the packages that it names must exist. */
export function runChangeset({ code }, { packageNames }) {
  const parse = createRequire(createRequire(join(root, "package.json")).resolve("@changesets/cli"))(
    "@changesets/parse",
  ).default;
  const { releases } = parse(code);
  const unknown = releases.filter(({ name }) => !packageNames.includes(name));
  return unknown.length === 0 && releases.length > 0
    ? { code: 0, output: "" }
    : { code: 1, output: `Expected packages of this repository: ${JSON.stringify(releases)}` };
}

function fileNameOf(code) {
  return /^# (\S+\.yaml)$/m.exec(code.split("\n")[0])?.[1];
}

/** The environment without functions that the calling shell exported: `.ci/run` has one named pnpm. */
function readersEnv() {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("BASH_FUNC_")),
  );
}
