import { resolve } from "node:path";
import type { JsonValue } from "@glai/core";
import { readBytes } from "@glai/io/node";
import { type Command, Option } from "commander";
import { stringify as stringifyYaml } from "yaml";
import { isJsonObject, type JsonObject } from "../config/merge.js";
import { mergeOverrides, parseConfigFile, parseOverride } from "../config/overrides.js";
import { resolveConfig } from "../config/resolve.js";
import { type Config, experimentNames } from "../config/schema.js";
import type { CommandContext, CommonFlags } from "../context.js";
import { parseCount } from "./parse-number.js";

/** Options that end up in the configuration. */
export interface ConfigFlags extends CommonFlags {
  readonly config?: string;
  readonly set?: readonly string[];
  readonly protocol?: string;
  readonly experiment?: string;
  readonly backend?: string;
  readonly threads?: number;
  readonly printConfig?: boolean;
}

export const configDefaults: JsonObject = {
  head: "glai",
  seed: 0,
  heads: ["mlp", "mlp-reduced", "glai", "linear", "mlp-adam"],
  seeds: [0, 1, 2],
  target: null,
  backend: "auto",
  threads: null,
  experiment: "A1",
  protocol: { name: "fast" },
};

/** Heads of a comparison under protocol `fast`: the closed forms meet the baselines that could beat them. */
const fastHeads = ["mlp", "glai", "linear", "linear-ridge", "kernel-rbf"];

export function addConfigOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--protocol <name>", "fast (default) or paper").choices(["fast", "paper"]),
    )
    .addOption(
      new Option("--experiment <name>", "whose constants protocol paper takes (A1)").choices(
        experimentNames,
      ),
    )
    .option(
      "--backend <name>",
      "auto (default), cpu, reference, cpu:wasm, or one that is installed",
    )
    .option("--threads <n>", "threads of the backend", parseCount)
    .option("--config <file>", "YAML file with the same keys as --set")
    .option("--set <key=value>", "one key of the configuration, e.g. protocol.maxEpochs=5", collect)
    .option("--print-config", "print the whole configuration as YAML and stop");
}

/**
 * The configuration from defaults, `--config`, `--set` and options, each over the one before.
 *
 * @param own - what the command's own options say, e.g. `{ head: "mlp" }`
 */
export async function configFrom(
  flags: ConfigFlags,
  own: JsonObject,
  { terminal }: CommandContext,
  earlier?: JsonObject, // configuration of a run that this one goes on from
): Promise<Config> {
  const asked = await givenConfig(flags, own, terminal.cwd);
  const given = earlier === undefined ? asked : mergeOverrides([earlier, asked]);
  const { protocol } = given;
  const paper = isJsonObject(protocol) && protocol.name === "paper";
  return resolveConfig(given, paper ? configDefaults : { ...configDefaults, heads: fastHeads });
}

/** Only what the user gave; empty when everything is left at its default. */
export async function givenConfig(
  { config: path, set = [], protocol, experiment, backend, threads }: ConfigFlags,
  own: JsonObject,
  cwd: string,
): Promise<JsonObject> {
  const options: Record<string, JsonValue> = {
    ...(protocol !== undefined && { protocol: { name: protocol } }),
    ...(experiment !== undefined && { experiment }),
    ...(backend !== undefined && { backend }),
    ...(threads !== undefined && { threads }),
  };
  const file = path === undefined ? {} : await readConfigFile(resolve(cwd, path));
  return mergeOverrides([file, ...set.map(parseOverride), own, options]);
}

/** `--print-config`: prints and says so. */
export function printConfig(
  config: Config,
  flags: ConfigFlags,
  { terminal }: CommandContext,
): boolean {
  if (flags.printConfig !== true) return false;
  terminal.out(flags.json === true ? `${JSON.stringify(config)}\n` : stringifyYaml(config));
  return true;
}

async function readConfigFile(path: string): Promise<JsonObject> {
  return parseConfigFile(new TextDecoder().decode(await readBytes(path)), path);
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}
