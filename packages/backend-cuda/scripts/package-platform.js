// The optional package with the compiled kernels, the CUDA runtime linked in; see .ci/package-platform.mjs.
import { dirname } from "node:path";
import { packagePlatform } from "../../../.ci/package-platform.mjs";

const root = dirname(import.meta.dirname);
packagePlatform({ root, addon: "glai_cuda.node", platforms: ["linux-x64"] });
