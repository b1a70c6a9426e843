import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const nvcc = process.env["CUDACXX"] ?? "nvcc";
const hasNvcc = spawnSync(nvcc, ["--version"]).status === 0;
if (!hasNvcc)
  console.log("@glai/backend-cuda: the table of registers is not checked. nvcc was not found.");

interface Usage {
  readonly kernel: string;
  readonly architecture: string;
  readonly registers: number;
  readonly shared: number; // bytes, static
  readonly spills: number; // bytes, stores and loads
}

/** Threads of a block, and the warps per multiprocessor that the launch is designed for. */
interface Intended {
  readonly threads: number;
  readonly registers: number; // at most
  readonly shared: number; // at most, bytes
  readonly warps: number; // at least this many fit on a multiprocessor (64 on sm_80 and sm_90)
}

// The table of docs/backends/cuda.md. Kernels that wait for memory want many warps; the tiles have their reuse in
// registers and need fewer; the thin kernel has less than one block per multiprocessor to run.
const intended: Record<string, Intended> = {
  gatherBatchTiles: { threads: 128, registers: 40, shared: 5120, warps: 48 },
  estimatorForwardSlots: { threads: 128, registers: 48, shared: 8448, warps: 40 },
  estimatorSumChunks: { threads: 256, registers: 40, shared: 1024, warps: 48 },
  estimatorUpdateSlots: { threads: 128, registers: 40, shared: 0, warps: 48 },
  denseForwardThin: { threads: 128, registers: 168, shared: 0, warps: 12 },
  denseForwardTile: { threads: 256, registers: 64, shared: 8320, warps: 32 },
  denseBackwardTile: { threads: 256, registers: 64, shared: 8320, warps: 32 },
  denseUpdateTile: { threads: 256, registers: 80, shared: 8320, warps: 24 },
  gatherRowsEntries: { threads: 256, registers: 40, shared: 0, warps: 48 },
  activateRowsEntries: { threads: 256, registers: 40, shared: 0, warps: 48 },
  maskRowsEntries: { threads: 256, registers: 40, shared: 0, warps: 48 },
  clearTailEntries: { threads: 256, registers: 40, shared: 0, warps: 48 },
  updateFromGradientEntries: { threads: 256, registers: 40, shared: 0, warps: 48 },
  crossEntropyRows: { threads: 128, registers: 40, shared: 0, warps: 48 },
  squaredErrorRows: { threads: 128, registers: 40, shared: 0, warps: 48 },
  finishStepsBlock: { threads: 256, registers: 40, shared: 64, warps: 8 },
  infoNceUnits: { threads: 128, registers: 40, shared: 0, warps: 48 },
  infoNceSimilarity: { threads: 128, registers: 56, shared: 6400, warps: 32 },
  infoNceNormalizers: { threads: 128, registers: 40, shared: 0, warps: 48 },
  infoNceUnitGradients: { threads: 128, registers: 64, shared: 6400, warps: 32 },
  infoNceRows: { threads: 128, registers: 48, shared: 0, warps: 40 },
  activationBitsBallot: { threads: 128, registers: 40, shared: 0, warps: 48 },
  gateBitsBallot: { threads: 128, registers: 40, shared: 0, warps: 48 },
  pathNormsTile: { threads: 256, registers: 80, shared: 8320, warps: 24 },
  structuralShiftPopcount: { threads: 128, registers: 48, shared: 0, warps: 40 },
  sumBlock: { threads: 256, registers: 40, shared: 64, warps: 8 },
};

/** What ptxas said of every kernel. Names are mangled: `…17denseBackwardTileI…` is 17 letters after a length. */
function parse(log: string): Usage[] {
  const blocks = log.split(/(?=ptxas info\s*: Compiling entry function)/).slice(1);
  return blocks.map((block) => {
    const [, mangled, architecture] =
      /entry function '(\S+)' for '(\w+)'/.exec(block) ?? expect.fail(block);
    const kernel = Object.keys(intended).find((name) => mangled.includes(`${name.length}${name}`));
    const spilled = /(\d+) bytes spill stores, (\d+) bytes spill loads/.exec(block);
    return {
      kernel: kernel ?? mangled,
      architecture,
      registers: Number(/Used (\d+) registers/.exec(block)?.[1]),
      shared: Number(/(\d+) bytes smem/.exec(block)?.[1] ?? 0),
      spills: Number(spilled?.[1]) + Number(spilled?.[2]),
    };
  });
}

/** Warps that fit on a multiprocessor by registers (65,536, in pieces of 256 per warp), shared memory and blocks. */
function residentWarps({ registers, shared }: Usage, threads: number): number {
  const perWarp = Math.ceil((registers * 32) / 256) * 256;
  const warps = threads / 32;
  const byRegisters = Math.floor(Math.floor(65_536 / perWarp) / warps);
  const byShared = Math.floor((100 * 1024) / (shared + 1024)); // what any carve-out leaves, 1 KiB is the system's
  return warps * Math.min(byRegisters, byShared, 64 / warps, 32);
}

describe.skipIf(!hasNvcc)("the kernels as nvcc compiled them", () => {
  let usages: Usage[] = [];
  beforeAll(() => {
    const build = spawnSync(
      process.execPath,
      [join(root, "scripts", "build-native.js"), "--require"],
      {
        encoding: "utf8",
      },
    );
    if (build.status !== 0) expect.fail(build.stdout + build.stderr);
    usages = parse(readFileSync(join(root, "build", "ptxas.log"), "utf8"));
  }, 600_000);

  it("are all there, for sm_80 and for sm_90", () => {
    for (const architecture of ["sm_80", "sm_90"]) {
      const found = usages.filter((usage) => usage.architecture === architecture);
      expect([...new Set(found.map(({ kernel }) => kernel))].toSorted()).toEqual(
        Object.keys(intended).toSorted(),
      );
    }
  });

  it("come as PTX too, for GPUs newer than these", () => {
    const commands = readFileSync(join(root, "build", "build.ninja"), "utf8");
    expect(commands).toMatch(/arch=compute_90,code=\[[^\]]*compute_90/);
  });

  it("may have dynamic shared memory: nvcc takes the macro that the emulation runs", () => {
    const folder = mkdtempSync(join(tmpdir(), "glai-nvcc-"));
    const source = join(folder, "kernels.cu");
    const header = join(root, "emulation", "dynamic_kernels.h");
    writeFileSync(
      source,
      `#include "${header}"
      cudaError_t start(emulation::Out p, cudaStream_t stream) {
        return glai::cuda::launch("", dim3(1), dim3(64), stream, emulation::dynamicNeighbours, p, 256);
      }`,
    );
    const args = ["-std=c++17", "-arch=sm_80", "--ptx", source, "-o", join(folder, "kernels.ptx")];
    const { status, stderr } = spawnSync(nvcc, args, { encoding: "utf8" });
    expect(status, stderr).toBe(0);
    const ptx = readFileSync(join(folder, "kernels.ptx"), "utf8");
    rmSync(folder, { recursive: true });
    expect(ptx).toMatch(/\.extern \.shared \.align 16 \.b8 \w*glaiDynamic\w*\[\]/);
  }, 120_000);

  it("spill no register", () => {
    expect(usages.filter(({ spills }) => spills !== 0)).toEqual([]);
  });

  it("stay within the registers and shared memory of the table", () => {
    for (const usage of usages) {
      const { registers, shared } = intended[usage.kernel];
      expect(usage.registers, JSON.stringify(usage)).toBeLessThanOrEqual(registers);
      expect(usage.shared, JSON.stringify(usage)).toBeLessThanOrEqual(shared);
    }
  });

  it("leave room for the warps that the table intends", () => {
    for (const usage of usages) {
      const { threads, warps } = intended[usage.kernel];
      expect(residentWarps(usage, threads), JSON.stringify(usage)).toBeGreaterThanOrEqual(warps);
    }
  });
});
