// For the day the views, or the journal, are lost: what is left makes the other anew.
// V1: nothing is touched while a host of the cluster runs: it would go on from what it remembers.
import type { SendReader } from "../../actors/conversation/contract.ts";
import { bootOfSubject, decodeRenewal } from "../../actors/runtime/renewal.ts";
import type { Log } from "../../gateway/ports.ts";
import { createBehaviours } from "../behaviours.ts";
import { readStoreId } from "../cassandra/migrate.ts";
import { emptyViews } from "../cassandra/rebuild.ts";
import { reseed } from "../cassandra/reseed.ts";
import { systemClock } from "../clock.ts";
import type { ClusterConfig } from "../config/cluster.ts";
import { type Config, ConfigError } from "../config/config.ts";
import { connectNats } from "../nats/connection.ts";
import { openNatsControl } from "../nats/control.ts";
import { type NatsJournal, openNatsJournal } from "../nats/journal.ts";

export type Lost = "views" | "journal";

/** A host that lives renews its lease several times in this. */
const listenMsMin = 2_000;

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
      await refuseLiveHosts(control, Math.max(listenMsMin, cluster.leaseMs)); // V1
      return lost === "views" ? await emptyAll(cluster, journal) : await beginAnew(config, cluster, journal, log);
    } finally {
      control.close();
      journal.close();
    }
  } finally {
    await connection.close();
  }
}

async function refuseLiveHosts(control: Awaited<ReturnType<typeof openNatsControl>>, listenMs: number): Promise<void> {
  const renewals = new Map<string, { host: string; count: number }>();
  const stop = control.watch(({ subject, value }) => {
    const boot = bootOfSubject(subject);
    if (boot === undefined) return;
    const { host, state } = decodeRenewal(value);
    if (state === "closed") renewals.delete(boot);
    else renewals.set(boot, { host, count: (renewals.get(boot)?.count ?? 0) + 1 });
  });
  await new Promise((resolve) => setTimeout(resolve, listenMs));
  stop();
  // What CONTROL has kept comes once; whoever lives renews it.
  const live = [...renewals.values()].filter(({ count }) => count > 1).map(({ host }) => host);
  if (live.length > 0) throw new ConfigError([`Hosts are running: ${live.sort().join(", ")}. Stop every host first.`]);
}

async function emptyAll({ cassandra }: ClusterConfig, journal: NatsJournal): Promise<string> {
  const storeId = await readStoreId(cassandra, cassandra.keyspace);
  if (storeId === undefined) return `The keyspace ${cassandra.keyspace} has no views yet. Start the hosts.`;
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
  const behaviours = (sends: SendReader) => createBehaviours(config, sends);
  const options = { ...cassandra, behaviours, journal, clock: systemClock, log, oldStoreId, newStoreId };
  const { actors, recordsDropped } = await reseed(options);
  return `A new journal goes on from what the views hold: ${actors} actors; ${recordsDropped} records stood behind a missing one, and are dropped. Start the hosts.`;
}
