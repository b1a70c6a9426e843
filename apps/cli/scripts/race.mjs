// The honest race: heads × sets × seeds on one thread, and its tables.
//
//   node apps/cli/scripts/race.mjs run runs/race [--sets a1,a2] [--seeds 0,1,2] [--heads glai,linear] [--rounds 3]
//   node apps/cli/scripts/race.mjs write runs/race docs/guide/solvers.md
//   node apps/cli/scripts/race.mjs summarise runs/race README.md
//
// `run` takes seed after seed and set after set; the heads of each run in turn, round after round (race/run.mjs). It
// appends a line per head to <folder>/race.jsonl and one per search of the tuned MLP to search.jsonl, and skips what is there
// already, so it may be stopped and called again; search.jsonl alone may be taken over from an earlier race. The whole
// race takes about 55 minutes of a quiet machine, 45 of them for the searches (10 for each seed of B1). The clock is the process's processor time (one thread computes), evaluation excluded:
// other work on the machine slows the wall clock, not this one.
import { parseArgs } from "node:util";
import { readRace, runRace } from "./race/run.mjs";
import { writeTables } from "./race/tables.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sets: { type: "string" },
    seeds: { type: "string", default: "0,1,2" },
    heads: { type: "string" },
    rounds: { type: "string", default: "3" },
  },
});
const [command, folder, page] = positionals;
if (command === "run" && folder !== undefined)
  await runRace(folder, {
    sets: values.sets?.split(","),
    seeds: values.seeds.split(",").map(Number),
    heads: values.heads?.split(","),
    rounds: Number(values.rounds),
  });
else if (command === "write" && folder !== undefined && page !== undefined)
  writeTables(readRace(folder), page);
else if (command === "summarise" && folder !== undefined && page !== undefined)
  writeTables(readRace(folder), page, { onlySummary: true });
else
  throw new Error(
    "Expected: race.mjs run <folder>, or race.mjs write|summarise <folder> <page.md>",
  );
