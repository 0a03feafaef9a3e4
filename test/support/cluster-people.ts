// Hosts of one cluster in this process, on a NATS and a Redis of their own and a fresh keyspace, for people to meet on.
// What takes the life of a process stands in cluster.ts.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Config, type Env, type Role, readConfig } from "../../infra/config.ts";
import { createLog, type LogLevel } from "../../infra/log.ts";
import { type Node, startNode } from "../../infra/node.ts";
import { dropKeyspace, freshKeyspace } from "./cassandra-keyspace.ts";
import { startNats, startRedis, type TestNats, type TestServer, useCassandra } from "./stack.ts";

export interface MeetingOptions {
  /** By name; they start one after another, in this order. */
  readonly hosts: Readonly<Record<string, readonly Role[]>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly limits?: Partial<Config["limits"]>;
}

export interface MeetingHost {
  readonly name: string;
  readonly port: number;
  readonly node: Node;
  /** In order, and up again on the same port. */
  restart(): Promise<void>;
}

export interface Meeting {
  host(name: string): MeetingHost;
  readonly nats: TestNats;
  readonly redis: TestServer;
  /** What every host wrote at `warn` and above, oldest first. */
  readonly lines: readonly string[];
  /** For one more host of this cluster, which it does not start. */
  env(name: string, more?: Env): Env;
  close(): Promise<void>;
}

export async function startMeeting(options: MeetingOptions): Promise<Meeting> {
  const folder = mkdtempSync(join(tmpdir(), "parley-meeting-"));
  const keyspace = freshKeyspace("meeting").slice(0, 40);
  const closing: (() => Promise<unknown>)[] = [async () => rmSync(folder, { recursive: true, force: true })];
  const close = async () => {
    for (const each of closing.splice(0).reverse()) await each();
  };
  try {
    const [nats, redis, cassandra] = await Promise.all([startNats(), startRedis(), useCassandra()]);
    closing.push(() => Promise.all([nats.close(), redis.close(), dropKeyspace(keyspace)]));
    const shared = {
      RATE_LIMITS: "off",
      PASSWORD_HASH_COST: "low",
      JWT_SECRETS: `test:${randomBytes(32).toString("base64")}`,
      NATS_URL: nats.urls.join(),
      REDIS_URL: redis.url,
      CASSANDRA_HOSTS: cassandra.contactPoints.join(),
      CASSANDRA_DATACENTER: cassandra.dataCenter,
      CASSANDRA_KEYSPACE: keyspace,
      // All hosts share one thread here: what keeps one from renewing in time keeps the others, too.
      LEASE_MS: "2000",
      LOG_LEVEL: "warn",
      ...options.env,
    };
    const env = (name: string, more: Env = {}): Env => ({
      ...{ ...shared, HOST_NAME: name, DATA_DIR: join(folder, name), PORT: "8080" },
      ...more,
    });
    const lines: string[] = [];
    const hosts = new Map<string, MeetingHost>();
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
      ...{ nats, redis, lines, env, close },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
