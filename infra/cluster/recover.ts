// For the day the views, or the journal, are lost: what is left makes the other anew.
// V1: nothing is touched while a host of the cluster runs: it would go on from what it remembers. Silence proves that only
//     where CONTROL is heard; what stands open there, of hosts that died, is closed, so that none of them wakes up.
import type { SendReader } from "../../actors/conversation/contract.ts";
import { bootOfSubject, decodeRenewal, encodeRenewal, renewalSubject } from "../../actors/runtime/lease/renewal.ts";
import type { Control } from "../../actors/runtime/ports.ts";
import type { Log } from "../../gateway/ports.ts";
import { readStoreId } from "../cassandra/migrate.ts";
import { emptyViews } from "../cassandra/rebuild.ts";
import { reseed } from "../cassandra/reseed.ts";
import { type Config, ConfigError } from "../config/config.ts";
import type { ClusterConfig } from "../config/servers.ts";
import { connectNats } from "../nats/connection.ts";
import { openNatsControl } from "../nats/control.ts";
import { type NatsJournal, openNatsJournal } from "../nats/journal.ts";
import { createBehaviours } from "../node/behaviours.ts";
import { systemClock } from "../system/clock.ts";
import { systemRandom } from "../system/random.ts";

export type Lost = "views" | "journal";

/** A host that lives renews its lease several times in this. */
const listenMsMin = 2_000;
/** An election of CONTROL's leader takes up to 10 s. */
const heardMsMax = 15_000;
const lookMs = 50;

/** Resolves with what was done, in a sentence or two. Rejects with a ConfigError when nothing may be done. */
export async function recover(lost: Lost, config: Config, log: Log): Promise<string> {
  const { cluster } = config;
  if (!cluster) throw new ConfigError(["NATS_URL is not set: what is recovered is a cluster's."]);
  const { streams, replicas, maxBytes } = cluster.journal;
  const connection = await connectNats({ ...cluster.nats, name: "parley recover", log });
  try {
    const maxBytesPerStream = Math.floor(maxBytes / streams);
    const journal = await openNatsJournal({ connection, streams, replicas, maxBytesPerStream, log });
    const control = await openNatsControl({ connection, replicas, log });
    try {
      const listenMs = Math.max(listenMsMin, cluster.leaseMs);
      await refuseLiveHosts(control, listenMs); // V1
      const done = lost === "views" ? await emptyAll(cluster, journal) : await beginAnew(config, cluster, journal, log);
      await refuseLiveHosts(control, listenMs); // one was started meanwhile: it has to be done again
      return done;
    } finally {
      control.close();
      journal.close();
    }
  } finally {
    await connection.close();
  }
}

/** V1 */
async function refuseLiveHosts(control: Control, listenMs: number): Promise<void> {
  const own = `recover-${systemRandom.hex(64)}`;
  const closed = (host: string) => encodeRenewal({ state: "closed", host, counter: 0, byItself: true });
  const open = new Map<string, { host: string; sequence: number; isLive: boolean }>();
  /** The sequence of our own newest entry; 0: none yet. */
  let heard = 0;
  const stop = control.watch(({ subject, value, sequence }) => {
    const boot = bootOfSubject(subject);
    if (boot === undefined) return;
    if (boot === own) heard = sequence;
    const { host, state } = decodeRenewal(value);
    if (state === "closed") open.delete(boot);
    // What CONTROL has kept comes before our own entry; whoever lives renews it.
    else open.set(boot, { host, sequence, isLive: heard > 0 });
  });
  /** CONTROL takes an entry, and shows it. */
  const isHeardNow = async (): Promise<void> => {
    const before = heard;
    const outcome = await control.put(renewalSubject(own), closed("recover"), before);
    for (const endMs = performance.now() + heardMsMax; heard === before; ) {
      if (outcome.kind === "conflict" || performance.now() > endMs) {
        throw new ConfigError(["CONTROL says nothing: is NATS well? Nothing was done."]);
      }
      await pause(lookMs);
    }
  };
  try {
    await isHeardNow();
    await pause(listenMs);
    await isHeardNow();
  } finally {
    stop();
  }
  const refuse = (hosts: string[]) => {
    throw new ConfigError([`Hosts are running: ${hosts.sort().join(", ")}. Stop every host first.`]);
  };
  const live = [...open.values()].filter(({ isLive }) => isLive).map(({ host }) => host);
  if (live.length > 0) refuse(live);
  for (const [boot, { host, sequence }] of open) {
    const outcome = await control.put(renewalSubject(boot), closed(host), sequence);
    if (outcome.kind === "conflict") refuse([host]); // it has renewed in this very moment
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function emptyAll({ cassandra }: ClusterConfig, journal: NatsJournal): Promise<string> {
  const storeId = await readStoreId(cassandra, cassandra.keyspace);
  if (storeId === undefined) return `The keyspace ${cassandra.keyspace} has no views yet. Start the hosts.`;
  if (storeId !== journal.storeId) {
    throw new ConfigError([
      `The journal is not the one of these views (store ${journal.storeId}, not ${storeId}): they may be the only copy. Is NATS_URL right? If the journal was lost: npm run recover -- journal`,
    ]);
  }
  await emptyViews({ ...cassandra, journal });
  return "The views are empty. Start the hosts: they write them anew from the journal, and serve meanwhile.";
}

async function beginAnew(
  config: Config,
  { cassandra }: ClusterConfig,
  journal: NatsJournal,
  log: Log,
): Promise<string> {
  const { storeId: newStoreId } = journal;
  const oldStoreId = await readStoreId(cassandra, cassandra.keyspace);
  if (oldStoreId === undefined) {
    throw new ConfigError([`The keyspace ${cassandra.keyspace} has no views: there is nothing to go on from.`]);
  }
  if (oldStoreId === newStoreId) return "The journal and the views are of one store: nothing is lost. Start the hosts.";
  const behaviours = (sends: SendReader) =>
    createBehaviours(config, sends, (message, error) => log.error(message, { error }));
  const options = { ...cassandra, behaviours, journal, clock: systemClock, log, oldStoreId, newStoreId };
  const { actors, recordsDropped } = await reseed(options);
  return `A new journal goes on from what the views hold: ${actors} actors; ${recordsDropped} records stood behind a missing one, and are dropped. Start the hosts.`;
}
