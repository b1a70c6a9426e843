import type { Contender } from "./contender.js";
import { learningRate } from "./contender.js";
import type { BenchProblem } from "./problem.js";

/** A PyTorch process that makes MLPs and times their steps: one line in, one line out. */
export interface PyTorch {
  readonly version: string;
  ask(line: string): Promise<string>;
  stop(): void;
}

// Lines: "mlp <optimizer> <batch> <n0> <n1> <n2>" makes a network, "run <steps>" answers with microseconds.
const program = `
import sys, time, torch
from torch import nn
torch.set_num_threads(int(sys.argv[1]))
clock = time.process_time if sys.argv[2] == "cpu" else time.perf_counter
print(torch.__version__, flush=True)
def step():
    optimizer.zero_grad(set_to_none=True)
    loss = criterion(network(x), y)
    loss.backward()
    optimizer.step()
for line in sys.stdin:
    words = line.split()
    if words[0] == "mlp":
        batch, n0, n1, n2 = map(int, words[2:])
        torch.manual_seed(0)
        network = nn.Sequential(nn.Linear(n0, n1), nn.ReLU(), nn.Linear(n1, n2))
        criterion = nn.CrossEntropyLoss()
        if words[1] == "sgd":
            optimizer = torch.optim.SGD(network.parameters(), lr=${learningRate}, weight_decay=1e-3)
        else:
            optimizer = torch.optim.AdamW(network.parameters(), lr=${learningRate}, weight_decay=0.1)
        x, y = torch.randn(batch, n0), torch.randint(n2, (batch,))
        for _ in range(3): step()
        print("ready", flush=True)
    else:
        begin = clock()
        for _ in range(int(words[1])): step()
        print((clock() - begin) * 1e6, flush=True)
`;

/** Starts the first Python that has torch, or says why there is none. */
export async function startPyTorch(
  candidates: readonly string[],
  threads: number,
  clock: "cpu" | "wall",
): Promise<{ torch: PyTorch } | { missing: string }> {
  const tried: string[] = [];
  for (const python of candidates) {
    const found = await start(python, threads, clock);
    if (typeof found !== "string") return { torch: found };
    tried.push(`${python}: ${found}`);
  }
  return { missing: `PyTorch left out: ${tried.join("; ")}` };
}

async function start(
  python: string,
  threads: number,
  clock: "cpu" | "wall",
): Promise<PyTorch | string> {
  const { spawn } = process.getBuiltinModule("node:child_process");
  const { createInterface } = process.getBuiltinModule("node:readline");
  // torch.set_num_threads does not reach every BLAS that a distribution may have linked.
  const own = { OMP_NUM_THREADS: `${threads}`, OPENBLAS_NUM_THREADS: `${threads}` };
  const env = { ...process.env, ...own };
  const child = spawn(python, ["-c", program, String(threads), clock], { env });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
  child.stdin.on("error", () => undefined); // the exit tells more
  const waiting: ((line: string) => void)[] = [];
  createInterface(child.stdout).on("line", (line) => waiting.shift()?.(line));
  const ended = new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", () => resolve(lastLine(complaint)));
  });
  const next = (): Promise<string> => new Promise((resolve) => waiting.push(resolve));
  const version = await Promise.race([next(), ended.then((why) => `!${why}`)]);
  if (version.startsWith("!")) return version.slice(1);
  return {
    version,
    async ask(line) {
      const answer = next();
      child.stdin.write(`${line}\n`);
      return Promise.race([
        answer,
        ended.then((why) => {
          throw new Error(`PyTorch ended: ${why}`);
        }),
      ]);
    },
    stop: () => child.stdin.end(),
  };
}

function lastLine(text: string): string {
  const lines = text.trim().split("\n");
  return lines[lines.length - 1] || "ended without a word";
}

/** The same MLP in PyTorch. The process holds one network at a time: contenders make theirs before each run. */
export function pytorchContender(
  torch: PyTorch,
  { sizes }: BenchProblem,
  optimizer: "adamw" | "sgd",
  batch: number,
): Contender {
  return {
    model: "mlp",
    optimizer,
    selection: null,
    tier: "pytorch",
    async run(nSteps) {
      await torch.ask(`mlp ${optimizer} ${batch} ${sizes.join(" ")}`);
      return Number(await torch.ask(`run ${nSteps}`));
    },
    dispose: () => undefined,
  };
}
