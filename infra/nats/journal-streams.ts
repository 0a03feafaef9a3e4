// The streams of the journal: JOURNAL_0 … JOURNAL_<P-1>; shard s stands in stream s mod P as subject `journal.<s>` (J1).
// F1: the number of shards, the number of streams and the store's id are written into each stream when it is made, and a
//     host that was told otherwise refuses to start: with other numbers it would look for a shard in the wrong place.
// F2: the store's id is drawn by whoever makes JOURNAL_0: of several hosts one wins, and all read the winner's.
import { randomBytes } from "node:crypto";
import {
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from "@nats-io/jetstream";
import { shardCount } from "../../actors/runtime/sharding.ts";
import type { Log } from "../../gateway/ports.ts";
import { NatsError } from "./errors.ts";
import { ensureStream } from "./jetstream.ts";

/** Of what stands in the streams: subjects, metadata. The commits carry a format number of their own. */
const formatNumber = 1;
const names = { format: "parley_format", shards: "parley_shards", streams: "parley_streams", store: "parley_store" };

interface JournalLayout {
  readonly streams: number;
  readonly replicas: number;
  readonly maxBytesPerStream: number;
}

export const streamName = (index: number): string => `JOURNAL_${index}`;
export const subjectOf = (shard: number): string => `journal.${shard}`;

/** The streams' names by index, and the store's id. Rejects with NatsError `format`, `unreachable` or `refused`. */
export async function openJournalStreams(
  jsm: JetStreamManager,
  layout: JournalLayout,
  log: Log,
): Promise<{ storeId: string; streamNames: string[] }> {
  if (!Number.isInteger(layout.streams) || layout.streams < 1 || layout.streams > shardCount) {
    throw new NatsError("format", `the journal has 1 to ${shardCount} streams, not ${layout.streams}`);
  }
  const first = await ensureStream(jsm, configOf(0, layout, randomBytes(16).toString("hex"))); // F2
  const storeId = checkFormat(first, layout, undefined);
  const infos = [first];
  for (let index = 1; index < layout.streams; index++) {
    const info = await ensureStream(jsm, configOf(index, layout, storeId));
    checkFormat(info, layout, storeId);
    infos.push(info);
  }
  for (const info of infos) await adaptLimits(jsm, info, layout, log);
  return { storeId, streamNames: infos.map(({ config }) => config.name) };
}

function configOf(index: number, layout: JournalLayout, storeId: string): Partial<StreamConfig> & { name: string } {
  const shards = Array.from({ length: shardCount }, (_, shard) => shard).filter((s) => s % layout.streams === index);
  return {
    name: streamName(index),
    // One stream takes them all: no list to go through. A shard beyond the count never gets a commit.
    subjects: layout.streams === 1 ? ["journal.*"] : shards.map(subjectOf),
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    num_replicas: layout.replicas,
    discard: DiscardPolicy.New,
    max_bytes: layout.maxBytesPerStream,
    max_age: 0,
    max_msgs: -1,
    max_msgs_per_subject: -1,
    allow_direct: true,
    allow_rollup_hdrs: false,
    deny_delete: false,
    deny_purge: false,
    metadata: {
      [names.format]: String(formatNumber),
      [names.shards]: String(shardCount),
      [names.streams]: String(layout.streams),
      [names.store]: storeId,
    },
  };
}

/** F1. The store's id. */
function checkFormat({ config }: StreamInfo, layout: JournalLayout, storeId: string | undefined): string {
  const { name, metadata = {} } = config;
  const id = metadata[names.store];
  if (id === undefined) throw new NatsError("format", `the stream ${name} was not made by Parley: it is left alone`);
  const expected = [
    ["format", names.format, String(formatNumber)],
    ["shards", names.shards, String(shardCount)],
    ["streams", names.streams, String(layout.streams)],
    ["store", names.store, storeId ?? id],
  ] as const;
  for (const [word, key, value] of expected) {
    if (metadata[key] === value) continue;
    const advice = word === "streams" ? " The number of streams is chosen once, when the journal is made." : "";
    throw new NatsError("format", `the stream ${name} was made with ${word} ${metadata[key]}, not ${value}.${advice}`);
  }
  return id;
}

/** The size is the operator's to change at any time; replicas are changed by hand, watching the cluster. */
async function adaptLimits(jsm: JetStreamManager, { config }: StreamInfo, layout: JournalLayout, log: Log) {
  if (config.num_replicas !== layout.replicas) {
    const { name, num_replicas: replicas } = config;
    log.warn("nats: stream has other replicas than configured", {
      stream: name,
      replicas,
      configured: layout.replicas,
    });
  }
  if (config.max_bytes === layout.maxBytesPerStream) return;
  try {
    await jsm.streams.update(config.name, { max_bytes: layout.maxBytesPerStream });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new NatsError("refused", `the stream ${config.name} cannot be given its size: ${reason}`, { cause });
  }
}
