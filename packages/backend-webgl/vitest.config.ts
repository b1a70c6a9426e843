import { defineConfig } from "vitest/config";

// Tests take a second or two at most on a quiet machine; the limit is for busy ones.
export default defineConfig({ test: { testTimeout: 60_000 } });
