import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";

/** Creates an empty folder `parley-<name>-…` in the system's folder for temporary files. */
export function createTempFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `parley-${name}-`));
}

/** The same for one test, which deletes the folder when it ends: behind what the test starts later and closes in its teardown. */
export function createTestFolder(t: ExecutionContext, name: string): string {
  const folder = createTempFolder(name);
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
