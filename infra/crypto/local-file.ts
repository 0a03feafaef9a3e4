// A file of secrets in the data folder: created once, readable by this user only.
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What the JSON file holds; when there is none, it is made with what `create` answers. */
export function getOrCreateLocalFile(dataDir: string, name: string, create: () => unknown): unknown {
  const path = join(dataDir, name);
  if (!existsSync(path)) {
    mkdirSync(dataDir, { recursive: true });
    // A hard link makes the file appear atomically: a crash leaves a complete file or none, and of several hosts that start
    // together one creates it.
    const own = `${path}.${process.pid}`;
    writeFileSync(own, `${JSON.stringify(create(), null, 2)}\n`, { mode: 0o600, flush: true });
    try {
      linkSync(own, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
      rmSync(own);
    }
  }
  return JSON.parse(readFileSync(path, "utf8"));
}
