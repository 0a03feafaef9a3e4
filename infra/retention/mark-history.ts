// How far every shard's views were, and when: kept in a file beside the data, so that a restart does not forget it.
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

export interface MarkSample {
  /** Wall time, ms since 1970. */
  readonly atMs: number;
  readonly sequences: readonly (readonly [shard: number, sequence: number])[];
}
export interface MarkHistory {
  /** Oldest first; none when nothing was ever saved. */
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
      await mkdir(dirname(path), { recursive: true }); // a host of a cluster keeps nothing else there
      // Renamed into place: a crash leaves the old file or the new one.
      await writeFile(`${path}.new`, JSON.stringify(samples), { flush: true });
      await rename(`${path}.new`, path);
    },
  };
}

function parseSamples(text: string, path: string): MarkSample[] {
  const samples: unknown = JSON.parse(text);
  if (!Array.isArray(samples)) throw new Error(`${path} holds no samples; remove it, and the notes begin anew`);
  return samples as MarkSample[];
}
