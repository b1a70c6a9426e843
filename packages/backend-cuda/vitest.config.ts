import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // The emulation is compiled once, one file at a time, before any test loads it.
    globalSetup: ["test/support/global-setup.ts"],
    pool: "forks", // the emulated GPU is one per process: test files must not share it
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
