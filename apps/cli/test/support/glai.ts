import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

const bin = join(import.meta.dirname, "../../bin/glai.js");

/** How a command ended and what it said. */
export interface Outcome {
  readonly code: number | null; // null: ended by a signal
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly endedAt: number; // performance.now()
}

/** A command that is running. */
export interface RunningGlai {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
  /** Resolves when stderr or stdout has matched; rejects when the command ends without. */
  saw(pattern: RegExp): Promise<void>;
}

/** Starts the real command as a user's shell would. */
export function startGlai(args: readonly string[], cwd: string): RunningGlai {
  const child = spawn(process.execPath, [bin, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  const text = { stdout: "", stderr: "" };
  const watchers: (() => void)[] = [];
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      text[name] += chunk;
      for (const watcher of watchers) watcher();
    });
  }
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      resolve({ code, signal, ...text, endedAt: performance.now() });
    });
  });
  return {
    child,
    outcome,
    saw: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (pattern.test(text.stderr) || pattern.test(text.stdout)) resolve();
        };
        watchers.push(look);
        look();
        void outcome.then(({ code, signal, stderr }) =>
          reject(new Error(`ended with ${code ?? signal} before ${pattern} was seen:\n${stderr}`)),
        );
      }),
  };
}

/** Runs the real command to its end. */
export function glai(args: readonly string[], cwd: string): Promise<Outcome> {
  return startGlai(args, cwd).outcome;
}

/** Runs a command that must succeed and returns its JSON document. */
export async function glaiJson(args: readonly string[], cwd: string): Promise<unknown> {
  const { code, stdout, stderr } = await glai([...args, "--json", "--quiet"], cwd);
  if (code !== 0) throw new Error(`glai ${args.join(" ")} ended with ${code}:\n${stderr}`);
  return JSON.parse(stdout);
}
