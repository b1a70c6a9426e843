#!/usr/bin/env node
// `pnpm --silent glai <args>` in a checkout: builds when that was not done yet, then runs the command in
// the folder it was typed in, so that relative paths mean what the caller sees.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../../..");
const built = join(root, "apps/cli/dist/index.js");

if (!existsSync(built)) {
  console.error("glai: building the workspace once (about a minute)…");
  const turbo = join(root, "node_modules/.bin/turbo");
  if (!existsSync(turbo)) {
    console.error("glai: the workspace is not installed. Run: npx -y pnpm@10.34.9 install");
    process.exit(2);
  }
  const { status } = spawnSync(
    turbo,
    ["run", "build", "--filter=glai", "--output-logs=errors-only"],
    {
      cwd: root,
      stdio: ["ignore", process.stderr.fd, process.stderr.fd],
      env: { ...process.env, DO_NOT_TRACK: "1", TURBO_TELEMETRY_DISABLED: "1" },
    },
  );
  if (status !== 0 || !existsSync(built)) {
    console.error("glai: the build failed. Run: npx -y pnpm@10.34.9 build");
    process.exit(70);
  }
}

// pnpm runs scripts in the workspace root and keeps the caller's folder in INIT_CWD.
if (process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);
const { runProcess } = await import("../dist/index.js");
await runProcess(process);
