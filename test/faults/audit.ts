// The journal itself, read past every host.
import { decodeCommit } from "../../actors/runtime/log/commit.ts";
import { shardCount, shardOf } from "../../actors/runtime/sharding.ts";
import { connectNats } from "../../infra/nats/connection.ts";
import { openNatsJournal } from "../../infra/nats/journal.ts";
import { silentLog } from "../support/silent-log.ts";
import { LogReader } from "./log-reader.ts";

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

export async function openAudit(urls: readonly string[], replicas: number): Promise<Audit> {
  const connection = await connectNats({ urls, name: "audit", log: silentLog });
  const maxBytesPerStream = Math.floor((16_384 * 1_024 * 1_024) / streams);
  const journal = await openNatsJournal({ connection, streams, replicas, maxBytesPerStream, log: silentLog });
  const reader = new LogReader();
  let commits = 0;

  const lookAt = async (shard: number): Promise<string[]> => {
    const wrong: string[] = [];
    for (;;) {
      // The last one again: if it is gone, the log was trimmed.
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
