// NATS with JetStream: one server, or a cluster of three that replicates.
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { obtainGoProgram } from "./go-program.ts";
import type { Program, ServerPlan, Toolbox } from "./server-kind.ts";

const natsVersion = "2.15.2";
/** Client connections, monitoring, and cluster routes. */
export const natsPortCount = 3;

const startTimeoutMs = 60_000;
const answerTimeoutMs = 3_000;
// A stream reserves its maximum size when it is created, but uses disk space only for stored messages.
const defaultStoreBytes = 64 * 2 ** 30;

export function obtainNats(tools: Toolbox): Promise<Program> {
  return obtainGoProgram(
    {
      server: "nats",
      name: "nats",
      version: natsVersion,
      module: "github.com/nats-io/nats-server/v2",
      binary: "nats-server",
      // Time-to-live per message and atomic batches exist since 2.12.
      inPath: { names: ["nats-server"], versionMin: "2.12.0" },
      release: ({ os, arch }) => ({
        url: `https://github.com/nats-io/nats-server/releases/download/v${natsVersion}/nats-server-v${natsVersion}-${os}-${arch}.tar.gz`,
        binary: "nats-server",
      }),
    },
    tools,
  );
}

export interface NatsOptions {
  /** Every stored message is synced to disk before it is acknowledged. */
  syncAlways?: boolean;
  maxStoreBytes?: number;
  /** The servers do not advertise each other, so clients use only the addresses of their configuration. */
  isUnadvertised?: boolean;
}
interface NatsPorts {
  client: number;
  monitor: number;
  cluster: number;
}

/** One plan per entry of `members`. Start all servers of a cluster together, because none becomes ready alone. */
export function planNats(
  program: Program,
  members: readonly (NatsPorts & { dir: string })[],
  options: NatsOptions = {},
) {
  return members.map((member, index): ServerPlan => {
    const name = `parley-${index + 1}`;
    mkdirSync(member.dir, { recursive: true });
    const path = join(member.dir, "nats.conf");
    writeFileSync(path, natsConf(name, member, members, options));
    return {
      name: "nats",
      command: program.command,
      args: ["--config", path],
      dir: member.dir,
      ports: members.length > 1 ? [member.client, member.monitor, member.cluster] : [member.client, member.monitor],
      check: () => checkNats({ ...member, servers: members.length }),
      startTimeoutMs,
    };
  });
}

function natsConf(
  name: string,
  member: NatsPorts & { dir: string },
  members: readonly NatsPorts[],
  options: NatsOptions,
): string {
  const routes = members.map(({ cluster }) => `nats://127.0.0.1:${cluster}`).join(", ");
  const advertising = options.isUnadvertised ? ["  no_advertise: true"] : [];
  const lines = [
    `server_name: ${name}`,
    `listen: "127.0.0.1:${member.client}"`,
    `http: "127.0.0.1:${member.monitor}"`,
    "jetstream {",
    `  store_dir: ${JSON.stringify(join(member.dir, "jetstream"))}`,
    `  max_file_store: ${options.maxStoreBytes ?? defaultStoreBytes}`,
    ...(options.syncAlways ? ["  sync_interval: always"] : []),
    "}",
    ...(members.length > 1
      ? [
          "cluster {",
          "  name: parley",
          `  listen: "127.0.0.1:${member.cluster}"`,
          `  routes: [${routes}]`,
          ...advertising,
          "}",
        ]
      : []),
  ];
  return `${lines.join("\n")}\n`;
}

/**
 * Throws unless the server accepts clients, has JetStream on and its streams current, and, in a cluster, sees every server and
 * a leader.
 */
async function checkNats(at: { client: number; monitor: number; servers: number; host?: string }): Promise<void> {
  const host = at.host ?? "127.0.0.1";
  const info = await readInfo(host, at.client);
  if (!info.jetstream) throw new Error("JetStream is off");
  const health = (await ask(`http://${host}:${at.monitor}/healthz`)) as { status: string; error?: string };
  if (health.status !== "ok") throw new Error(health.error ?? health.status);
  if (at.servers === 1) return;
  const { meta_cluster: meta } = (await ask(`http://${host}:${at.monitor}/jsz`)) as {
    meta_cluster?: { leader?: string; cluster_size: number };
  };
  if (!meta?.leader) throw new Error("the cluster has no leader yet");
  if (meta.cluster_size !== at.servers)
    throw new Error(`the cluster has ${meta.cluster_size} of ${at.servers} servers`);
}

/** The INFO line that a NATS server sends to every new connection. */
export function readInfo(host: string, port: number): Promise<{ jetstream?: boolean; version: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: answerTimeoutMs });
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString();
      if (!text.includes("\r\n")) return;
      socket.destroy();
      const [, json] = /^INFO (\{.*\})/.exec(text) ?? [];
      if (json) resolve(JSON.parse(json));
      else reject(new Error(`port ${port} is not a NATS server's`));
    });
    socket.once("timeout", () => socket.destroy(new Error(`port ${port} does not answer`)));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error(`port ${port} closed the connection`)));
  });
}

async function ask(url: string): Promise<unknown> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(answerTimeoutMs) });
  return answer.json();
}
