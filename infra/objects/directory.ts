// Objects in a folder of this machine. A name becomes a path by its hash, so that no name leads out of the folder, and names
// that differ in case only, or are longer than a file system allows, are different files everywhere.
import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { link, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ByteRange, Objects } from "../../actors/file/objects.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { checkObjectName, countBytes } from "./counted.ts";

/** Only one process may use the folder: opening it removes what interrupted puts have left. */
export async function openDirectoryObjects(folder: string): Promise<Objects> {
  // Files of users: other users of the machine must not read them.
  const unfinished = join(folder, "unfinished");
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });

  /** `make` writes the file under a temporary name; after a failure nothing of it is left. */
  const place = async (path: string, make: (temporary: string) => Promise<void>): Promise<void> => {
    const temporary = join(unfinished, randomUUID());
    try {
      await make(temporary);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await rename(temporary, path);
    } finally {
      // After a copy it is still there when both names led to the same bytes already: the rename does nothing then.
      await rm(temporary, { force: true });
    }
    // The new name, and the folder that may be new, survive a power loss only when the folders are synced, too.
    await syncFolder(dirname(path));
    await syncFolder(folder);
  };

  return {
    async put(name, source, limits) {
      const path = pathOf(folder, name);
      const { bytes, facts } = countBytes(source, limits);
      await place(path, (temporary) => writeSynced(temporary, bytes));
      return facts();
    },

    async get(name, range) {
      const path = pathOf(folder, name);
      const size = await sizeOf(path);
      if (size === undefined) throw new DomainError("file.not_found");
      return { size, bytes: read(path, range) };
    },

    async copy(from, to) {
      const original = pathOf(folder, from);
      // Both names share the bytes: objects are replaced, and never written into.
      await place(pathOf(folder, to), (temporary) => linkExisting(original, temporary));
    },

    async stat(name) {
      const size = await sizeOf(pathOf(folder, name));
      return size === undefined ? undefined : { size };
    },

    async delete(name) {
      await rm(pathOf(folder, name), { force: true });
    },
  };
}

function pathOf(folder: string, name: string): string {
  checkObjectName(name);
  const hash = createHash("sha256").update(name).digest("hex");
  return join(folder, hash.slice(0, 2), hash.slice(2));
}

/** Written at once: each write is a task of its own for another thread. */
const writeBytes = 512 * 1_024;

async function writeSynced(path: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  await using file = await open(path, "wx", 0o600);
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  const write = async () => {
    if (waiting.length === 0) return;
    const { bytesWritten } = await file.writev(waiting);
    // A disk that is nearly full takes a part; the next write says why.
    if (bytesWritten < waitingBytes) await file.writeFile(Buffer.concat(waiting).subarray(bytesWritten));
    waiting = [];
    waitingBytes = 0;
  };
  for await (const chunk of bytes) {
    waiting.push(chunk);
    waitingBytes += chunk.length;
    if (waitingBytes >= writeBytes) await write();
  }
  await write();
  await file.sync();
}

async function linkExisting(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw new DomainError("file.not_found");
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return; // a folder cannot be opened there
  await using folder = await open(path, "r");
  await folder.sync();
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function read(path: string, range: ByteRange | undefined): AsyncIterable<Uint8Array> {
  return createReadStream(path, { start: range?.first, end: range?.last });
}
