// Reads the entries of CONTROL back, in the stream's order (J5).
//
// control-feed/order: each watcher sees each entry once, in rising order of sequence; a superseded entry may be left out. No
//     watcher sees an entry before all other watchers have seen the entries before it. So a host that reads its renewal back
//     knows that every watcher of its process has seen each revocation before that renewal. A later watcher first gets the
//     kept entries.
// control-feed/reopen: after a gap, a silence, a lost connection, or when an append of this host is not read back in time, a
//     new consumer reads from the first sequence that some watcher lacks. That costs one round trip and may reach another
//     replica.
// control-feed/leader: until a consumer delivers, the feed asks the stream's leader for the next entry repeatedly. Creating
//     a consumer needs the leader of the whole cluster, whose election may take many times as long as a lease lasts.

import type { JetStreamManager } from "@nats-io/jetstream";
import { AckPolicy, DeliverPolicy } from "@nats-io/jetstream";
import { createInbox, type Msg, nanos, type Subscription } from "nats";
import type { ControlEntry } from "../../actors/runtime/ports.ts";
import { sleep } from "../../actors/shared/sleep.ts";
import type { Log } from "../../gateway/ports.ts";
import { processTimer } from "../system/clock.ts";
import { askLeader } from "./ask-leader.ts";
import type { NatsConnection } from "./connection.ts";
import { fromSubject } from "./control-subjects.ts";
import { NatsError } from "./errors.ts";
import { isPassing } from "./jetstream.ts";

const heartbeatMs = 150;
/** Hosts renew their leases every 200 ms, and a lease lasts 700 ms: a longer wait would cost this host its lease. */
const silenceMsMax = 500;
/** An own append that is not read back within this reopens the feed. */
const echoMsMax = 400;
/** A silence after which the leader is asked (control-feed/leader). */
const askAfterMs = 200;
const askEntriesMax = 1_000;
const checkEveryMs = 50;
const retryMs = 50;
/** The server removes the consumer of a dead host after this. */
const inactiveMs = 10_000;

interface Watcher {
  readonly handler: (entry: ControlEntry) => void;
  lastSequence: number;
}

interface ControlFeed {
  watch(handler: (entry: ControlEntry) => void): () => void;
  /** This sequence was appended, so the feed must deliver it (control-feed/reopen). */
  expect(sequence: number): void;
  close(): void;
}

export function createControlFeed(deps: {
  connection: NatsConnection;
  jsm: JetStreamManager;
  stream: string;
  log: Log;
}): ControlFeed {
  return new Feed(deps.connection, deps.jsm, deps.stream, deps.log);
}

class Feed implements ControlFeed {
  #connection: NatsConnection;
  #jsm: JetStreamManager;
  #stream: string;
  #log: Log;
  #watchers = new Set<Watcher>();
  #subscription: Subscription | undefined;
  #consumerName = "";
  #attempt = 0;
  #isOpening = false;
  /** The sequence at which the consumer began to read. */
  #from = 1;
  #deliveries = 0;
  #lastSequence = 0;
  #receivedMs = performance.now();
  #openedMs = 0;
  #isAsking = false;
  #expected: { sequence: number; sinceMs: number } | undefined;
  #timer: NodeJS.Timeout;
  #stopListening: () => void;
  #isClosed = false;

  constructor(connection: NatsConnection, jsm: JetStreamManager, stream: string, log: Log) {
    this.#connection = connection;
    this.#jsm = jsm;
    this.#stream = stream;
    this.#log = log;
    this.#stopListening = connection.onStatus((status) => {
      if (status === "reconnected") this.#reopen("connection restored");
      else if (status === "closed") this.close();
    });
    this.#timer = setInterval(() => this.#check(), checkEveryMs).unref();
  }

  watch(handler: (entry: ControlEntry) => void): () => void {
    const watcher = { handler, lastSequence: 0 };
    if (this.#watchers.size === 0) this.#receivedMs = performance.now();
    this.#watchers.add(watcher);
    this.#reopen(undefined);
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) this.#stopReading();
    };
  }

  expect(sequence: number): void {
    if (sequence <= this.#lastSequence || this.#watchers.size === 0) return;
    this.#expected ??= { sequence, sinceMs: performance.now() };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#stopListening();
    this.#dropConsumer();
    this.#watchers.clear();
  }

  #check(): void {
    if (this.#watchers.size === 0 || !this.#connection.isConnected()) return;
    const nowMs = performance.now();
    const waitsMs = nowMs - (this.#expected?.sinceMs ?? nowMs);
    if (waitsMs > askAfterMs || nowMs - this.#receivedMs > askAfterMs) void this.#askLeader();
    if (this.#isOpening) return;
    if (nowMs - Math.max(this.#receivedMs, this.#openedMs) > silenceMsMax) this.#reopen("the feed is silent");
    else if (waitsMs > echoMsMax) this.#reopen("an append is not read back");
  }

  /** control-feed/leader */
  async #askLeader(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      for (let n = 0; n < askEntriesMax && this.#watchers.size > 0 && !this.#isClosed; n++) {
        const from = this.#firstLacked();
        const message = await askLeader(this.#connection, this.#stream, { seq: from, next_by_subj: "control.>" });
        if (!message) break;
        const value = Buffer.from(message.data).toString("utf8");
        const { sequence, atMs } = message;
        this.#show({ subject: fromSubject(message.subject), value, sequence, atMs }, from);
      }
    } catch (error) {
      // A NatsError means that no leader answers at the moment; the next check asks again.
      if (!(error instanceof NatsError)) this.#log.error("nats: CONTROL leader does not answer", { error });
    } finally {
      this.#isAsking = false;
    }
  }

  #firstLacked(): number {
    return Math.min(...[...this.#watchers].map(({ lastSequence }) => lastSequence)) + 1;
  }

  #reopen(reason: string | undefined): void {
    if (this.#isClosed) return;
    if (reason !== undefined && this.#watchers.size > 0) this.#log.info("nats: CONTROL feed reopened", { reason });
    this.#attempt += 1;
    this.#dropConsumer();
    void this.#open(this.#attempt);
  }

  #stopReading(): void {
    this.#attempt += 1;
    this.#isOpening = false;
    this.#expected = undefined;
    this.#dropConsumer();
  }

  async #open(attempt: number): Promise<void> {
    this.#isOpening = true;
    while (attempt === this.#attempt && !this.#isClosed && this.#watchers.size > 0) {
      try {
        await this.#openConsumer(attempt);
        break;
      } catch (error) {
        if (attempt === this.#attempt && !isPassing(error)) {
          this.#log.error("nats: CONTROL unreadable, retrying", { error });
        }
        await sleep(processTimer, retryMs);
      }
    }
    if (attempt !== this.#attempt) return;
    this.#isOpening = false;
    this.#openedMs = performance.now();
  }

  async #openConsumer(attempt: number): Promise<void> {
    const inbox = createInbox();
    const name = `feed_${inbox.slice(inbox.lastIndexOf(".") + 1)}`;
    this.#deliveries = 0;
    this.#expected = undefined;
    this.#subscription?.unsubscribe();
    this.#subscription = this.#connection.client.subscribe(inbox, {
      callback: (error, message) => {
        if (!error && attempt === this.#attempt) this.#receive(message);
      },
    });
    this.#consumerName = name;
    const from = this.#firstLacked();
    this.#from = from;
    await this.#jsm.consumers.add(this.#stream, {
      name,
      deliver_subject: inbox,
      ...(from === 1
        ? { deliver_policy: DeliverPolicy.LastPerSubject, filter_subject: "control.>" }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: from }),
      ack_policy: AckPolicy.None,
      max_deliver: 1,
      mem_storage: true,
      num_replicas: 1,
      flow_control: true,
      idle_heartbeat: nanos(heartbeatMs),
      inactive_threshold: nanos(inactiveMs),
    });
  }

  /** Runs inside the client's reader, and must not throw. */
  #receive(message: Msg): void {
    this.#receivedMs = performance.now();
    if (message.headers?.code === 100) this.#receiveStatus(message);
    else this.#receiveEntry(message);
  }

  #receiveEntry({ subject, data, reply }: Msg): void {
    const delivery = parseDelivery(reply ?? "");
    if (delivery?.count !== this.#deliveries + 1) {
      this.#reopen("an entry was lost in transit");
      return;
    }
    this.#deliveries = delivery.count;
    const value = Buffer.from(data.buffer, data.byteOffset, data.length).toString("utf8");
    this.#show({ subject: fromSubject(subject), value, sequence: delivery.sequence, atMs: delivery.atMs }, this.#from);
  }

  #receiveStatus(message: Msg): void {
    if (message.reply) message.respond(); // flow control: everything delivered so far was read
    const delivered = message.headers?.get("Nats-Last-Consumer");
    if (delivered && Number(delivered) > this.#deliveries) this.#reopen("an entry was lost in transit");
  }

  /**
   * `from` is the sequence at which the entry's reader began. A watcher that was added later and lacks entries before `from`
   * must not get this entry yet: it would count as having seen the earlier ones (control-feed/order).
   */
  #show(entry: ControlEntry, from: number): void {
    this.#lastSequence = Math.max(this.#lastSequence, entry.sequence);
    if (this.#expected && this.#expected.sequence <= this.#lastSequence) this.#expected = undefined;
    for (const watcher of [...this.#watchers]) {
      if (watcher.lastSequence >= entry.sequence || watcher.lastSequence < from - 1) continue;
      if (!this.#watchers.has(watcher)) continue;
      watcher.lastSequence = entry.sequence;
      try {
        watcher.handler(entry);
      } catch (error) {
        this.#log.error("nats: CONTROL watcher failed", { subject: entry.subject, error });
      }
    }
  }

  #dropConsumer(): void {
    const { client } = this.#connection;
    if (!this.#consumerName) return;
    if (!client.isClosed()) this.#subscription?.unsubscribe();
    this.#subscription = undefined;
    // If this request is lost, the server removes the consumer after `inactiveMs`.
    if (this.#connection.isConnected() && !client.isClosed()) {
      this.#jsm.consumers.delete(this.#stream, this.#consumerName).catch(() => {});
    }
    this.#consumerName = "";
  }
}

/** `$JS.ACK.<stream>.<consumer>.<tries>.<sequence>.<count>.<ns>.<pending>`; servers with domains add two tokens in front. */
function parseDelivery(reply: string): { sequence: number; count: number; atMs: number } | undefined {
  const tokens = reply.split(".");
  if (tokens[0] !== "$JS" || tokens[1] !== "ACK" || (tokens.length !== 9 && tokens.length < 11)) return undefined;
  const at = tokens.length === 9 ? 5 : 7;
  return {
    sequence: Number(tokens[at]),
    count: Number(tokens[at + 1]),
    atMs: Math.floor(Number(tokens[at + 2]) / 1e6),
  };
}
