// ```ts blocks and docs/examples: type-checked, then run in an empty folder from which every @glai package resolves by
// its published exports.
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { root, scratch } from "./pages.mjs";
import { runCommand } from "./run-command.mjs";

export function prepareTypescript(examples) {
  const scope = join(scratch, "node_modules/@glai");
  mkdirSync(scope, { recursive: true });
  writeFileSync(join(scratch, "package.json"), JSON.stringify({ private: true, type: "module" }));
  for (const name of readdirSync(join(root, "packages"))) {
    symlinkSync(join(root, "packages", name), join(scope, name), "dir");
  }
  symlinkSync(join(root, "apps/cli"), join(scratch, "node_modules/glai"), "dir");
  for (const example of examples) write(example);
}

export function runTypescript(example) {
  const cwd = folderOf(example);
  return runCommand(process.execPath, [join(cwd, "main.js")], { cwd });
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
export function typeErrorsOf(examples) {
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
