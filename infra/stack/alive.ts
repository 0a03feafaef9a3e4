// Which processes run, and whether a number still means the same one.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A process that has ended and that nobody has waited for does not live. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return readStat(pid)?.state !== "Z";
}

/** When it started, in a form of the system's own: another process with the same number has another. */
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
    // The name in brackets may hold anything; the third field follows its last bracket.
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0], startTicks: fields[19] };
  } catch {
    return undefined; // a system without /proc, or the process has just ended
  }
}
