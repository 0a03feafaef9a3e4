import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Creates an empty folder `parley-<name>-…` in the system's folder for temporary files. */
export function createTempFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `parley-${name}-`));
}
