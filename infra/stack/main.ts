// `npm run stack up|down|status|logs [server…]`: runs the real servers on this machine, without Docker.
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { loadEnv } from "../config/env.ts";
import { takeLock } from "./cache.ts";
import { down, logs, status } from "./down.ts";
import { type LocalOptions, type LocalServer, localServers } from "./local-stack.ts";
import { serverNames, type Toolbox } from "./server-kind.ts";
import { readState } from "./state.ts";
import { type UpResult, up, writeEnvironment } from "./up.ts";

const usage = `Usage: npm run stack -- <command> [server…]
  up [--nats 3]                starts the servers that do not run yet; --nats 3: three NATS servers that replicate
  down                         ends the servers that "up" has started; the data stays
  status                       checks every server
  logs [--lines 40] [--follow] prints the end of each log
Servers: ${serverNames.join(", ")} (default: all).`;

const folder = resolve(fileURLToPath(new URL("../../data/stack", import.meta.url)));
const tools: Toolbox = { env: loadEnv(), say: (line) => void process.stderr.write(`${line}\n`) };

process.exitCode = await run(process.argv.slice(2));

async function run(args: string[]): Promise<number> {
  const parsed = parse(args);
  if (!parsed) {
    tools.say(usage);
    return 2;
  }
  const { command, servers, options, values } = parsed;
  if (command === "logs") {
    logs(servers, folder, { lines: Number(values.lines), follow: values.follow, print: (line) => console.log(line) });
    return 0;
  }
  if (command === "status") {
    const all = await status(servers, options, tools);
    printTable(all.map(({ name, text }) => [name, text]));
    return all.every(({ isServing }) => isServing) ? 0 : 1;
  }
  mkdirSync(folder, { recursive: true });
  const release = await takeLock(join(folder, "lock"), "changes this stack", tools.say);
  try {
    if (command === "down") {
      await down(servers, folder, tools.say);
      return 0;
    }
    return printUp(await up(servers, options, tools), options);
  } finally {
    release();
  }
}

function parse(args: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        nats: { type: "string" },
        lines: { type: "string", default: "40" },
        follow: { type: "boolean", short: "f", default: false },
      },
    });
    const [command = "", ...names] = positionals;
    const servers = localServers.filter(({ name }) => names.length === 0 || names.includes(name));
    const isKnown = ["up", "down", "status", "logs"].includes(command);
    const areNames = names.every((name) => localServers.some((server) => server.name === name));
    if (!isKnown || !areNames || !["1", "3", undefined].includes(values.nats)) return undefined;
    if (!/^\d+$/.test(values.lines)) return undefined;
    return { command, servers, values, options: readOptions(values.nats) };
  } catch {
    return undefined; // parseArgs throws on an unknown flag
  }
}

function readOptions(nats: string | undefined): LocalOptions {
  // Without --nats, the number of NATS servers that already run.
  const running = readState(folder).servers.filter(({ name }) => name === "nats").length;
  const natsServers = nats === undefined ? (running === 3 ? 3 : 1) : nats === "3" ? 3 : 1;
  return { folder, natsServers, appPort: Number(tools.env.PORT || 8080) };
}

function printUp(results: readonly UpResult[], options: LocalOptions): number {
  const { path, lines } = writeEnvironment(allUp(results, options), folder);
  console.log("");
  printTable(results.map(({ server, outcome, text, addresses }) => row(server, outcome, text, addresses)));
  if (lines.length > 0)
    console.log(`\nFor the hosts of a cluster ("npm run start:cluster" reads them from ${path}):\n`);
  for (const line of lines) console.log(line);
  return results.some(({ outcome }) => outcome === "failed") ? 1 : 0;
}

function row(server: LocalServer, outcome: UpResult["outcome"], text: string, addresses: readonly string[]): string[] {
  if (outcome === "failed") return [server.name, outcome, text];
  return [server.name, outcome, addresses.join(" "), text];
}

/** The servers of this call, and those that an earlier call has started. */
function allUp(results: readonly UpResult[], options: LocalOptions): UpResult[] {
  const running = readState(folder).servers.map(({ name }) => name);
  const earlier = localServers
    .filter(({ name }) => running.includes(name) && !results.some(({ server }) => server.name === name))
    .map((server) => ({
      server,
      outcome: "running" as const,
      text: "",
      addresses: [],
      variables: server.variables(options),
    }));
  return [...results, ...earlier];
}

function printTable(rows: readonly (readonly string[])[]): void {
  const widths = rows.reduce<number[]>((all, cells) => {
    cells.slice(0, -1).forEach((cell, column) => {
      all[column] = Math.max(all[column] ?? 0, cell.length);
    });
    return all;
  }, []);
  for (const cells of rows) {
    console.log(
      cells.map((cell, column) => (column < cells.length - 1 ? cell.padEnd(widths[column] ?? 0) : cell)).join("  "),
    );
  }
}
