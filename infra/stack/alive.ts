// Finds out whether a process runs, and whether a pid still means the process that was started under it.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A zombie (a process that has ended and whose parent has not waited for it) is not alive. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return readStat(pid)?.state !== "Z";
}

/** The start time of a process, in the operating system's own format: a later process with the same pid has another one. */
export function readStartTime(pid: number): string | undefined {
  if (!isAlive(pid)) return undefined;
  if (process.platform === "linux") return readStat(pid)?.startTicks;
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || undefined;
  } catch {
    return undefined; // ps ends with an error when the process has just ended
  }
}

function readStat(pid: number): { state?: string; startTicks?: string } | undefined {
  try {
    // The process name in brackets may contain any character, so the third field is searched after the last bracket.
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0], startTicks: fields[19] };
  } catch {
    return undefined; // a system without /proc, or the process has just ended
  }
}
