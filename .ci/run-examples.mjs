// Runs every TypeScript example of the documentation the way a reader would: each ```ts block of the
// READMEs and of docs/, and each file of docs/examples/. An example is type-checked, then run in an
// empty folder from which every @glai package resolves by its published exports. A block that
// opens with ```ts no-run (a browser, a GPU, a sketch) is skipped and counted.
//
// Usage, after a build: node .ci/run-examples.mjs [part of a path …]
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, relative, resolve } from "node:path";
import ts from "typescript";

const root = resolve(import.meta.dirname, "..");
const scratch = join(root, "build/examples");
const secondsPerExample = 120;

const wanted = process.argv.slice(2);
const found = documents()
  .filter((path) => wanted.length === 0 || wanted.some((part) => path.includes(part)))
  .flatMap(examplesOf);
const runnable = found.filter((example) => !example.noRun);

prepareScratch();
for (const example of runnable) write(example);
const typeErrors = typeErrorsOf(runnable);
const failures = [...typeErrors, ...(await runAll(runnable))];
for (const failure of failures) console.log(`\n${failure}`);
console.log(
  `${runnable.length} examples run, ${failures.length} failures, ${found.length - runnable.length} marked no-run`,
);
process.exitCode = failures.length === 0 ? 0 : 1;

/** Paths of all pages that may hold examples, relative to the root. */
function documents() {
  const workspaces = ["packages", "apps"].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => `${group}/${name}/README.md`),
  );
  const docs = readdirSync(join(root, "docs"), { recursive: true })
    .map((name) => join("docs", name))
    .filter((path) => path.endsWith(".md") || /^docs\/examples\/[^/]+\.ts$/.test(path));
  return ["README.md", "CONTRIBUTING.md", ...workspaces, ...docs]
    .filter((path) => existsSync(join(root, path)))
    .toSorted();
}

/** [{ path, line, noRun, code }] where `line` is the number of the line before the code. */
function examplesOf(path) {
  const text = readFileSync(join(root, path), "utf8");
  if (path.endsWith(".ts")) return [{ path, line: 0, noRun: false, code: text }];
  const examples = [];
  let open;
  for (const [index, line] of text.split("\n").entries()) {
    if (open === undefined) {
      const fence = /^(\s*)```ts\b(.*)$/.exec(line);
      if (fence !== null) {
        open = { path, line: index + 1, noRun: fence[2].includes("no-run"), code: "" };
      }
    } else if (/^\s*```\s*$/.test(line)) {
      examples.push(open);
      open = undefined;
    } else {
      open.code += `${line}\n`;
    }
  }
  if (open !== undefined)
    throw new Error(`${path}:${open.line}: the \`\`\`ts block is not closed.`);
  return examples;
}

function prepareScratch() {
  rmSync(scratch, { recursive: true, force: true });
  const scope = join(scratch, "node_modules/@glai");
  mkdirSync(scope, { recursive: true });
  writeFileSync(join(scratch, "package.json"), JSON.stringify({ private: true, type: "module" }));
  for (const name of readdirSync(join(root, "packages"))) {
    symlinkSync(join(root, "packages", name), join(scope, name), "dir");
  }
  symlinkSync(join(root, "apps/cli"), join(scratch, "node_modules/glai"), "dir");
}

function folderOf(example) {
  return join(scratch, `${example.path.replaceAll(/[/.]/g, "_")}_${example.line}`);
}

function write(example) {
  const { outputText } = ts.transpileModule(example.code, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  mkdirSync(folderOf(example));
  writeFileSync(join(folderOf(example), "source.ts"), example.code);
  writeFileSync(join(folderOf(example), "main.js"), outputText);
}

/** One message per type error, with the place in the page. */
function typeErrorsOf(examples) {
  const byFile = new Map(
    examples.map((example) => [join(folderOf(example), "source.ts"), example]),
  );
  const program = ts.createProgram([...byFile.keys()], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    moduleDetection: ts.ModuleDetectionKind.Force,
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
  });
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
    const example = byFile.get(diagnostic.file?.fileName);
    if (example === undefined) return `types: ${diagnostic.file?.fileName ?? ""} ${message}`;
    const { line } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start);
    return `types: ${example.path}:${example.line + line + 1}: ${message}`;
  });
}

/** Runs the examples two at a time; one message per failure. */
async function runAll(examples) {
  const failures = [];
  const queue = [...examples];
  const worker = async () => {
    for (let example = queue.shift(); example !== undefined; example = queue.shift()) {
      const begin = performance.now();
      const { code, output } = await run(example);
      const place = `${example.path}:${example.line}`;
      const seconds = ((performance.now() - begin) / 1000).toFixed(1);
      console.log(`${code === 0 ? "ok  " : "FAIL"} ${place} (${seconds} s)`);
      if (code !== 0) failures.push(`run: ${place} ended with ${code}:\n${output}`);
    }
  };
  await Promise.all([worker(), worker()]);
  return failures;
}

function run(example) {
  return new Promise((done) => {
    const cwd = folderOf(example);
    const child = spawn(process.execPath, [join(cwd, "main.js")], {
      cwd,
      timeout: secondsPerExample * 1000,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.on("close", (code, signal) =>
      done({ code: code ?? signal, output: output.replaceAll(`${relative(root, scratch)}/`, "") }),
    );
  });
}
