import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const hasNvcc = spawnSync(process.env["CUDACXX"] ?? "nvcc", ["--version"]).status === 0;
if (!hasNvcc) console.log("@glai/backend-cuda: nothing is packed. nvcc was not found.");

describe("the build without nvcc", () => {
  const build = (...args: string[]) =>
    spawnSync(process.execPath, [join(root, "scripts", "build-native.js"), ...args], {
      encoding: "utf8",
      env: { ...process.env, CUDACXX: join(tmpdir(), "no-such-nvcc"), GLAI_NATIVE: "" },
    });

  it("goes on without the kernels and says what to install", () => {
    const { status, stdout } = build();
    expect(status).toBe(0);
    expect(stdout).toMatch(/skipped: nvcc was not found\. .*CUDA toolkit 13.*build:native/);
  });

  it("fails where the kernels are required", () => {
    const { status, stderr } = build("--require");
    expect(status).toBe(1);
    expect(stderr).toContain("nvcc was not found");
  });
});

describe.skipIf(!hasNvcc)("the package for Linux on x86-64", () => {
  const folder = mkdtempSync(join(tmpdir(), "glai-cuda-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("installs from its tarball in an empty folder, and probe answers from it", () => {
    const pack = join(root, "scripts", "package-platform.js");
    execFileSync(process.execPath, [pack, "--out", folder]);
    const [tarball] = readdirSync(folder);
    expect(tarball).toMatch(/^glai-backend-cuda-linux-x64-.*\.tgz$/);
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
    execFileSync(
      "npm",
      ["install", "--offline", "--no-audit", "--no-fund", join(folder, tarball)],
      {
        cwd: folder,
        stdio: "pipe",
      },
    );
    const installed = join(folder, "node_modules", "@glai", "backend-cuda-linux-x64");
    expect(readdirSync(installed).toSorted()).toEqual([
      "LICENSE",
      "README.md",
      "glai_cuda.node",
      "package.json",
    ]);
    const probe = `
      const { createCudaBackend } = await import(${JSON.stringify(join(root, "dist", "index.js"))});
      console.log(JSON.stringify(await createCudaBackend().probe()));`;
    const answer = execFileSync(process.execPath, ["--input-type=module", "--eval", probe], {
      encoding: "utf8",
      env: { ...process.env, GLAI_CUDA_ADDON: installed },
    });
    const { available, reason } = JSON.parse(answer) as { available: boolean; reason?: string };
    if (!available) expect(reason).toMatch(/driver|GPU/); // loaded: what is missing is not the addon
  }, 600_000);
});
