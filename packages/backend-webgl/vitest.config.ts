import { defineConfig } from "vitest/config";

// Each file has a browser of its own that draws with all cores: one at a time. The limit is for busy machines.
export default defineConfig({
  test: { testTimeout: 120_000, hookTimeout: 60_000, fileParallelism: false },
});
