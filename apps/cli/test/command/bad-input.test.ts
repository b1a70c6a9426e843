import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import {
  settings,
  shortRun,
  type SmallData,
  smallData,
  temporaryFolder,
  writeData,
  writeMlp,
} from "../support/data.js";
import { glai } from "../support/glai.js";

const root = temporaryFolder();
const sound = join(root, "sound");

beforeAll(() => {
  writeData(sound, smallData());
});

/** A dataset with one thing wrong in its arrays. */
function spoilt(name: string, spoil: (data: SmallData) => void): string {
  const data = smallData();
  spoil(data);
  return writeData(join(root, name), data);
}

/** A sound dataset of which one file's bytes were changed. */
function damaged(name: string, file: string, change: (bytes: Uint8Array) => Uint8Array): string {
  const folder = writeData(join(root, name), smallData());
  const path = join(folder, file);
  writeFileSync(path, change(readFileSync(path)));
  return folder;
}

/** A .npy file of the shape that the header claims and hardly any data behind it. */
function npyClaiming(shape: string): Uint8Array {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape}), }`;
  const padded = `${header.padEnd(117)}\n`;
  return Buffer.concat([
    Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, padded.length, 0]),
    Buffer.from(padded),
    Buffer.alloc(64),
  ]);
}

interface BadInput {
  readonly what: string;
  readonly args: () => readonly string[];
  readonly code: number;
  readonly says: readonly (RegExp | string)[];
}

const badData: readonly BadInput[] = [
  {
    what: "NaN in the features: the count and the first five places",
    args: () => [
      "train",
      spoilt("nan", (data) => {
        for (const k of [0, 7, 20, 21, 100, 101, 102]) data.trainX[k] = NaN;
      }),
    ],
    code: 65,
    says: ["train_x.npy", /\b7\b/, "row 0", "row 1", "row 3", "row 16"],
  },
  {
    what: "an infinity in the validation features",
    args: () => ["train", spoilt("inf", (data) => (data.valX[9] = Infinity))],
    code: 65,
    says: ["val_x.npy", "row 1"],
  },
  {
    what: "a negative label: the row",
    args: () => ["train", spoilt("negative", (data) => (data.trainY[12] = -1))],
    code: 65,
    says: ["train_y.npy", "row 12", "-1"],
  },
  {
    what: "a label far beyond the number of rows",
    args: () => ["train", spoilt("far", (data) => (data.trainY[5] = 1_000_000))],
    code: 65,
    says: ["train_y.npy", "row 5", "1000000"],
  },
  {
    what: "a label that no class number can be",
    args: () => [
      "train",
      spoilt("huge", (data) => {
        data.trainY = Float32Array.from(data.trainY);
        data.trainY[5] = 2 ** 40;
      }),
    ],
    code: 65,
    says: ["train_y.npy", "row 5", "2^32"],
  },
  {
    what: "a fractional label: the row",
    args: () => [
      "train",
      spoilt("fraction", (data) => {
        data.trainY = Float32Array.from(data.trainY);
        data.trainY[4] = 1.5;
      }),
    ],
    code: 65,
    says: ["train_y.npy", "row 4", "1.5"],
  },
  {
    what: "one class only",
    args: () => ["train", spoilt("one-class", (data) => data.trainY.fill(0) && data.valY.fill(0))],
    code: 65,
    says: ["train_y.npy", /class/],
  },
  {
    what: "fewer labels than rows",
    args: () => ["train", spoilt("rows", (data) => (data.trainY = data.trainY.slice(0, 80)))],
    code: 65,
    says: ["train_y.npy", "90", "80"],
  },
  {
    what: "validation features of another width",
    args: () => ["train", spoilt("width", (data) => (data.valFeatures = 3))],
    code: 65,
    says: ["val_x.npy", "6", "3"],
  },
  {
    what: "features that a trained head was not made for",
    args: () => {
      writeMlp(join(root, "wide.safetensors"), [7, 5, 3], 1);
      return ["predict", "wide.safetensors", join(sound, "val_x.npy")];
    },
    code: 65,
    says: ["val_x.npy", "7", "6"],
  },
  {
    what: "an array with no rows",
    args: () => [
      "train",
      spoilt("empty", (data) => {
        data.trainX = new Float32Array(0);
        data.trainY = new Int32Array(0);
      }),
    ],
    code: 65,
    says: ["train_"],
  },
  {
    what: "a header that claims 2^60 elements, before anything is allocated",
    args: () => [
      "train",
      damaged("lying", "train_x.npy", () => npyClaiming("1073741824, 1073741824")),
    ],
    code: 65,
    says: ["train_x.npy"],
  },
  {
    what: "an object array",
    args: () => [
      "train",
      damaged("object", "train_y.npy", (bytes) =>
        Buffer.from(Buffer.from(bytes).toString("latin1").replace("<i4", "|O8"), "latin1"),
      ),
    ],
    code: 65,
    says: ["train_y.npy"],
  },
  ...[0, 5, 9, 40, 127, 130, 500, -1].map((at): BadInput => ({
    what: `train_x.npy cut ${at < 0 ? "before its last byte" : `after ${at} bytes`}`,
    args: () => [
      "train",
      damaged(`cut${at}`, "train_x.npy", (bytes) => bytes.subarray(0, at < 0 ? -1 : at)),
    ],
    code: 65,
    says: ["train_x.npy"],
  })),
];

const badUse: readonly BadInput[] = [
  {
    what: "an unknown configuration key: the nearest one",
    args: () => ["train", sound, "--set", "protocol.maxEpoch=3"],
    code: 2,
    says: ["protocol.maxEpoch", "protocol.maxEpochs"],
  },
  {
    what: "an unknown key in a configuration file",
    args: () => {
      writeFileSync(join(root, "typo.yaml"), "protocol:\n  lerningRate: 1\n");
      return ["train", sound, "--config", "typo.yaml"];
    },
    code: 2,
    says: ["protocol.lerningRate", "learningRate"],
  },
  {
    what: "a value of the wrong type",
    args: () => ["train", sound, "--set", "protocol.maxEpochs=many"],
    code: 2,
    says: ["protocol.maxEpochs", "number"],
  },
  {
    what: "an unknown option: the nearest one",
    args: () => ["train", sound, "--sede", "3"],
    code: 2,
    says: ["--sede", "--seed"],
  },
  { what: "an unknown command", args: () => ["trian", sound], code: 2, says: ["trian", "train"] },
  {
    what: "an unknown command of a command: its help",
    args: () => ["stats", "wilcoxson", "x.csv"],
    code: 2,
    says: ["wilcoxson", "glai stats --help"],
  },
  {
    what: "a command that wants one of its own: those there are",
    args: () => ["stats"],
    code: 2,
    says: ["glai stats", "wilcoxon", "friedman"],
  },
  { what: "a missing argument", args: () => ["train"], code: 2, says: ["data"] },
  {
    what: "a list as configuration",
    args: () => {
      writeFileSync(join(root, "list.yaml"), "- head\n");
      return ["train", sound, "--config", "list.yaml"];
    },
    code: 2,
    says: ["list.yaml", "a list"],
  },
  {
    what: "a dataset where a run should be",
    args: () => ["predict", sound, join(sound, "val_x.npy")],
    code: 74,
    says: ["sound", "model.safetensors", "glai train"],
  },
  {
    what: "an unknown head",
    args: () => ["train", sound, "--head", "glia"],
    code: 2,
    says: ["glia", "glai"],
  },
  {
    what: "an unknown head in a list",
    args: () => ["compare", sound, "--heads", "mlp,glia"],
    code: 2,
    says: ["heads.1", "glia"],
  },
  {
    what: "seeds that are none",
    args: () => ["compare", sound, "--seeds", "2..0"],
    code: 2,
    says: ["2..0", "0..2"],
  },
  {
    what: "an unknown backend: those there are",
    args: () => ["train", sound, "--backend", "cpuu"],
    code: 2,
    says: ["cpuu", "cpu", "reference"],
  },
  {
    what: "a reduction to no path at all: ρ and the sizes",
    args: () => [
      "train",
      sound,
      "--protocol",
      "paper",
      ...settings(["protocol.rho=0.99", "protocol.hidden=[4]"]),
    ],
    code: 2,
    says: [/rho/, "[6, 4, 3]"],
  },
  {
    what: "--resume without --out",
    args: () => ["train", sound, "--resume"],
    code: 2,
    says: ["--out"],
  },
  {
    what: "--resume of a folder without a run",
    args: () => ["train", sound, "--resume", "--out", join(root, "no-run")],
    code: 2,
    says: ["no-run"],
  },
  {
    what: "no budget for paths",
    args: () => ["paths", "mlp.safetensors", sound],
    code: 2,
    says: ["--keep", "--mu", "--max-error"],
  },
  {
    what: "two budgets for paths",
    args: () => ["paths", "mlp.safetensors", sound, "--keep", "3", "--mu", "0.1"],
    code: 2,
    says: ["--keep", "2"],
  },
];

const badDisk: readonly BadInput[] = [
  {
    what: "a dataset that is not there",
    args: () => ["train", join(root, "nowhere")],
    code: 74,
    says: ["nowhere", "ENOENT"],
  },
  {
    what: "a configuration file that is not there",
    args: () => ["train", sound, "--config", "nowhere.yaml"],
    code: 74,
    says: ["nowhere.yaml"],
  },
  {
    what: "a run folder that cannot be made",
    args: () => ["train", sound, "--out", join(sound, "train_x.npy", "run")],
    code: 74,
    says: ["train_x.npy"],
  },
  {
    what: "a run folder where the system lets nobody write",
    args: () => ["train", sound, "--out", "/proc/glai-run"],
    code: 74,
    says: ["/proc/glai-run"],
  },
  {
    what: "a folder that holds other people's files",
    args: () => ["train", sound, "--out", sound],
    code: 2,
    says: ["sound", "--out"],
  },
  {
    what: "a model that is not there",
    args: () => ["predict", "nowhere", join(sound, "val_x.npy")],
    code: 74,
    says: ["nowhere"],
  },
];

describe.concurrent("bad input ends with a clear error and nothing half written", () => {
  it.each([...badData, ...badUse, ...badDisk])(
    "$what",
    async ({ args, code, says }) => {
      const [command = "", ...rest] = args();
      const folder = join(temporaryFolder(), "run");
      const takesOut =
        ["train", "compare"].includes(command) && !rest.some((arg) => /--(out|resume)/.test(arg));
      const full = [command, ...rest, ...(takesOut ? ["--out", folder] : [])];
      const run = await glai([...full, "--json"], root);
      expect(run.stderr).not.toContain("    at "); // no stack: it is not our bug
      expect({ code: run.code, stdout: run.stdout }).toEqual({ code, stdout: "" });
      const { error } = JSON.parse(run.stderr) as { error: Record<string, unknown> };
      expect(error).toEqual({
        code: expect.stringMatching(/^[a-z-]+$/),
        message: expect.stringMatching(/\S/),
        hint: expect.stringMatching(/\S/),
      });
      const text = `${String(error.message)} ${String(error.hint)}`;
      for (const words of says) expect(text).toMatch(words);
      expect(existsSync(folder)).toBe(false);
    },
    30_000,
  );

  it("says the same to people, without JSON", async () => {
    const { code, stdout, stderr } = await glai(["train", sound, "--set", "sede=1"], root);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^glai: The configuration is wrong\. Unknown key sede; .* seed\./);
  });

  it("leaves no trace of a run that was refused in the caller's folder", async () => {
    const cwd = temporaryFolder();
    const bad = spoilt("trace", (data) => (data.trainX[0] = NaN));
    expect((await glai(["train", bad, ...shortRun], cwd)).code).toBe(65);
    expect(readdirSync(cwd)).toEqual([]);
  });
});
