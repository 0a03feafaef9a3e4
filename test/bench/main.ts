// `npm run bench [-- scenario …] [--json FILE]`: measures the server's CPU time per unit of work; the load runs in a separate
// process. The first part of a name selects all scenarios that begin with it: `npm run bench -- connect`. `npm run bench --
// cluster …` measures a cluster, see cluster/main.ts, and `-- llm …` requests to models, see llm/main.ts.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { freePort, startServer } from "../support/server-process.ts";
import { createTempFolder } from "../support/temp-folder.ts";
import { type LoadResult, scenarios } from "./load/scenarios.ts";
import { type Load, startLoad } from "./load-process.ts";
import { cpuMicros, journalRecords, residentBytes } from "./measure.ts";

interface Figures {
  scenario: string;
  title: string;
  unit: string;
  cpuMicrosPerUnit: number;
  perSecond: number;
  p50Ms?: number;
  p99Ms?: number;
  bytesPerUnit?: number;
  notes?: Record<string, number>;
}

const args = process.argv.slice(2);
if (args[0] === "cluster" || args[0] === "llm") {
  await (args[0] === "cluster" ? import("./cluster/main.ts") : import("./llm/main.ts"));
  process.exit();
}
const jsonAt = args.indexOf("--json");
const jsonFile = jsonAt >= 0 ? args.splice(jsonAt, 2)[1] : undefined;
/** Journal commits and rows of the views, without a server around them. */
const storage = "storage";
const known = [...Object.keys(scenarios), storage];
const names = args.length > 0 ? args.flatMap(scenariosOf) : known;
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(", ")}. There are: ${known.join(", ")}`);
  process.exit(2);
}

const all: Figures[] = [];
for (const name of names.filter((each) => each !== storage)) {
  process.stderr.write(`${name} … `);
  const figures = await runScenario(name);
  all.push(figures);
  process.stderr.write(`${figures.cpuMicrosPerUnit.toFixed(2)} µs per ${figures.unit}\n`);
}
if (all.length > 0) console.table(Object.fromEntries(all.map((figures) => [figures.title, rowOf(figures)])));
if (names.includes(storage)) {
  const script = new URL("./storage.ts", import.meta.url).pathname;
  await once(spawn(process.execPath, [script], { stdio: "inherit" }), "exit");
}
if (jsonFile) writeFileSync(jsonFile, `${JSON.stringify(all, null, 2)}\n`);

function scenariosOf(name: string): string[] {
  const group = known.filter((each) => each.startsWith(`${name}-`));
  return known.includes(name) || group.length === 0 ? [name] : group;
}

function rowOf({ unit, cpuMicrosPerUnit, perSecond, p50Ms, p99Ms, bytesPerUnit, notes }: Figures) {
  return {
    unit,
    "server CPU µs": Number(cpuMicrosPerUnit.toFixed(2)),
    "per second": Math.round(perSecond),
    "p50 ms": p50Ms === undefined ? "" : Number(p50Ms.toFixed(2)),
    "p99 ms": p99Ms === undefined ? "" : Number(p99Ms.toFixed(2)),
    "KiB each": bytesPerUnit === undefined ? "" : Number((bytesPerUnit / 1024).toFixed(1)),
    also: notes
      ? Object.entries(notes)
          .map(([name, value]) => `${name} ${value}`)
          .join(", ")
      : "",
  };
}

async function runScenario(name: string): Promise<Figures> {
  const dataDir = createTempFolder("bench");
  const port = await freePort();
  let server = await startServer({ dataDir, port });
  let load: Load | undefined;
  try {
    load = await startLoad({ kind: "named", name }, [port]);
    if (scenarios[name]!.startsAfresh) {
      // The process is restarted on the same data, because its memory after the preparation would hide what is measured.
      await server.kill9();
      server = await startServer({ dataDir, port });
    }
    const { pid } = server;
    const measure = async () => ({
      ...{ cpu: cpuMicros(pid), resident: residentBytes(pid) },
      records: await journalRecords(port),
    });
    const before = await measure();
    const result = await load.go();
    const after = await measure();
    const figures = figuresOf(name, result, after.cpu - before.cpu, after.resident - before.resident);
    const recordsPerUnit = Number(((after.records - before.records) / result.units).toFixed(2));
    return { ...figures, notes: { ...figures.notes, [`records per ${figures.unit}`]: recordsPerUnit } };
  } finally {
    load?.close();
    await server.kill9();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function figuresOf(scenario: string, result: LoadResult, cpu: number, resident: number): Figures {
  const { title, unit } = scenarios[scenario]!;
  const { units, seconds, p50Ms, p99Ms, notes } = result;
  return {
    scenario,
    title,
    unit,
    cpuMicrosPerUnit: cpu / units,
    perSecond: units / seconds,
    p50Ms,
    p99Ms,
    notes,
    ...(unit === "connection" && { bytesPerUnit: resident / units }),
  };
}
