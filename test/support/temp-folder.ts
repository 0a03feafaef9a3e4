import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";

/** Creates an empty folder `parley-<name>-…` in the system's folder for temporary files. */
export function createTempFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `parley-${name}-`));
}

/** Creates such a folder for one test. It is deleted after the teardowns that the test registers later (of its server, say). */
export function createTestFolder(t: ExecutionContext, name: string): string {
  const folder = createTempFolder(name);
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
