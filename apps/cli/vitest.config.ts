import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // The commands under test are processes of their own, and some tests measure how fast they answer.
    fileParallelism: false,
    testTimeout: 60_000, // a second or two on a quiet machine; the limit is for busy ones
    maxConcurrency: 3,
  },
});
