import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";

const schemaFolder = join(import.meta.dirname, "../../schemas");

/** What an independent validator has against a document, by the schema published under this name. */
export function schemaErrors(name: string, document: unknown): string[] {
  const path = join(schemaFolder, `${name}.schema.json`);
  const schema = JSON.parse(readFileSync(path, "utf8")) as object;
  const ajv = new Ajv2020({ strict: true, allErrors: true });
  ajv.validate(schema, document);
  return (ajv.errors ?? []).map(({ instancePath, keyword }) => `${keyword} at ${instancePath}/`);
}
