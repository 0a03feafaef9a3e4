// Reads CPU time and memory of a process from the operating system. Other load on the machine hardly changes CPU time.
import { readFileSync } from "node:fs";

const ticksPerSecond = 100;

/** utime + stime of all threads, in microseconds. */
export function cpuMicros(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1e6;
}

export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
}

/** Records that the host behind `port` has journaled since it started. */
export async function journalRecords(port: number): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(/^parley_runtime_records_total (\d+)/m.exec(page)?.[1] ?? Number.NaN);
}
