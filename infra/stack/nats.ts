// NATS with JetStream: one server, or three that replicate (R3).
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { obtainGoProgram } from "./go-program.ts";
import type { Program, ServerPlan, Toolbox } from "./server-kind.ts";

const natsVersion = "2.15.2";
/** Clients, monitoring, and between servers. */
export const natsPortCount = 3;

const startTimeoutMs = 60_000;
const answerTimeoutMs = 3_000;
// A stream reserves its greatest size when it is made; the disk fills only with what is stored.
const defaultStoreBytes = 64 * 2 ** 30;

export function obtainNats(tools: Toolbox): Promise<Program> {
  return obtainGoProgram(
    {
      server: "nats",
      name: "nats",
      version: natsVersion,
      module: "github.com/nats-io/nats-server/v2",
      binary: "nats-server",
      // Messages that expire one by one and batches that are stored whole: since 2.12.
      inPath: { names: ["nats-server"], least: "2.12.0" },
      release: ({ os, arch }) => ({
        url: `https://github.com/nats-io/nats-server/releases/download/v${natsVersion}/nats-server-v${natsVersion}-${os}-${arch}.tar.gz`,
        binary: "nats-server",
      }),
    },
    tools,
  );
}

export interface NatsOptions {
  /** Every stored message is on the disk before it is acknowledged. */
  syncAlways?: boolean;
  maxStoreBytes?: number;
  /** Clients are not told of the other servers: they keep to the addresses they were given. */
  isUnadvertised?: boolean;
}
interface NatsPorts {
  client: number;
  monitor: number;
  cluster: number;
}

/** One plan per entry of `members`; start those of a cluster together: none is ready alone. */
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

/** It takes clients with JetStream, its own streams are current, and a cluster is whole and has a leader. */
async function checkNats(at: { client: number; monitor: number; servers: number; host?: string }): Promise<void> {
  const host = at.host ?? "127.0.0.1";
  const info = await readInfo(host, at.client);
  if (!info.jetstream) throw new Error("it has no JetStream");
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

/** What a server says first. */
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
