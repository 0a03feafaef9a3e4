// The streams of the journal are JOURNAL_0 … JOURNAL_<P-1>. The log of shard s is the subject `journal.<s>` in stream s mod
// P (J1).
// journal-streams/format: each stream's metadata holds the number of shards, the number of streams and the store's id,
//     written when the stream is created. A host with another configuration refuses to start: it would search shards in the
//     wrong streams.
// The host that creates JOURNAL_0 draws the store's id. When several hosts try at once one of them wins, and all use its id.
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

/** The version of the streams' subjects and metadata. Commits have a format number of their own. */
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
  const first = await ensureStream(jsm, configOf(0, layout, randomBytes(16).toString("hex")));
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
    // A single stream takes all shards by one wildcard, which the server matches faster than a list.
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

/** Refuses a stream of another format (journal-streams/format). Returns the store's id. */
function checkFormat({ config }: StreamInfo, layout: JournalLayout, storeId: string | undefined): string {
  const { name, metadata = {} } = config;
  const id = metadata[names.store];
  if (id === undefined)
    throw new NatsError("format", `the stream ${name} was not created by Parley, and is not changed`);
  const expected = [
    ["format", names.format, String(formatNumber)],
    ["shards", names.shards, String(shardCount)],
    ["streams", names.streams, String(layout.streams)],
    ["store", names.store, storeId ?? id],
  ] as const;
  for (const [word, key, value] of expected) {
    if (metadata[key] === value) continue;
    const advice = word === "streams" ? " The number of streams cannot change after the journal was created." : "";
    throw new NatsError(
      "format",
      `the stream ${name} was created with ${word} ${metadata[key]}, not ${value}.${advice}`,
    );
  }
  return id;
}

/**
 * The size follows the configuration. Replicas are not changed here: an operator changes them by hand and watches the
 * cluster.
 */
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
    throw new NatsError("refused", `the stream ${config.name} cannot be resized: ${reason}`, { cause });
  }
}
