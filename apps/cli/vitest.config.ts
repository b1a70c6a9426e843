import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // The commands under test are processes of their own, and some tests measure how fast they answer.
    fileParallelism: false,
    maxConcurrency: 3,
  },
});
