/** One measurement, as it is printed and written to a file. Times in ms. */
export interface Figures {
  name: string;
  title: string;
  /** Of this server, per request. */
  cpuMs: number;
  /** Of the bare proxy under the same load. */
  bareCpuMs?: number;
  /** What the way through this server adds to the same request sent to the upstream itself. */
  addedP50Ms: number;
  addedP99Ms: number;
  addedFirstP50Ms: number;
  residentMiB: number;
  perSecond: number;
}

export function printFigures(all: readonly Figures[]): void {
  console.table(Object.fromEntries(all.map((figures) => [figures.title, rowOf(figures)])));
}

function rowOf({ cpuMs, bareCpuMs, addedP50Ms, addedP99Ms, addedFirstP50Ms, residentMiB, perSecond }: Figures) {
  return {
    "CPU ms": rounded(cpuMs),
    "bare proxy": bareCpuMs === undefined ? "" : rounded(bareCpuMs),
    ratio: bareCpuMs === undefined ? "" : rounded(cpuMs / bareCpuMs),
    "added p50 ms": rounded(addedP50Ms),
    "added p99 ms": rounded(addedP99Ms),
    "first byte p50": rounded(addedFirstP50Ms),
    "RSS MiB": Math.round(residentMiB),
    "per second": Math.round(perSecond),
  };
}

function rounded(value: number): number {
  return Number(value.toFixed(2));
}
