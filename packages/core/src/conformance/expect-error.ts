import { type GlaiErrorCode, isGlaiError } from "../errors.js";
import { expectThat, fail } from "./check.js";

/** Runs `misuse` and expects a GlaiError with one of the codes, thrown or rejected. */
export async function expectError(
  what: string,
  codes: readonly GlaiErrorCode[],
  misuse: () => unknown,
): Promise<void> {
  try {
    await misuse();
  } catch (error) {
    if (!isGlaiError(error))
      fail(`Expected ${what} to be a GlaiError but received ${String(error)}.`);
    expectThat(
      codes.includes(error.code),
      () =>
        `Expected ${what} to have code ${codes.join(" or ")} but found ${error.code}: ${error.message}`,
    );
    expectThat(error.message.length > 10, () => `Expected ${what} to say what is wrong.`);
    return;
  }
  fail(`Expected ${what} to be an error (${codes.join(" or ")}) but it was accepted.`);
}
