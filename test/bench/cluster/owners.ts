// Reads from the journal which host owns each shard.

import { bootOfSubject, decodeRenewal } from "../../../actors/runtime/lease/renewal.ts";
import { bootOf, decodeCommit } from "../../../actors/runtime/log/commit.ts";
import { shardCount } from "../../../actors/runtime/sharding.ts";
import { connectNats } from "../../../infra/nats/connection.ts";
import { openNatsControl } from "../../../infra/nats/control.ts";
import { openNatsJournal } from "../../../infra/nats/journal.ts";
import { silentLog } from "../../support/silent-log.ts";
import type { Servers } from "./servers.ts";

export interface Owners {
  /** The shards by owner; released shards are left out. */
  read(): Promise<Map<string, number[]>>;
  /** Resolves when every shard is owned by a host of these. */
  settled(hosts: readonly string[]): Promise<Map<string, number[]>>;
  close(): Promise<void>;
}

const log = { ...silentLog, error: console.error };
// The defaults of JOURNAL_STREAMS and JOURNAL_MAX_MIB.
const streams = 4;
const maxBytesPerStream = (16_384 * 1_024 * 1_024) / streams;
const settleTimeoutMs = 60_000;
const lookMs = 100;

export async function openOwners({ nats, replicas }: Servers): Promise<Owners> {
  const connection = await connectNats({ urls: nats.urls, name: "bench", log });
  const journal = await openNatsJournal({ connection, streams, replicas, maxBytesPerStream, log });
  const control = await openNatsControl({ connection, replicas, log });
  const hosts = new Map<string, string>();
  const stop = control.watch(({ subject, value }) => {
    const boot = bootOfSubject(subject);
    if (boot !== undefined) hosts.set(boot, decodeRenewal(value).host);
  });

  const ownerOf = async (shard: number, sequence: number): Promise<string | undefined> => {
    const last = (await journal.read(shard, sequence, 100)).at(-1);
    if (!last) return undefined;
    const commit = decodeCommit(last.commit);
    return commit.type === "released" ? undefined : hosts.get(bootOf(commit.id));
  };
  const read = async () => {
    const lasts = [...(await journal.lastSequences())];
    const owned = new Map<string, number[]>();
    const names = await Promise.all(lasts.map(([shard, sequence]) => ownerOf(shard, sequence)));
    names.forEach((name, i) => {
      const shard = lasts[i]?.[0];
      if (name !== undefined && shard !== undefined) owned.set(name, [...(owned.get(name) ?? []), shard]);
    });
    return owned;
  };
  return {
    read,
    async settled(names) {
      for (const endMs = performance.now() + settleTimeoutMs; ; ) {
        const owned = await read();
        const count = names.reduce((sum, name) => sum + (owned.get(name)?.length ?? 0), 0);
        if (count === shardCount) return owned;
        if (performance.now() > endMs) throw new Error(`${shardCount - count} shards have no owner`);
        await new Promise((resolve) => setTimeout(resolve, lookMs));
      }
    },
    async close() {
      stop();
      control.close();
      journal.close();
      await connection.close();
    },
  };
}
