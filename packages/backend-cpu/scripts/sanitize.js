// Builds the addon with AddressSanitizer and UBSan and runs the tests of the native tier with it, once per
// instruction set of this machine. Any finding ends the run.
//
//   node scripts/sanitize.js [test files …]
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, "build", "sanitize");
const require = createRequire(import.meta.url);
const cmakeJs = join(dirname(require.resolve("cmake-js/package.json")), "bin", "cmake-js");
const vitest = join(dirname(require.resolve("vitest/package.json")), "vitest.mjs");

const tests =
  process.argv.length > 2
    ? process.argv.slice(2)
    : ["parity", "conformance", "native-binding", "determinism"].map((n) => `test/${n}.test.ts`);

function run(command, args, env = {}) {
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  if (status === 0) return;
  console.error(`@glai/backend-cpu: ${args.join(" ")} failed under the sanitizers.`);
  process.exit(status ?? 1);
}

const libraryOf = (name) => {
  const { stdout } = spawnSync(process.env.CXX ?? "c++", [`-print-file-name=${name}`], {
    encoding: "utf8",
  });
  return stdout.trim();
};

run(process.execPath, [cmakeJs, "compile", "--silent", "--out", out, "--CDGLAI_SANITIZE=ON"], {
  CMAKE_BUILD_PARALLEL_LEVEL: "2",
});
for (const set of ["baseline", "avx2", "avx512"]) {
  console.log(`@glai/backend-cpu: sanitizers, instruction set ${set} (or the best below it)`);
  run(process.execPath, [vitest, "run", ...tests], {
    GLAI_CPU_ADDON: join(out, "Release", "glai_cpu.node"),
    GLAI_INSTRUCTION_SET: set,
    GLAI_TEST_TIERS: "native",
    LD_PRELOAD: `${libraryOf("libasan.so")} ${libraryOf("libubsan.so")}`,
    // Node keeps memory until it exits: leaks are test/memory.test.ts's business.
    ASAN_OPTIONS: "detect_leaks=0,halt_on_error=1,abort_on_error=1",
    UBSAN_OPTIONS: "print_stacktrace=1,halt_on_error=1",
  });
}
