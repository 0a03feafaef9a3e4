// Samples of the shards' marks over time, kept in a file beside the data so that they survive a restart.
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

export interface MarkSample {
  /** Wall time, ms since 1970. */
  readonly atMs: number;
  readonly sequences: readonly (readonly [shard: number, sequence: number])[];
}
export interface MarkHistory {
  /** Oldest first; empty when nothing was saved yet. */
  load(): Promise<MarkSample[]>;
  save(samples: readonly MarkSample[]): Promise<void>;
}

export function openMarkHistory(path: string): MarkHistory {
  return {
    async load() {
      const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return "[]";
        throw error;
      });
      return parseSamples(text, path);
    },
    async save(samples) {
      await mkdir(dirname(path), { recursive: true }); // on a host of a cluster no other file creates the folder
      // Written beside and renamed, so that a crash leaves either the old file or the new one.
      await writeFile(`${path}.new`, JSON.stringify(samples), { flush: true });
      await rename(`${path}.new`, path);
    },
  };
}

function parseSamples(text: string, path: string): MarkSample[] {
  const samples: unknown = JSON.parse(text);
  if (!Array.isArray(samples))
    throw new Error(`${path} holds no samples of marks; remove the file, and the server collects new samples`);
  return samples as MarkSample[];
}
