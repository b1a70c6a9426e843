// The package with the compiled kernels, a dependency of the released backend; see .ci/package-platform.mjs.
import { dirname } from "node:path";
import { packagePlatform } from "../../../.ci/package-platform.mjs";

const root = dirname(import.meta.dirname);
packagePlatform({ root, addon: "glai_cpu.node", platforms: ["linux-arm64", "linux-x64"] });
