// Reads the journal itself, past every host, and looks for what the protocol forbids.
// A1: each commit names the one before it (J2): no gap, no fork.
// A2: epochs rise by one, with a fence each; between two fences only the boot of the first one commits (G4, J3).
// A3: the records of an actor are 1, 2, 3 …; stamps of a shard rise.
import { bootOf, decodeCommit } from "../../actors/runtime/commit.ts";
import { shardCount, shardOf } from "../../actors/runtime/placement.ts";
import type { Commit } from "../../actors/runtime/record.ts";
import { connectNats } from "../../infra/nats/connection.ts";
import { openNatsJournal } from "../../infra/nats/journal.ts";

interface ShardState {
  sequence: number;
  epoch: number;
  stamp: number;
  recordStamp: number;
  boot: string | undefined;
}
export interface Audit {
  /** What is forbidden and stands in the log since the last look. */
  look(): Promise<string[]>;
  /** The host that wrote last to the shard of this conversation; undefined: nobody, or it was given up. */
  ownerOf(conversationId: string): Promise<string | undefined>;
  readonly commits: number;
  close(): Promise<void>;
}

const streams = 4;
const pageCommits = 200;
const silent = { info() {}, warn() {}, error() {} };

export async function openAudit(urls: readonly string[], replicas: number): Promise<Audit> {
  const connection = await connectNats({ urls, name: "audit", log: silent });
  const maxBytesPerStream = Math.floor((16_384 * 1_024 * 1_024) / streams);
  const journal = await openNatsJournal({ connection, streams, replicas, maxBytesPerStream, log: silent });
  const shards = new Map<number, ShardState>();
  const records = new Map<string, number>();
  const hosts = new Map<string, string>();
  let commits = 0;

  /** A1–A3. */
  const judge = (shard: number, sequence: number, commit: Commit): string[] => {
    const before = shards.get(shard) ?? { sequence: 0, epoch: 0, stamp: 0, recordStamp: 0, boot: undefined };
    const at = `shard ${shard}, ${sequence} (${commit.type} ${commit.id})`;
    const boot = bootOf(commit.id);
    const wrong: string[] = [];
    if (commit.prev !== before.sequence) wrong.push(`J2 ${at}: prev is ${commit.prev}, not ${before.sequence}`);
    const isFence = commit.type === "fence";
    if (commit.epoch !== before.epoch + (isFence ? 1 : 0)) wrong.push(`J3 ${at}: epoch after ${before.epoch}`);
    if (!isFence && boot !== before.boot) wrong.push(`G4 ${at}: the shard is ${before.boot}'s`);
    if (commit.stamp < before.stamp) wrong.push(`J3 ${at}: stamp ${commit.stamp} after ${before.stamp}`);
    let { recordStamp } = before;
    if (commit.type === "records") {
      for (const record of commit.records) {
        const actor = `${record.kind}/${record.key}`;
        const expected = (records.get(actor) ?? 0) + 1;
        if (record.n !== expected) wrong.push(`J2 ${at}: ${actor} has record ${record.n}, not ${expected}`);
        if (record.stamp <= recordStamp)
          wrong.push(`J6 ${at}: ${actor} is stamped ${record.stamp} after ${recordStamp}`);
        records.set(actor, record.n);
        recordStamp = record.stamp;
      }
    } else hosts.set(commit.boot, commit.host);
    const owner = commit.type === "released" ? undefined : boot;
    shards.set(shard, { sequence, epoch: commit.epoch, stamp: commit.stamp, recordStamp, boot: owner });
    return wrong;
  };

  const lookAt = async (shard: number): Promise<string[]> => {
    const wrong: string[] = [];
    for (;;) {
      const page = await journal.read(shard, (shards.get(shard)?.sequence ?? 0) + 1, pageCommits);
      for (const { sequence, commit } of page) wrong.push(...judge(shard, sequence, decodeCommit(commit)));
      commits += page.length;
      if (page.length < pageCommits) return wrong;
    }
  };

  const found: string[] = [];
  return {
    get commits() {
      return commits;
    },
    async look() {
      for (let shard = 0; shard < shardCount; shard += 1) found.push(...(await lookAt(shard)));
      return found.splice(0);
    },
    async ownerOf(conversationId) {
      const shard = shardOf("conversation", conversationId);
      found.push(...(await lookAt(shard)));
      const boot = shards.get(shard)?.boot;
      return boot === undefined ? undefined : hosts.get(boot);
    },
    async close() {
      journal.close();
      await connection.close();
    },
  };
}
