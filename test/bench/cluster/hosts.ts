// Runs hosts as separate processes that connect to the servers directly.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Role } from "../../../infra/config/config.ts";
import { findFreePorts } from "../../../infra/stack/ports.ts";
import { createTempFolder } from "../../support/temp-folder.ts";

export interface HostPlan {
  readonly name: string;
  readonly roles: readonly Role[];
}
export interface BenchHost {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly port: number;
  readonly pid: number;
  /** Resolves when the host answers requests. The host gets its shards later. */
  start(): Promise<void>;
  /** Resolves when `GET /ready` succeeds: then a host with the role actors owns shards. */
  ready(): Promise<void>;
  kill9(): Promise<void>;
  stop(): Promise<void>;
  /** A figure of /metrics. */
  metric(name: string): Promise<number>;
  lastWords(): string;
}
export interface Hosts {
  readonly all: readonly BenchHost[];
  readonly gatewayPorts: readonly number[];
  readonly owners: readonly BenchHost[];
  /** The end of each host's log. */
  lastWords(): string;
  close(): Promise<void>;
}

const startTimeoutMs = 60_000;
const startTries = 3;
const lastWordsChars = 3_000;
const lookMs = 50;
const main = new URL("../../../infra/main.ts", import.meta.url).pathname;
const preload = new URL("../../../infra/launch/preload.mjs", import.meta.url).href;

export async function startHosts(
  plans: readonly HostPlan[],
  env: Readonly<Record<string, string>>,
  profiles?: string,
): Promise<Hosts> {
  const folder = createTempFolder("bench-hosts");
  const ports = await findFreePorts(plans.length);
  const common = {
    PATH: process.env.PATH ?? "",
    JWT_SECRETS: `bench:${randomBytes(32).toString("base64")}`,
    ENCRYPTION_KEY: randomBytes(32).toString("base64"),
    RATE_LIMITS: "off",
    PASSWORD_HASH_COST: "low",
    LOG_FORMAT: "json",
    LOG_LEVEL: "warn",
    ...(profiles && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profiles}` }),
    ...env,
  };
  const all = plans.map((plan, i) => createHost(plan, ports[i] ?? 0, folder, common));
  const close = async () => {
    // A CPU profile is written only when a host ends in order.
    await Promise.all(all.map((host) => (profiles ? host.stop() : host.kill9())));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    // Hosts start one after the other, because the first host creates streams and tables.
    const owners = all.filter(({ roles }) => roles.includes("actors"));
    for (const host of [...owners, ...all.filter((each) => !owners.includes(each))]) {
      await startWithRetries(host);
    }
    const gatewayPorts = all.filter(({ roles }) => roles.includes("gateway")).map(({ port }) => port);
    const lastWords = () => all.map(({ name, lastWords: words }) => `${name}: ${words()}`).join("\n");
    return { all, gatewayPorts, owners, lastWords, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Retries, because on a busy machine Cassandra may create the tables too slowly for the first host. */
async function startWithRetries(host: BenchHost): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await host.start();
      return await host.ready();
    } catch (error) {
      if (tries === startTries) throw error;
      process.stderr.write(`${(error as Error).message}\n`);
    }
  }
}

function createHost(plan: HostPlan, port: number, folder: string, env: Readonly<Record<string, string>>): BenchHost {
  const url = `http://127.0.0.1:${port}`;
  const logPath = join(folder, `${plan.name}.log`);
  let child: ChildProcess | undefined;
  const lastWords = () => readFileSync(logPath, "utf8").slice(-lastWordsChars);
  const isThere = () => child?.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals) => {
    if (!child || !isThere()) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  };
  const until = async (path: string) => {
    const endMs = performance.now() + startTimeoutMs;
    while (performance.now() < endMs) {
      if (!isThere()) throw new Error(`${plan.name} has ended: ${lastWords()}`);
      const isGood = await fetch(url + path).then(
        ({ ok }) => ok,
        () => false, // the host does not listen yet
      );
      if (isGood) return;
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
    throw new Error(`${plan.name}: ${path} was not good within ${startTimeoutMs} ms`);
  };
  return {
    ...plan,
    port,
    get pid() {
      return child?.pid ?? 0;
    },
    async start() {
      const log = openSync(logPath, "a");
      const own = {
        HOST_NAME: plan.name,
        ROLES: plan.roles.join(),
        PORT: String(port),
        DATA_DIR: join(folder, plan.name),
      };
      child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "--import", preload, main], {
        env: { ...env, ...own },
        stdio: ["ignore", log, log, "ipc"], // the host ends when this channel closes
      });
      closeSync(log);
      await until("/health");
    },
    lastWords,
    ready: () => until("/ready"),
    kill9: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
    async metric(name) {
      const text = await (await fetch(`${url}/metrics`)).text();
      const value = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, "m").exec(text)?.[1];
      if (value === undefined) throw new Error(`${plan.name} has no metric ${name}`);
      return Number(value);
    },
  };
}
