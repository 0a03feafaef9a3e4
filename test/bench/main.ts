// `npm run bench [-- scenario …] [--json FILE]`: server CPU time per unit of work, the load in a process of its own.
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FromLoad, ToLoad } from "./load/main.ts";
import { type LoadResult, scenarios } from "./load/scenarios.ts";
import { cpuMicros, residentBytes } from "./measure.ts";

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
const jsonAt = args.indexOf("--json");
const jsonFile = jsonAt >= 0 ? args.splice(jsonAt, 2)[1] : undefined;
/** Journal commits and rows of the views, without a server around them. */
const storage = "storage";
const known = [...Object.keys(scenarios), storage];
const names = args.length > 0 ? args : known;
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
  const dataDir = mkdtempSync(join(tmpdir(), "parley-bench-"));
  let server = await startServer(dataDir, await freePort());
  const load = fork(new URL("./load/main.ts", import.meta.url), { serialization: "advanced" });
  try {
    tell(load, { kind: "prepare", scenario: name, port: server.port, run: `b${process.pid}-${name}` });
    await answer(load, "ready");
    if (scenarios[name]!.startsAfresh) {
      // What preparing left in memory would hide what is measured: the same data, a new process.
      await end(server.process);
      server = await startServer(dataDir, server.port);
    }
    const pid = server.process.pid!;
    const before = { cpu: cpuMicros(pid), resident: residentBytes(pid) };
    tell(load, { kind: "go" });
    const { result } = await answer(load, "done");
    const after = { cpu: cpuMicros(pid), resident: residentBytes(pid) };
    return figuresOf(name, result, after.cpu - before.cpu, after.resident - before.resident);
  } finally {
    load.kill("SIGKILL");
    await end(server.process);
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

async function end(server: ChildProcess): Promise<void> {
  server.kill("SIGKILL");
  if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
}

async function startServer(dataDir: string, port: number): Promise<{ process: ChildProcess; port: number }> {
  const main = new URL("../../infra/main.ts", import.meta.url).pathname;
  const env = {
    PATH: process.env.PATH ?? "",
    DATA_DIR: dataDir,
    PORT: String(port),
    RATE_LIMITS: "off",
    PASSWORD_HASH_COST: "low",
    LOG_LEVEL: "warn",
  };
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main], {
    env,
    stdio: ["ignore", "inherit", "inherit"],
  });
  child.once("exit", (code) => code !== null && code !== 0 && console.error(`the server ended with ${code}`));
  for (let tries = 0; tries < 200; tries += 1) {
    const isReady = await fetch(`http://127.0.0.1:${port}/ready`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isReady) return { process: child, port };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill("SIGKILL");
  throw new Error("The server did not become ready within 10 s");
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

function tell(load: ChildProcess, message: ToLoad): void {
  load.send(message);
}

function answer<K extends "ready" | "done">(load: ChildProcess, kind: K): Promise<Extract<FromLoad, { kind: K }>> {
  return new Promise((resolve, reject) => {
    load.once("message", (message: FromLoad) => {
      if (message.kind === kind) resolve(message as Extract<FromLoad, { kind: K }>);
      else reject(new Error(message.kind === "failed" ? message.message : `unexpected ${message.kind}`));
    });
    load.once("exit", () => reject(new Error("the load generator ended")));
  });
}
