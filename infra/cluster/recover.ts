// Rebuilds the views from the journal, or a new journal from the views, when one of the two is lost.
//
// recover/no-hosts: nothing is changed while a host of the cluster runs, because a running host would continue from the state
//     in its memory. A host runs when its lease in CONTROL is renewed. Missing renewals prove nothing while CONTROL does not
//     answer, so an entry of our own must appear in CONTROL before and after the wait. Leases of hosts that died are then
//     closed, so that none of these hosts continues later.
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

/** A running host renews its lease several times in this time. */
const listenMsMin = 2_000;
/** The election of CONTROL's leader takes up to 10 s. */
const controlAnswerMsMax = 15_000;
const checkEveryMs = 50;

/** Resolves with a text for the operator. Rejects with a ConfigError when nothing was changed. */
export async function recover(lost: Lost, config: Config, log: Log): Promise<string> {
  const { cluster } = config;
  if (!cluster) throw new ConfigError(["NATS_URL is not set: only a cluster can be recovered."]);
  const { streams, replicas, maxBytes } = cluster.journal;
  const connection = await connectNats({ ...cluster.nats, name: "parley recover", log });
  try {
    const maxBytesPerStream = Math.floor(maxBytes / streams);
    const journal = await openNatsJournal({ connection, streams, replicas, maxBytesPerStream, log });
    const control = await openNatsControl({ connection, replicas, log });
    try {
      const listenMs = Math.max(listenMsMin, cluster.leaseMs);
      await refuseLiveHosts(control, listenMs);
      const done = lost === "views" ? await emptyAll(cluster, journal) : await beginAnew(config, cluster, journal, log);
      await refuseLiveHosts(control, listenMs); // a host that was started in the meantime makes the result invalid
      return done;
    } finally {
      control.close();
      journal.close();
    }
  } finally {
    await connection.close();
  }
}

/** See recover/no-hosts. */
async function refuseLiveHosts(control: Control, listenMs: number): Promise<void> {
  const own = `recover-${systemRandom.hex(64)}`;
  const closed = (host: string) => encodeRenewal({ state: "closed", host, counter: 0, byItself: true });
  const open = new Map<string, { host: string; sequence: number; isLive: boolean }>();
  /** The sequence of our own newest entry that CONTROL has shown; 0: none yet. */
  let ownSequence = 0;
  const stop = control.watch(({ subject, value, sequence }) => {
    const boot = bootOfSubject(subject);
    if (boot === undefined) return;
    if (boot === own) ownSequence = sequence;
    const { host, state } = decodeRenewal(value);
    if (state === "closed") open.delete(boot);
    // CONTROL shows its stored entries before our own one. An entry after it is a renewal by a running host.
    else open.set(boot, { host, sequence, isLive: ownSequence > 0 });
  });
  /** Writes an entry of our own and waits until CONTROL shows it. */
  const proveControlAnswers = async (): Promise<void> => {
    const before = ownSequence;
    const outcome = await control.put(renewalSubject(own), closed("recover"), before);
    for (const endMs = performance.now() + controlAnswerMsMax; ownSequence === before; ) {
      if (outcome.kind === "conflict" || performance.now() > endMs) {
        throw new ConfigError(["CONTROL does not answer: check the NATS servers. Nothing was changed."]);
      }
      await pause(checkEveryMs);
    }
  };
  try {
    await proveControlAnswers();
    await pause(listenMs);
    await proveControlAnswers();
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
    if (outcome.kind === "conflict") refuse([host]); // the host has renewed its lease at this moment
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function emptyAll({ cassandra }: ClusterConfig, journal: NatsJournal): Promise<string> {
  const storeId = await readStoreId(cassandra, cassandra.keyspace);
  if (storeId === undefined)
    return `The keyspace ${cassandra.keyspace} has no views yet. Start the hosts: they create them.`;
  if (storeId !== journal.storeId) {
    throw new ConfigError([
      `The journal belongs to store ${journal.storeId}, and the views belong to store ${storeId}; the views may be the only copy. Check NATS_URL. If the journal was lost, run: npm run recover -- journal`,
    ]);
  }
  await emptyViews({ ...cassandra, journal });
  return "The views are empty. Start the hosts: they write the views again from the journal, and serve at the same time.";
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
    throw new ConfigError([`The keyspace ${cassandra.keyspace} has no views to make a journal from.`]);
  }
  if (oldStoreId === newStoreId) {
    return "The journal and the views belong to the same store: nothing is lost. Start the hosts.";
  }
  const behaviours = (sends: SendReader) =>
    createBehaviours(config, sends, (message, error) => log.error(message, { error }));
  const options = { ...cassandra, behaviours, journal, clock: systemClock, log, oldStoreId, newStoreId };
  const { actors, recordsDropped } = await reseed(options);
  return `A new journal continues from the views: ${actors} actors. ${recordsDropped} records followed a missing record and were dropped. Start the hosts.`;
}
