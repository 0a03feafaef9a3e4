// A file of secrets in the data folder: created once, readable by this user only.
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

interface LocalSecrets<T> {
  readonly fileName: string;
  /** The one field of the JSON file: a list of texts. */
  readonly field: string;
  /** Makes the first text, when there is no file. */
  create(): string;
  parse(text: string): T;
}

/** At least one secret. */
export function getOrCreateLocalSecrets<T>(dataDir: string, { fileName, field, create, parse }: LocalSecrets<T>): T[] {
  const path = join(dataDir, fileName);
  if (!existsSync(path)) createFile(path, { [field]: [create()] });
  const texts: unknown = JSON.parse(readFileSync(path, "utf8"))[field];
  if (!Array.isArray(texts) || texts.length === 0) throw new Error(`${path} holds no ${field}`);
  return texts.map((text) => parse(String(text)));
}

function createFile(path: string, content: object): void {
  mkdirSync(dirname(path), { recursive: true });
  // A hard link makes the file appear atomically: a crash leaves a complete file or none, and of several hosts that start
  // together one creates it.
  const own = `${path}.${process.pid}`;
  writeFileSync(own, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flush: true });
  try {
    linkSync(own, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(own);
  }
}
