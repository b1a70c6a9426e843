import { spawn } from "node:child_process";
import { relative } from "node:path";
import { root, scratch } from "./pages.mjs";

const secondsPerBlock = 120;

/** Runs a command to its end: { code, output }, where `code` is the exit code or the signal that ended it. */
export function runCommand(command, args, { cwd, env = process.env }) {
  return new Promise((done) => {
    const child = spawn(command, args, {
      cwd,
      env,
      timeout: secondsPerBlock * 1000,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.on("error", (error) => done({ code: error.code, output: error.message }));
    child.on("close", (code, signal) =>
      done({ code: code ?? signal, output: output.replaceAll(`${relative(root, scratch)}/`, "") }),
    );
  });
}
