import { resolve } from "node:path";
import { runTest, type TestName } from "@glai/stats";
import { type Command, Option } from "commander";
import { type CommandContext, type CommonFlags, printResult } from "../context.js";
import { renderStats, statsDocument } from "../stats/document.js";
import { readColumns } from "../stats/read-columns.js";
import { asBadData } from "../stats/stats-errors.js";
import { parseCount, parseFinite, parseFraction, parseSeed } from "./parse-number.js";

interface StatsFlags extends CommonFlags {
  readonly alternative?: string;
  readonly zero?: string;
  readonly method?: string;
  readonly continuity?: boolean;
  readonly null?: number;
  readonly level?: number;
  readonly seed?: number;
  readonly resamples?: number;
}

type OptionName = keyof Omit<StatsFlags, keyof CommonFlags>;

interface TestCommand {
  readonly description: string;
  readonly options: readonly OptionName[];
  readonly methods?: readonly string[];
}

const ofPairs: readonly OptionName[] = ["alternative", "null", "level"];

const tests: Readonly<Record<TestName, TestCommand>> = {
  wilcoxon: {
    description: "Wilcoxon signed-rank test of pairs",
    options: [...ofPairs, "zero", "method", "continuity"],
    methods: ["auto", "exact", "normal"],
  },
  ttest: { description: "paired t test", options: ofPairs },
  sign: { description: "exact sign test of pairs", options: ofPairs },
  permutation: {
    description: "permutation test of pairs by random signs",
    options: [...ofPairs, "method", "seed", "resamples"],
    methods: ["auto", "exact", "monte-carlo"],
  },
  bootstrap: {
    description: "BCa bootstrap test and interval of the mean difference",
    options: [...ofPairs, "seed", "resamples"],
  },
  friedman: {
    description: "Friedman test of every column as a method, with Nemenyi's critical difference",
    options: ["level", "method"],
    methods: ["auto", "exact", "iman-davenport", "chi-squared"],
  },
};

/** `glai stats <test> <file>`: the tests of @glai/stats on two columns x and y, or (friedman) on all. */
export function addStats(program: Command, context: CommandContext): void {
  const stats = program
    .command("stats")
    .enablePositionalOptions()
    .description("test paired samples from a JSON or CSV file");
  for (const name of Object.keys(tests) as TestName[]) addTest(stats, name, context);
}

function addTest(stats: Command, name: TestName, context: CommandContext): void {
  const { description, options, methods = [] } = tests[name];
  const command = stats
    .command(name)
    .description(description)
    .argument(
      "<file>",
      'JSON like { "x": [1, 2], "y": [3, 4] } or CSV with a header; a column "clusters" names groups',
    );
  for (const option of options) command.addOption(optionOf(option, methods));
  command.action(async (file: string, flags: StatsFlags) => {
    const columns = await readColumns(resolve(context.terminal.cwd, file));
    const document = asBadData(file, () =>
      statsDocument(name, file, columns, runTest(name, columns, testOptions(flags))),
    );
    printResult(context, flags, document, () => renderStats(document));
  });
}

function testOptions(flags: StatsFlags): Record<string, unknown> {
  return {
    alternative: flags.alternative,
    zeroMethod: flags.zero,
    method: flags.method,
    continuity: flags.continuity,
    nullValue: flags.null,
    level: flags.level,
    seed: flags.seed,
    resamples: flags.resamples,
  };
}

function optionOf(name: OptionName, methods: readonly string[]): Option {
  switch (name) {
    case "alternative":
      return new Option("--alternative <which>", "x against y (two-sided)").choices([
        "two-sided",
        "greater",
        "less",
      ]);
    case "zero":
      return new Option(
        "--zero <how>",
        "what zero differences do (wilcox: they are left out)",
      ).choices(["wilcox", "pratt", "zsplit"]);
    case "method":
      return new Option("--method <how>", "how p is found (auto)").choices(methods);
    case "continuity":
      return new Option("--continuity", "continuity correction of the normal approximation");
    case "null":
      return new Option("--null <value>", "tested location of x − y (0)").argParser(parseFinite);
    case "level":
      return new Option("--level <l>", "of the interval (0.95)").argParser(parseFraction);
    case "seed":
      return new Option("--seed <n>", "of the random draws (0)").argParser(parseSeed);
    case "resamples":
      return new Option("--resamples <n>", "random draws").argParser(parseCount);
    default:
      return name satisfies never;
  }
}
