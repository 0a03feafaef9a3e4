// CONTROL on JetStream (J5): a stream that keeps the newest message of each subject. `put` is the stream's own
// compare-and-set per subject; control-feed.ts reads the entries back in one order. An entry is kept for 24 h after it was
// written, which is longer than an access token lives, so that no revocation is forgotten while its token is valid.
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
  /** Default 128 MiB: about 500 000 revocations a day. Beyond it the oldest are dropped, whose tokens expire first. */
  readonly maxBytes?: number;
}

export type NatsControl = Control & {
  readonly streamName: string;
  /** Undecided puts reject. The connection stays open: its owner closes it. */
  close(): void;
};

const stream = "CONTROL";
const keptMs = 86_400_000;
/** Renewals are put every 200 ms, so a put that takes longer than this is useless. */
const putMsMax = 2_000;
/** A lease lasts 700 ms, so the feed does not wait longer for an answer of the JetStream API before it tries again. */
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
    max_age: nanos(keptMs),
    max_bytes: maxBytes,
    discard: DiscardPolicy.Old,
    allow_direct: false,
  });
  if (config.max_msgs_per_subject !== 1 || !config.subjects.includes("control.>")) {
    throw new NatsError("format", `the stream ${stream} was not created by Parley, and is not changed`);
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
