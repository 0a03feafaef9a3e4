// CONTROL on JetStream (J5): one message kept per subject, compare-and-set per subject, read back in one order.
// C1: put is the stream's own compare-and-set. C2: see control-feed.ts. C3: an entry is kept 24 h after it was written:
// longer than any token lives that a revocation concerns.
import { DiscardPolicy, RetentionPolicy, StorageType } from "@nats-io/jetstream";
import { nanos } from "nats";
import type { Control } from "../../actors/runtime/ports.ts";
import type { Log } from "../../gateway/ports.ts";
import { createCompareAndSet } from "./compare-and-set.ts";
import type { NatsConnection } from "./connection.ts";
import { createControlFeed } from "./control-feed.ts";
import { toSubject } from "./control-subjects.ts";
import { NatsError } from "./errors.ts";
import { ensureStream, manageJetStream } from "./jetstream.ts";

interface NatsControlOptions {
  readonly connection: NatsConnection;
  /** 3 in production. */
  readonly replicas: number;
  readonly log: Log;
  /** About 500 000 revocations a day; then the oldest go, whose tokens are the first to expire. Default 128 MiB. */
  readonly maxBytes?: number;
}

export type NatsControl = Control & {
  readonly streamName: string;
  /** Undecided puts reject. The connection stays: it is the caller's. */
  close(): void;
};

const stream = "CONTROL";
const keptMs = 86_400_000;
/** A renewal is due every 200 ms: an older one is of no use. */
const putMsMax = 2_000;
/** A lease lasts 700 ms: who does not answer by then is asked again. */
const feedMsMax = 1_000;
const valueBytesMax = 64 * 1024;

export async function openNatsControl(options: NatsControlOptions): Promise<NatsControl> {
  const { connection, replicas, log, maxBytes = 128 * 1024 * 1024 } = options;
  const jsm = await manageJetStream(connection);
  const { config } = await ensureStream(jsm, {
    name: stream,
    subjects: ["control.>"],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    num_replicas: replicas,
    max_msgs_per_subject: 1,
    max_age: nanos(keptMs), // C3
    max_bytes: maxBytes,
    discard: DiscardPolicy.Old,
    allow_direct: false,
  });
  if (config.max_msgs_per_subject !== 1 || !config.subjects.includes("control.>")) {
    throw new NatsError("format", `the stream ${stream} was not made by Parley: it is left alone`);
  }
  const what = "CONTROL";
  const writer = createCompareAndSet({ connection, what, timeoutMs: putMsMax, maxBytes: valueBytesMax });
  const feed = createControlFeed({ connection, jsm: await manageJetStream(connection, feedMsMax), stream, log });

  return {
    streamName: stream,
    async put(subject, value, expectedSequence) {
      const outcome = await writer.put(toSubject(subject), expectedSequence, Buffer.from(value, "utf8"));
      if (outcome.kind === "appended") feed.expect(outcome.sequence);
      return outcome;
    },
    watch: (handler) => feed.watch(handler),
    close() {
      feed.close();
      writer.close();
    },
  };
}
