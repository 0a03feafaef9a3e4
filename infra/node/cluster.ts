// Opens the adapters of a cluster's host: journal and CONTROL on JetStream, notification bus and calls between actors on NATS,
// views in Cassandra, caches in Redis. The lease is taken last and given up last, because other hosts send work to a host with
// a lease. In production, a host refuses to start unless an acknowledged change survives the loss of a server (G1).
//
// cluster/unique-name: a host name is the address of calls between hosts, so two processes with one name would answer each
//     other's calls. The second process waits until the lease of the first one is closed, and then refuses to start.
import { createControlLease } from "../../actors/runtime/lease/control-lease.ts";
import { type ControlLease, defaultLeaseLimits, type Place } from "../../actors/runtime/lease/lease.ts";
import { rankHosts } from "../../actors/runtime/sharding.ts";
import { sleep } from "../../actors/shared/sleep.ts";
import type { Log } from "../../gateway/ports.ts";
import { openCassandraViews } from "../cassandra/views.ts";
import { codeKeyOf, createCodes } from "../codes/codes.ts";
import { type Config, ConfigError } from "../config/config.ts";
import type { ClusterConfig } from "../config/servers.ts";
import { createMemoryRateLimits, noRateLimits } from "../memory/rate-limits.ts";
import { connectNats } from "../nats/connection.ts";
import { openNatsControl } from "../nats/control.ts";
import { readNatsDurability } from "../nats/durability.ts";
import { openNatsJournal } from "../nats/journal.ts";
import { createLocalFirstBus } from "../nats/local-first-bus.ts";
import { createNatsSink } from "../nats/sink.ts";
import { createNatsSource } from "../nats/source.ts";
import { createNatsTransport } from "../nats/transport.ts";
import { openRedis } from "../redis/client.ts";
import { createRedisCodeStore } from "../redis/codes.ts";
import { openRedisHeads } from "../redis/heads.ts";
import { createRedisPresence } from "../redis/presence.ts";
import { createRedisRateLimits } from "../redis/rate-limits.ts";
import { systemClock } from "../system/clock.ts";
import { systemRandom } from "../system/random.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { World } from "./world.ts";

const clock = systemClock;
/** About two seconds of a busy host. A write with more messages of one conversation costs Cassandra less per message. */
const maxRowsPerWrite = 20_000;
/**
 * cluster/unique-name: the lease of a killed process with our name is closed within this time, by another host or by this one.
 */
const namesakeWaitMs = 5_000;
const namesakeCheckEveryMs = 50;
/** A lease is renewed this often in its time, so that it survives a few lost renewals. */
const renewalsPerLease = 3.5;
/**
 * The lease in Redis (heads/lease) must outlast the time in which other hosts notice that this one is lost: then no cached head
 * has to be discarded. It should not be longer than that, because after a loss of Redis the views wait for its end, once.
 */
const headsLeaseMsMin = 3_000;
const headsLeaseMsMax = 10_000;
const headsLeaseOfLease = 2;

export async function openCluster(config: Config, place: Place, log: Log, lifecycle: Lifecycle): Promise<World> {
  const { cluster } = config;
  if (!cluster) throw new ConfigError(["NATS_URL is not set."]);
  const nats = await openNats(config, cluster, place, log, lifecycle);
  const { journal, control, connection } = nats;
  const { storeId } = journal;
  const views = await openCassandraViews({ ...cluster.cassandra, storeId, log });
  await lifecycle.start({ name: "views", stop: () => views.close() });

  const lease = createControlLease({
    control,
    clock,
    place,
    limits: {
      ...defaultLeaseLimits,
      leaseMs: cluster.leaseMs,
      renewEveryMs: Math.floor(cluster.leaseMs / renewalsPerLease),
    },
  });
  const caches = await openCaches(config, cluster, place, lease, log, lifecycle);
  return {
    place,
    lease,
    journal,
    storeId,
    views,
    runtimeLimits: { maxRowsPerWrite },
    heads: caches.heads,
    ...createLocalFirstBus({
      sink: nats.sink,
      createSource: () => createNatsSource({ connection, clock, log }),
      onError: (error) => log.error("bus: notification handler failed", { error }),
    }),
    transport: nats.transport,
    control,
    presence: caches.presence,
    rateLimits: caches.rateLimits,
    createCodes: (sender, secret) =>
      createCodes({
        sender,
        clock,
        log,
        devCode: config.devCode,
        unlimited: !config.rateLimits,
        store: caches.codeStore,
        key: codeKeyOf(secret),
      }),
    durability: nats.durability,
    probes: {
      journal: async () => sound(journal.failure(), describeUsage(await journal.usage())),
      views: async () => sound(views.failure(), `${(await views.views.marks()).length} shards have a mark`),
      lease: async () => describeLease(lease),
    },
    sideProbes: { redis: () => caches.probe() },
    isTrimmer: () => lease.isHeld() && rankHosts(0, lease.openHosts())[0] === place.host,
    async join() {
      try {
        await join(lease, place);
      } catch (error) {
        await caches.closeHeads(); // `leave` is not called for a host that did not join
        throw error;
      }
    },
    async leave() {
      const { clean } = await caches.closeHeads();
      await lease.close(clean);
    },
    onClosed: (handler) => lease.onClosed(handler),
  };
}

async function openNats(config: Config, cluster: ClusterConfig, place: Place, log: Log, lifecycle: Lifecycle) {
  const { streams, replicas, maxBytes } = cluster.journal;
  const connection = await connectNats({ ...cluster.nats, name: `parley ${place.host}`, log, noEcho: true });
  await lifecycle.start({ name: "nats", stop: () => connection.close() });
  const maxBytesPerStream = Math.floor(maxBytes / streams);
  const journal = await openNatsJournal({ connection, streams, replicas, maxBytesPerStream, log });
  await lifecycle.start({ name: "journal", stop: () => journal.close() });
  const control = await openNatsControl({ connection, replicas, log });
  await lifecycle.start({ name: "control", stop: () => control.close() });
  const { monitorUrls } = cluster.nats;
  const streamNames = [...journal.streamNames, control.streamName];
  const durability = await readNatsDurability({ connection, streamNames, monitorUrls });
  if (config.production && !durability.isEnoughForProduction) {
    throw new ConfigError([
      `${durability.text} Production needs JOURNAL_REPLICAS=3, or sync_interval: always on every server and NATS_MONITOR_URL to see it.`,
    ]);
  }
  const sink = createNatsSink({ connection, clock, log });
  const transport = createNatsTransport({ connection, clock, random: systemRandom, log });
  await lifecycle.start({
    name: "bus",
    stop: () => {
      sink.close();
      transport.close();
    },
  });
  return { connection, journal, control, sink, transport, durability: durability.text };
}

async function openCaches(
  config: Config,
  cluster: ClusterConfig,
  place: Place,
  lease: ControlLease,
  log: Log,
  lifecycle: Lifecycle,
) {
  const link = await openRedis({ url: cluster.redisUrl, prefix: `${cluster.cassandra.keyspace}:`, log });
  await lifecycle.start({ name: "redis", stop: () => link.close() });
  const isOwner = place.ownsShards !== false;
  const heads = await openRedisHeads({
    link,
    clock,
    random: systemRandom,
    log,
    writer: () => (isOwner ? place.boot : undefined),
    writers: () => lease.ownerBoots(),
    isOpen: () => lease.isHeld(),
    leaseMs: Math.min(headsLeaseMsMax, Math.max(headsLeaseMsMin, headsLeaseOfLease * cluster.leaseMs)),
  });
  lease.onLost((boot) => {
    heads
      .writerLost(boot)
      .catch((error: unknown) => log.error("heads: entries of a lost host not invalidated", { error }));
  });
  const local = createMemoryRateLimits(clock);
  return {
    heads,
    presence: createRedisPresence({ link, clock, log }),
    rateLimits: config.rateLimits ? createRedisRateLimits({ link, local, log }) : noRateLimits,
    codeStore: createRedisCodeStore({ link, log }),
    probe: () => link.probe(),
    closeHeads: () => heads.close(),
  };
}

/** See cluster/unique-name. */
async function join(lease: ControlLease, place: Place): Promise<void> {
  await lease.start();
  const endMs = clock.monotonicMs() + namesakeWaitMs;
  while (lease.namesakes().length > 0) {
    if (clock.monotonicMs() > endMs) {
      await lease.close();
      throw new ConfigError([
        `Another host of this cluster runs under the name ${place.host}. Give every host its own HOST_NAME.`,
      ]);
    }
    await sleep(clock, namesakeCheckEveryMs);
  }
}

function describeLease(lease: ControlLease): string {
  const offset = `clock ${Math.round(lease.clockOffsetMs)} ms off CONTROL's`;
  if (lease.hasWrongClock) throw new Error(`${offset}: this host takes no shard until its clock is corrected`);
  if (!lease.isHeld()) throw new Error("the lease has lapsed: this host serves nobody until it renews the lease");
  return `held, ${lease.openHosts().length} hosts own shards, ${offset}`;
}

function describeUsage({ usedBytes, maxBytes }: { usedBytes: number; maxBytes: number }): string {
  return `the fullest stream holds ${Math.round((usedBytes / maxBytes) * 100)} % of its ${Math.round(maxBytes / 1_048_576)} MiB`;
}

function sound(failure: string | undefined, answer: string): string {
  if (failure !== undefined) throw new Error(failure);
  return answer;
}
