// Sums what vitest wrote in every workspace and prints the closing line of the checks.
// Arguments: names of failed stages. Each counts as one failure, except `test`, whose failures are counted one by one.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const total = { passed: 0, failed: 0, skipped: 0 };
const failedStages = process.argv.slice(2);

for (const workspace of workspacesWithTests()) {
  const path = join(workspace, "node_modules/.vitest/results.json");
  if (!existsSync(path)) {
    console.log(`${workspace}: no results; its tests did not run to the end`);
    total.failed += 1;
    continue;
  }
  const results = JSON.parse(readFileSync(path, "utf8"));
  const skipped = results.numPendingTests + results.numTodoTests;
  // A test file that does not even load is a failed suite without a failed test.
  const broken = results.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.every((t) => t.status !== "failed"),
  ).length;
  total.passed += results.numPassedTests;
  total.failed += results.numFailedTests + broken;
  total.skipped += skipped;
  console.log(
    `${workspace}: ${results.numPassedTests} passed, ${results.numFailedTests + broken} failed, ${skipped} skipped`,
  );
}

for (const stage of failedStages) {
  if (stage === "test" && total.failed > 0) continue;
  total.failed += 1;
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;

function workspacesWithTests() {
  return ["packages", "apps"].flatMap((group) =>
    readdirSync(group)
      .map((name) => join(group, name))
      .filter((folder) => existsSync(join(folder, "package.json")))
      .filter((folder) => readJson(join(folder, "package.json")).scripts?.test?.includes("vitest"))
      .toSorted(),
  );
}

function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}
