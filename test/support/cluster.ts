// A cluster of real hosts as separate processes. Each host has its own link to every server, and each link can be broken alone.
// The output of every process is kept in `logDir`, one file per process.
//
// test-cluster/links: hosts reach servers only over their links, so the NATS servers do not advertise each other's addresses.
// test-cluster/no-orphan: no host outlives the test. A host ends when its channel to this process closes. A paused host cannot
//     notice that, so a guard (a shell that reads from a pipe whose other end only this process holds) kills it.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { appendFileSync, closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Role } from "../../infra/config/config.ts";
import { cassandraDataCenter } from "../../infra/stack/cassandra.ts";
import { findFreePorts } from "../../infra/stack/ports.ts";
import type { OwnServer } from "../../infra/stack/process.ts";
import { type Link, startLink } from "./link.ts";
import { startNats, startOwnCassandra, startRedis, type TestNats, useCassandra } from "./stack.ts";
import { createTempFolder } from "./temp-folder.ts";

export interface HostPlan {
  readonly name: string;
  readonly roles: readonly Role[];
}
interface ClusterOptions {
  readonly hosts: readonly HostPlan[];
  readonly nats?: 1 | 3;
  /**
   * "own": a separate Cassandra, which may be killed and paused. "shared": the tests' common one, which is only cut off.
   * Default: shared.
   */
  readonly cassandra?: "own" | "shared";
  /** The parent of the NATS servers' data folders 1, 2, 3. Default: temporary folders. */
  readonly natsDir?: string;
  /** Environment of every host. */
  readonly env?: Readonly<Record<string, string>>;
  readonly logDir?: string;
}

export interface ClusterHost {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly port: number;
  readonly links: { readonly nats: readonly Link[]; readonly redis: Link; readonly cassandra: Link };
  readonly pid: number;
  /** The process exists and is not paused. */
  readonly isRunning: boolean;
  /** Descriptions of ends of the process that the test had not caused. */
  readonly crashes: readonly string[];
  /** Starts the process, and does not wait until the host is ready. */
  start(): void;
  /**
   * True when every part works according to `GET /ready`. The host may own no shard yet: others hand shards back every 30 s.
   */
  isReady(): Promise<boolean>;
  /** Waits until the host is ready, and starts it again whenever it ends, as a supervisor does. */
  ready(timeoutMs?: number): Promise<void>;
  kill9(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  pause(): void;
  resume(): void;
  setClock(offsetMs: number): void;
}

export interface Cluster {
  readonly hosts: readonly ClusterHost[];
  readonly nats: TestNats;
  readonly natsDir?: string;
  readonly redis: OwnServer;
  /** Undefined when Cassandra is shared. */
  readonly cassandra?: OwnServer;
  readonly storage: { readonly contactPoints: readonly string[]; readonly keyspace: string };
  readonly logDir: string;
  host(name: string): ClusterHost;
  /** Repairs every link, resumes and starts every host, and waits until all are ready. */
  heal(timeoutMs?: number): Promise<void>;
  close(): Promise<void>;
}

const readyTimeoutMs = 60_000;
const readyLookMs = 50;
const readyAnswerMs = 3_000;
/** The same pause as a supervisor's. */
const restartPauseMs = 500;
const main = new URL("../../infra/main.ts", import.meta.url).pathname;
const preloads = ["../../infra/launch/preload.mjs", "./clock-jump.ts"].map(
  (path) => new URL(path, import.meta.url).href,
);

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const folder = createTempFolder("cluster");
  const logDir = options.logDir ?? join(folder, "logs");
  mkdirSync(logDir, { recursive: true });
  const closing: Closing = [];
  const close = async () => {
    for (const each of closing.splice(0).reverse()) await each();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const servers = await startServers(options, closing);
    const { nats, redis, storage } = servers;
    const hosts = await startHosts(options, { folder, logDir, env: envOf(options, storage), servers }, closing);
    return {
      hosts,
      nats,
      natsDir: options.natsDir,
      redis,
      cassandra: storage.server,
      storage,
      logDir,
      host(name) {
        const found = hosts.find((host) => host.name === name);
        if (!found) throw new Error(`There is no host ${name}`);
        return found;
      },
      async heal(timeoutMs = readyTimeoutMs) {
        for (const { links } of hosts) for (const link of allLinks(links)) if (link.mode !== "pass") link.set("pass");
        await Promise.all(
          hosts.map(async (host) => {
            host.resume();
            host.start();
            await host.ready(timeoutMs);
          }),
        );
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

type Closing = (() => Promise<unknown>)[];

async function startServers(options: ClusterOptions, closing: Closing) {
  const [nats, redis, storage] = await Promise.all([
    startNats({ servers: options.nats ?? 1, isUnadvertised: true, dir: options.natsDir }),
    startRedis({ keep: false }), // hosts must survive the loss of everything in Redis
    options.cassandra === "own" ? startStorage() : shareCassandra(),
  ]);
  closing.push(
    () => nats.close(),
    () => redis.close(),
    async () => {
      await storage.server?.kill9();
      await storage.server?.close();
    },
  );
  return { nats, redis, storage };
}

function envOf({ nats = 1, env }: ClusterOptions, { keyspace }: Storage): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "",
    JWT_SECRETS: `test:${randomBytes(32).toString("base64")}`,
    ENCRYPTION_KEY: randomBytes(32).toString("base64"),
    RATE_LIMITS: "off",
    PASSWORD_HASH_COST: "low",
    LOG_FORMAT: "json",
    CASSANDRA_KEYSPACE: keyspace,
    CASSANDRA_DATACENTER: cassandraDataCenter,
    JOURNAL_REPLICAS: String(nats),
    ...env,
  };
}

async function startHosts(options: ClusterOptions, place: Omit<HostPlace, "port">, closing: Closing) {
  const ports = await findFreePorts(options.hosts.length);
  const hosts = await Promise.all(options.hosts.map((plan, i) => createHost(plan, { ...place, port: ports[i] ?? 0 })));
  closing.push(
    () => Promise.all(hosts.flatMap(({ links }) => allLinks(links).map((link) => link.close()))),
    () => Promise.all(hosts.map((host) => host.kill9())),
  );
  // One after the other, because the first host creates streams and tables.
  for (const host of hosts) {
    host.start();
    await host.ready();
  }
  return hosts;
}

export function allLinks({ nats, redis, cassandra }: ClusterHost["links"]): Link[] {
  return [...nats, redis, cassandra];
}

interface Storage {
  contactPoints: readonly string[];
  keyspace: string;
  server?: OwnServer;
}

async function startStorage(): Promise<Storage> {
  const server = await startOwnCassandra();
  return { contactPoints: server.contactPoints, keyspace: "parley", server };
}

async function shareCassandra(): Promise<Storage> {
  const { contactPoints } = await useCassandra();
  return { contactPoints, keyspace: `cluster_${randomBytes(6).toString("hex")}` };
}

interface HostPlace {
  readonly port: number;
  readonly folder: string;
  readonly logDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly servers: { readonly nats: TestNats; readonly redis: OwnServer; readonly storage: Storage };
}

async function createHost(plan: HostPlan, place: HostPlace): Promise<ClusterHost> {
  const [address = "127.0.0.1", port = "9042"] = (place.servers.storage.contactPoints[0] ?? "").split(":");
  const [redis, cassandra, ...nats] = await Promise.all([
    startLink(place.servers.redis),
    startLink({ host: address, port: Number(port) }),
    ...place.servers.nats.servers.map((server) => startLink(server)),
  ]);
  return new HostProcess(plan, place, { nats, redis, cassandra });
}

class HostProcess implements ClusterHost {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly port: number;
  readonly links: ClusterHost["links"];
  #env: Record<string, string>;
  #folder: string;
  #logPath: string;
  #child: ChildProcess | undefined;
  #guard: ChildProcess | undefined;
  #isPaused = false;
  #isEnding = false;
  readonly crashes: string[] = [];

  constructor({ name, roles }: HostPlan, { port, folder, logDir, env }: HostPlace, links: ClusterHost["links"]) {
    this.name = name;
    this.roles = roles;
    this.port = port;
    this.links = links;
    this.#folder = folder;
    this.#logPath = join(logDir, `${name}.log`);
    this.#env = {
      ...env,
      ROLES: roles.join(),
      HOST_NAME: name,
      PORT: String(port),
      DATA_DIR: join(folder, name),
      NATS_URL: links.nats.map((link) => `nats://127.0.0.1:${link.port}`).join(), // test-cluster/links
      REDIS_URL: `redis://127.0.0.1:${links.redis.port}`,
      CASSANDRA_HOSTS: `127.0.0.1:${links.cassandra.port}`,
    };
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }
  get isRunning(): boolean {
    return this.#isThere && !this.#isPaused;
  }
  get #isThere(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  start(): void {
    if (this.#isThere) return;
    this.#note("is started");
    const log = openSync(this.#logPath, "a");
    const flags = ["--disable-warning=ExperimentalWarning", ...preloads.flatMap((path) => ["--import", path])];
    const child = spawn(process.execPath, [...flags, main], {
      cwd: this.#folder, // so that no .env file of this checkout is read
      env: this.#env,
      stdio: ["ignore", log, log, "ipc"], // test-cluster/no-orphan
    });
    closeSync(log);
    this.#child = child;
    this.#isPaused = false;
    this.#isEnding = false;
    child.once("exit", (code, signal) => {
      const how = `${signal ?? `exit code ${code}`}`;
      this.#note(`has ended: ${how}`);
      if (!this.#isEnding) this.crashes.push(`${this.name} has ended with ${how}; its log is ${this.#logPath}`);
    });
  }

  async isReady(): Promise<boolean> {
    if (!this.isRunning) return false;
    try {
      const signal = AbortSignal.timeout(readyAnswerMs);
      const answer = await fetch(`http://127.0.0.1:${this.port}/ready`, { signal });
      const { parts } = (await answer.json()) as { parts: Record<string, { ok: boolean; detail: string }> };
      return Object.values(parts).every(({ ok, detail }) => ok || detail.startsWith("0 shards owned"));
    } catch {
      return false; // it does not listen yet, or hangs
    }
  }

  async ready(timeoutMs = readyTimeoutMs): Promise<void> {
    const endMs = performance.now() + timeoutMs;
    while (!(await this.isReady())) {
      if (!this.#isThere) {
        await new Promise((resolve) => setTimeout(resolve, restartPauseMs));
        this.start();
      }
      if (performance.now() > endMs) {
        throw new Error(`${this.name} was not ready within ${timeoutMs} ms; its log is ${this.#logPath}`);
      }
      await new Promise((resolve) => setTimeout(resolve, readyLookMs));
    }
  }

  async kill9(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<number | null> {
    await this.#end("SIGTERM");
    return this.#child?.exitCode ?? null;
  }

  pause(): void {
    if (!this.isRunning) return;
    this.#note("is paused");
    this.#isPaused = true;
    this.#guard = spawn("/bin/sh", ["-c", 'read -r line; kill -9 "$0"', String(this.pid)], {
      stdio: ["pipe", "ignore", "ignore"], // test-cluster/no-orphan
    });
    this.#child?.kill("SIGSTOP");
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#note("goes on");
    this.#isPaused = false;
    this.#guard?.kill("SIGKILL");
    this.#child?.kill("SIGCONT");
  }

  setClock(offsetMs: number): void {
    this.#note(`has a clock ${offsetMs} ms off`);
    if (this.#isThere && this.#child?.connected) this.#child.send({ clockOffsetMs: offsetMs });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || !this.#isThere) return;
    this.#note(`is sent ${signal}`);
    this.#isEnding = true;
    const ended = once(child, "exit");
    if (signal !== "SIGKILL") this.resume();
    child.kill(signal);
    await ended;
    this.#isPaused = false;
    this.#guard?.kill("SIGKILL");
  }

  #note(what: string): void {
    appendFileSync(this.#logPath, `--- ${new Date().toISOString()} ${this.name} ${what}\n`);
  }
}
