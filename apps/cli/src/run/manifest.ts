import { GlaiError, type JsonValue } from "@glai/core";
import type { DatasetOptions } from "@glai/io";
import type { DatasetOnDisk } from "@glai/io/node";
import type { ChosenBackend } from "../backends/choose.js";
import { isJsonObject } from "../config/merge.js";
import type { Config } from "../config/schema.js";
import { capabilityDocument } from "../documents/capability.js";
import { version } from "../package-info.js";

const schema = 1;

/** Everything that was decided before a run began, and how it ended: `manifest.json` of a run folder. */
export interface Manifest {
  readonly schema: typeof schema;
  readonly kind: "compare" | "sweep" | "train" | "update";
  readonly status: "failed" | "finished" | "interrupted" | "running";
  readonly glai: string;
  readonly node: string;
  readonly platform: string;
  readonly startedAt: string; // ISO 8601
  readonly dataset: {
    readonly name: string;
    readonly path: string; // absolute
    readonly checksums: Readonly<Record<string, string>>;
    readonly options?: DatasetOptions; // --x, --y and --val-split, where they were given
  };
  readonly config: Config;
  readonly backend: string; // the one that does the work, also where the configuration says auto
  readonly capability: ReturnType<typeof capabilityDocument>;
  /** The run whose head this one started from. */
  readonly from?: { readonly path: string; readonly model: string }; // model: SHA-256
  /** Of a head that was changed: `dataset` and `config` are those its first parent was trained with. */
  readonly update?: {
    readonly change: "add" | "merge" | "remove";
    readonly parents: readonly { readonly path: string; readonly model: string }[]; // model: SHA-256
    readonly data: Manifest["dataset"] | null; // samples added or taken out
  };
  /** Why a run of a sweep failed. */
  readonly error?: string;
  /** The document that `--json` printed; null until the run is finished. */
  readonly result: object | null;
}

export function newManifest(parts: {
  readonly kind: Manifest["kind"];
  readonly config: Config;
  readonly dataset: DatasetOnDisk;
  readonly path: string;
  readonly options: DatasetOptions;
  readonly chosen: ChosenBackend;
  readonly startedAt: Date;
  readonly from?: Manifest["from"];
}): Manifest {
  const { kind, config, dataset, path, options, chosen, startedAt, from } = parts;
  return {
    schema,
    kind,
    status: "running",
    ...thisProgram(),
    startedAt: startedAt.toISOString(),
    dataset: {
      name: dataset.name,
      path,
      checksums: dataset.checksums,
      ...(Object.keys(options).length > 0 && { options }),
    },
    config,
    backend: chosen.name,
    capability: capabilityDocument(chosen.capability),
    ...(from && { from }),
    result: null,
  };
}

/** The manifest of a changed head, from that of the run it was. */
export function updateManifest(
  parent: Manifest,
  parts: {
    readonly update: NonNullable<Manifest["update"]>;
    readonly startedAt: Date;
    readonly backend: string;
    readonly capability: Manifest["capability"];
  },
): Manifest {
  const { dataset, config } = parent;
  const { update, startedAt, backend, capability } = parts;
  return {
    schema,
    kind: "update",
    status: "running",
    ...thisProgram(),
    startedAt: startedAt.toISOString(),
    dataset,
    config,
    backend,
    capability,
    update,
    result: null,
  };
}

function thisProgram(): Pick<Manifest, "glai" | "node" | "platform"> {
  return {
    glai: version,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
  };
}

/** A manifest as it goes to disk. */
export function manifestJson(manifest: Manifest): JsonValue {
  return manifest as unknown as JsonValue;
}

/**
 * @throws `bad-argument` when there is none, `bad-data` when it is not one of this version.
 */
export function parseManifest(value: JsonValue | undefined, folder: string): Manifest {
  if (value === undefined) {
    throw new GlaiError("bad-argument", `Expected a run in ${folder} but found no manifest.json.`, {
      hint: "Name the folder of a run; glai train <data> --out <folder> begins one.",
    });
  }
  if (isJsonObject(value) && value.schema === schema && isJsonObject(value.config)) {
    return value as unknown as Manifest;
  }
  const found = isJsonObject(value) ? `schema ${JSON.stringify(value.schema)}` : "something else";
  throw new GlaiError(
    "bad-data",
    `Expected a manifest of schema ${schema} in ${folder} but found ${found}.`,
    {
      hint: "Continue the run with the version of glai that began it, or start anew in another --out.",
    },
  );
}
