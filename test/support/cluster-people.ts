// A cluster for scenarios with users: hosts with their own NATS, Redis and keyspace, in this process, or as separate processes
// that can be killed. Tests that cut a host off from its servers use cluster.ts.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Config, Role } from "../../infra/config/config.ts";
import type { Env } from "../../infra/config/env.ts";
import { readConfig } from "../../infra/config/read-config.ts";
import { type Node, startNode } from "../../infra/node/node.ts";
import { createLog, type LogLevel } from "../../infra/observe/log.ts";
import { findFreePorts } from "../../infra/stack/ports.ts";
import { eventually } from "../suites/eventually.ts";
import { dropKeyspace, freshKeyspace } from "./cassandra-keyspace.ts";
import { startNats, startRedis, type TestNats, type TestServer, useCassandra } from "./stack.ts";
import { createTempFolder } from "./temp-folder.ts";

interface TestClusterOptions {
  /** The roles of each host, by name. Hosts start one after another, in this order. */
  readonly hosts: Readonly<Record<string, readonly Role[]>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly limits?: Partial<Config["limits"]>;
}

export interface SpawnedHost {
  readonly port: number;
  kill9(): Promise<void>;
  /** Sends SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** Starts the host again with the same name and port. Resolves when the host is ready. */
  start(): Promise<void>;
  /** Everything that the host wrote to its outputs. */
  readonly output: string;
}

interface TestClusterHost {
  readonly name: string;
  readonly port: number;
  readonly node: Node;
  /** Shuts the host down in order and starts it again on the same port. */
  restart(): Promise<void>;
}

export interface TestCluster {
  host(name: string): TestClusterHost;
  readonly nats: TestNats;
  readonly redis: TestServer;
  /** The log lines of all hosts at `warn` and above, oldest first. */
  readonly lines: readonly string[];
  /** The environment of one more host of this cluster, which the caller starts. */
  env(name: string, more?: Env): Record<string, string>;
  /** Starts one more host as a process that ends with this one. Resolves when the host is ready. */
  spawn(name: string, ...roles: Role[]): Promise<SpawnedHost>;
  close(): Promise<void>;
}

export async function startTestCluster(options: TestClusterOptions): Promise<TestCluster> {
  const folder = createTempFolder("cluster");
  const keyspace = freshKeyspace("cluster").slice(0, 40);
  const closing: (() => Promise<unknown>)[] = [async () => rmSync(folder, { recursive: true, force: true })];
  const close = async () => {
    for (const each of closing.splice(0).reverse()) await each();
  };
  try {
    const [nats, redis, cassandra] = await Promise.all([startNats(), startRedis(), useCassandra()]);
    closing.push(() => Promise.all([nats.close(), redis.close(), dropKeyspace(keyspace)]));
    // Hosts are closed in reverse order, so spawned hosts end after the gateways, which report their closed sockets to the
    // actors.
    const spawned: HostProcess[] = [];
    closing.push(() => Promise.all(spawned.map((host) => host.kill9())));
    const shared = {
      RATE_LIMITS: "off",
      PASSWORD_HASH_COST: "low",
      JWT_SECRETS: `test:${randomBytes(32).toString("base64")}`,
      ENCRYPTION_KEY: randomBytes(32).toString("base64"),
      NATS_URL: nats.urls.join(),
      REDIS_URL: redis.url,
      CASSANDRA_HOSTS: cassandra.contactPoints.join(),
      CASSANDRA_DATACENTER: cassandra.dataCenter,
      CASSANDRA_KEYSPACE: keyspace,
      // All hosts share one thread here, so a pause of one delays the renewals of all.
      LEASE_MS: "2000",
      LOG_LEVEL: "warn",
      ...options.env,
    };
    const env = (name: string, more: Env = {}) => {
      const own = { HOST_NAME: name, DATA_DIR: join(folder, name), PORT: "8080" };
      return { ...shared, ...own, ...more } as Record<string, string>;
    };
    const lines: string[] = [];
    const hosts = new Map<string, TestClusterHost>();
    for (const [name, roles] of Object.entries(options.hosts)) {
      const config = readConfig(env(name, { ROLES: roles.join() }));
      Object.assign(config.limits, options.limits);
      const log = createLog({
        level: config.log.level as LogLevel,
        format: "pretty",
        write: (line) => void lines.push(`${name} ${line.trimEnd()}`),
      });
      let node = await startNode({ ...config, port: 0 }, log);
      closing.push(() => node.lifecycle.shutdown("the test is over"));
      hosts.set(name, {
        name,
        get port() {
          return node.port;
        },
        get node() {
          return node;
        },
        async restart() {
          const { port } = node;
          await node.lifecycle.shutdown("restart");
          node = await startNode({ ...config, port }, log);
        },
      });
    }
    return {
      host(name) {
        const host = hosts.get(name);
        if (!host) throw new Error(`There is no host ${name}`);
        return host;
      },
      async spawn(name, ...roles) {
        const [port = 0] = await findFreePorts(1);
        const host = new HostProcess(port, folder, env(name, { ROLES: roles.join(), PORT: String(port) }));
        spawned.push(host);
        await host.start();
        return host;
      },
      ...{ nats, redis, lines, env, close },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const main = new URL("../../infra/main.ts", import.meta.url).pathname;
const preload = new URL("../../infra/launch/preload.mjs", import.meta.url).href;
const startTimeoutMs = 60_000;

class HostProcess implements SpawnedHost {
  readonly port: number;
  output = "";
  #folder: string;
  #env: Record<string, string>;
  #child: ChildProcess | undefined;

  constructor(port: number, folder: string, env: Record<string, string>) {
    this.port = port;
    this.#folder = folder;
    this.#env = { ...env, PATH: process.env.PATH ?? "" };
  }
  async start(): Promise<void> {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "--import", preload, main], {
      cwd: this.#folder, // so that no .env file and no stack's addresses are read
      env: this.#env,
      stdio: ["ignore", "pipe", "pipe", "ipc"], // the host ends when this channel closes
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (data: Buffer) => {
        this.output += String(data);
      });
    }
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`the host has ended: ${this.output}`);
      return fetch(`http://127.0.0.1:${this.port}/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    }, startTimeoutMs);
  }
  async kill9(): Promise<void> {
    await this.#end("SIGKILL");
  }
  async stop(): Promise<number | null> {
    await this.#end("SIGTERM");
    return this.#child?.exitCode ?? null;
  }
  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }
}
