// Reads the journal directly from NATS, independently of all hosts.
import { decodeCommit } from "../../actors/runtime/log/commit.ts";
import { shardCount, shardOf } from "../../actors/runtime/sharding.ts";
import { connectNats } from "../../infra/nats/connection.ts";
import { openNatsJournal } from "../../infra/nats/journal.ts";
import { silentLog } from "../support/silent-log.ts";
import { LogReader } from "./log-reader.ts";

export interface Audit {
  /** The violations of the journal protocol in the commits since the last call. */
  look(): Promise<string[]>;
  /** The host that owns the shard of this conversation. Undefined when no host has taken the shard, or when it was released. */
  ownerOf(conversationId: string): Promise<string | undefined>;
  readonly commits: number;
  close(): Promise<void>;
}

const streams = 4;
const pageCommits = 200;

export async function openAudit(urls: readonly string[], replicas: number): Promise<Audit> {
  const connection = await connectNats({ urls, name: "audit", log: silentLog });
  const maxBytesPerStream = Math.floor((16_384 * 1_024 * 1_024) / streams);
  const journal = await openNatsJournal({ connection, streams, replicas, maxBytesPerStream, log: silentLog });
  const reader = new LogReader();
  let commits = 0;

  const lookAt = async (shard: number): Promise<string[]> => {
    const wrong: string[] = [];
    for (;;) {
      // The last commit is read again: when it is missing, the log was trimmed.
      const last = reader.lastSequence(shard);
      const page = await journal.read(shard, last, pageCommits);
      const [first] = page;
      if (last > 0 && first && first.sequence > last) reader.resume(shard, decodeCommit(first.commit));
      const fresh = page.filter(({ sequence }) => sequence > last);
      for (const { sequence, commit } of fresh) wrong.push(...reader.read(shard, sequence, decodeCommit(commit)));
      commits += fresh.length;
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
      return reader.ownerOf(shard);
    },
    async close() {
      journal.close();
      await connection.close();
    },
  };
}
