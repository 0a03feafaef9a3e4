// Reads from the streams and the servers which failures an acknowledged change survives in this cluster (G1), for /ready. By
// default a server acknowledges an append before it is synced to disk. Then a change survives the power loss of one machine
// in the other two replicas; it survives the power loss of all machines only with `sync_interval: always` on each server.

import type { NatsConnection } from "./connection.ts";
import { manageJetStream } from "./jetstream.ts";

interface NatsDurability {
  /** Replicas of the stream that has the fewest. */
  readonly replicas: number;
  /** Names of the servers that keep the streams. */
  readonly peers: readonly string[];
  /** `sync_interval: always` on every server of the streams; undefined when a server was not asked or did not answer. */
  readonly isSyncedAlways: boolean | undefined;
  /** No acknowledged change is lost when one machine loses its power and the others do not. */
  readonly survivesPowerLossOfOne: boolean;
  /** In production the server refuses to start when false (G1). */
  readonly isEnoughForProduction: boolean;
  /** A sentence for /ready. */
  readonly text: string;
}

const answerMsMax = 2_000;
const replicasEnough = 3;

/**
 * `monitorUrls` are the monitoring addresses of all servers, like `http://nats-1:8222`; without them only the replicas count.
 * Rejects when the state of a stream cannot be read.
 */
export async function readNatsDurability(options: {
  connection: NatsConnection;
  streamNames: readonly string[];
  monitorUrls?: readonly string[];
}): Promise<NatsDurability> {
  const { connection, streamNames, monitorUrls = [] } = options;
  const jsm = await manageJetStream(connection);
  const infos = await Promise.all(streamNames.map((name) => jsm.streams.info(name)));
  const replicas = Math.min(...infos.map(({ config }) => config.num_replicas));
  const peers = new Set(infos.flatMap(({ cluster }) => peersOf(cluster)));
  const syncs = await Promise.all(monitorUrls.map(readSync));
  const isSyncedAlways = decideSync(syncs, peers);
  const isReplicated = replicas >= replicasEnough;
  const isEnough = isReplicated || isSyncedAlways === true;
  return {
    replicas,
    peers: [...peers].sort(),
    isSyncedAlways,
    survivesPowerLossOfOne: isEnough,
    isEnoughForProduction: isEnough,
    text: describe(replicas, [...peers].sort(), isSyncedAlways, syncs.length),
  };
}

interface Sync {
  readonly server: string;
  readonly isAlways: boolean;
}

function peersOf(cluster: { leader?: string; replicas?: { name: string }[] } | undefined): string[] {
  const names = [cluster?.leader ?? "", ...(cluster?.replicas ?? []).map(({ name }) => name)];
  return names.filter((name) => name !== "");
}

async function readSync(url: string): Promise<Sync | undefined> {
  try {
    const answer = await fetch(new URL("/varz", url), { signal: AbortSignal.timeout(answerMsMax) });
    const { server_name: server, jetstream } = (await answer.json()) as {
      server_name: string;
      jetstream?: { config?: { sync_always?: boolean } };
    };
    return { server, isAlways: jetstream?.config?.sync_always === true };
  } catch {
    return undefined; // unknown, and `text` says so
  }
}

/** True only if every server that keeps a stream answered so: there may be fewer monitoring addresses than servers. */
function decideSync(syncs: readonly (Sync | undefined)[], peers: ReadonlySet<string>): boolean | undefined {
  const known = syncs.filter((sync) => sync !== undefined);
  if (known.some(({ isAlways }) => !isAlways)) return false;
  const servers = new Set(known.map(({ server }) => server));
  const isWhole = known.length > 0 && known.length === syncs.length && [...peers].every((peer) => servers.has(peer));
  return isWhole ? true : undefined;
}

function describe(replicas: number, peers: readonly string[], isSynced: boolean | undefined, asked: number): string {
  const where = peers.length > 0 ? ` on ${peers.join(", ")}` : "";
  const what = `JetStream, ${replicas} replica${replicas === 1 ? "" : "s"}${where}`;
  if (isSynced) return `${what}, sync_interval: always: every commit is on disk before it is acknowledged`;
  const sync = isSynced === false ? "no sync before the acknowledgement" : `sync unknown (${syncHint(asked)})`;
  if (replicas >= replicasEnough)
    return `${what}, ${sync}: the power loss of one machine alone loses nothing acknowledged`;
  return `${what}, ${sync}: a power loss may lose what was acknowledged in the last two minutes`;
}

function syncHint(asked: number): string {
  return asked === 0 ? "the servers' monitoring addresses are not configured" : "not every server's monitoring answers";
}
