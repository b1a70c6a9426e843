import { readFileSync } from "node:fs";

/** This package's version, for --version, doctor and manifests. */
export const version: string = readVersion();

function readVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  const manifest = JSON.parse(text) as { readonly version: string };
  return manifest.version;
}
