// Gives every NATS server a small disk of its own (tmpfs) that can be filled completely. Mounting needs root.
import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createTempFolder } from "../support/temp-folder.ts";

const chunkBytes = [1_024 * 1_024, 4_096, 1];
const fillerName = "filler";

/** Mounts one disk per server, in the subfolders 1, 2, 3. Throws where mounting is not allowed. */
export function mountSmallDisks(count: number, mib: number): { dir: string; unmount(): void } {
  const dir = createTempFolder("disks");
  const disks = Array.from({ length: count }, (_, index) => diskOf(dir, index));
  for (const disk of disks) {
    mkdirSync(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mib}m`, "tmpfs", disk]);
  }
  return {
    dir,
    unmount() {
      for (const disk of disks) execFileSync("umount", ["-l", disk]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export function diskOf(dir: string, index: number): string {
  return join(dir, String(index + 1));
}

/** Writes a file until no byte is left. */
export function fillDisk(disk: string): void {
  const file = openSync(join(disk, fillerName), "a");
  for (const bytes of chunkBytes) {
    const chunk = Buffer.alloc(bytes);
    while (writes(file, chunk));
  }
  closeSync(file);
}

export function freeDisk(disk: string): void {
  rmSync(join(disk, fillerName), { force: true });
}

function writes(file: number, chunk: Buffer): boolean {
  try {
    return writeSync(file, chunk) === chunk.length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") return false;
    throw error;
  }
}
