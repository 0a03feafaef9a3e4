// Own messages that the server has not acknowledged yet.
// A message is sent again under the same msgId after a time-out, after every lost connection and after every passing refusal:
// however often it is sent, it is one message. Messages of one conversation leave in the order of the calls; a message that the
// server could not take now holds back the later ones that have not left.
import { Backoff } from "../../actors/shared/backoff.ts";
import { ClientError, isPassingCode } from "./base/errors.ts";
import type { ClientLimits } from "./base/limits.ts";
import type { Platform } from "./base/platform.ts";
import type { ClientFrame, Message, OutgoingMessage, SendReceipt, ServerFrame } from "./base/wire.ts";
import { refusalOf } from "./socket/frame-socket.ts";

export interface Unsent {
  readonly msgId: string;
  readonly message: OutgoingMessage;
}

/** Keeps unsent messages over a restart of the program, in the order of `put`. */
export interface OutboxStorage {
  load(): Promise<readonly Unsent[]>;
  /** A message leaves after this has resolved, so that a restart finds it under its msgId. */
  put(unsent: Unsent): Promise<void>;
  remove(msgId: string): Promise<void>;
}

interface OutboxOptions {
  send(frame: ClientFrame): boolean;
  readonly platform: Pick<Platform, "clock" | "newId" | "random">;
  readonly limits: Pick<
    ClientLimits,
    "maxUnsent" | "maxSendsInFlight" | "sendTimeoutMs" | "resendPauseMsMin" | "resendPauseMsMax"
  >;
  readonly storage?: OutboxStorage;
  /** The storage failed: the message is sent, and may be lost or sent again by a restart. */
  problem(error: ClientError): void;
}

type Progress =
  /** The storage does not hold it yet. */
  | { readonly kind: "storing" }
  | { readonly kind: "ready" }
  /** Sent; it is sent again when `cancel` was not called in time. */
  | { readonly kind: "inFlight"; readonly cancel: () => void }
  /** The server could not take it now. */
  | { readonly kind: "pausing"; readonly cancel: () => void };

interface Entry extends Unsent {
  readonly queue: Queue;
  readonly sent: Promise<SendReceipt>;
  readonly resolve: (receipt: SendReceipt) => void;
  readonly reject: (error: ClientError) => void;
  readonly backoff: Backoff;
  progress: Progress;
}

/** The unsent messages of one conversation, oldest first. */
interface Queue {
  readonly key: string;
  readonly entries: Entry[];
}

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #queues = new Map<string, Queue>();
  #isOpen = false;
  #inFlight = 0;
  #onEmpty: (() => void)[] = [];

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * Resolves when the message is durable on the server, however often it had to be sent. Rejects when the server refuses
   * it for good, and as overflow when `maxUnsent` messages wait.
   */
  async send(message: OutgoingMessage, msgId: string = this.#options.platform.newId()): Promise<SendReceipt> {
    const { limits, storage } = this.#options;
    const known = this.#entries.get(msgId);
    if (known) return known.sent;
    if (this.#entries.size >= limits.maxUnsent) {
      throw new ClientError("overflow", `${limits.maxUnsent} messages wait to be sent.`);
    }
    const entry = this.#add({ msgId, message });
    if (storage) this.#store(storage, entry);
    else this.#ready(entry);
    return entry.sent;
  }

  /** Takes over the messages that an earlier run of the program left unsent. Nothing waits for their receipts. */
  async restore(): Promise<number> {
    const left = (await this.#options.storage?.load()) ?? [];
    for (const unsent of left) {
      if (this.#entries.has(unsent.msgId)) continue;
      const entry = this.#add(unsent);
      entry.sent.catch((error: ClientError) => this.#options.problem(error));
      this.#ready(entry);
    }
    return left.length;
  }

  /** A socket is served: every message is sent, in order. */
  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#pumpAll();
  }

  /** The socket is gone: messages without an answer are sent again on the next one. */
  lost(): void {
    this.#isOpen = false;
    for (const entry of this.#entries.values()) {
      if (entry.progress.kind !== "storing") this.#set(entry, { kind: "ready" });
    }
  }

  /** SEND_ACK, and ERROR under the msgId of a message. False: the frame is not for the outbox. */
  take(frame: ServerFrame): boolean {
    const entry = this.#entries.get(frame.msgId ?? "");
    if (frame.type === "SEND_ACK" && entry) this.#done(entry, receiptOf(entry.msgId, frame));
    else if (frame.type === "ERROR" && entry) this.#refused(entry, frame);
    else return frame.type === "SEND_ACK";
    return true;
  }

  /** An own message arrived by a push or a SYNC: its SEND_ACK was lost. */
  takeOwn(message: Message): void {
    const entry = this.#entries.get(message.clientMsgId ?? "");
    if (!entry) return;
    const { messageId, sessionId, seq, version, timestamp } = message;
    this.#done(entry, { msgId: entry.msgId, messageId, sessionId, seq, version, timestamp });
  }

  find(msgId: string): OutgoingMessage | undefined {
    return this.#entries.get(msgId)?.message;
  }

  /** Resolves when nothing waits. */
  async settled(): Promise<void> {
    if (this.#entries.size === 0) return;
    await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
  }

  /** Rejects the messages that wait. A storage keeps them for the next run. */
  close(): void {
    this.#isOpen = false;
    for (const entry of [...this.#entries.values()]) {
      this.#forget(entry);
      entry.reject(new ClientError("closed", "The client was closed before this message was acknowledged."));
    }
  }

  /** Rejects the messages that wait, and removes them from the storage: their conversations no longer exist. */
  drop(): void {
    for (const entry of [...this.#entries.values()]) {
      this.#remove(entry);
      entry.reject(
        new ClientError("closed", "The data of the server was replaced before this message was acknowledged."),
      );
    }
  }

  #add(unsent: Unsent): Entry {
    const { limits, platform } = this.#options;
    const { resendPauseMsMin: minMs, resendPauseMsMax: maxMs } = limits;
    const key = keyOf(unsent.message);
    const queue = this.#queues.get(key) ?? { key, entries: [] };
    this.#queues.set(key, queue);
    const { promise: sent, resolve, reject } = Promise.withResolvers<SendReceipt>();
    const backoff = new Backoff({ minMs, maxMs, unit: platform.random });
    const entry: Entry = { ...unsent, queue, sent, resolve, reject, backoff, progress: { kind: "storing" } };
    queue.entries.push(entry);
    this.#entries.set(entry.msgId, entry);
    return entry;
  }

  #store(storage: OutboxStorage, entry: Entry): void {
    const { msgId, message } = entry;
    storage.put({ msgId, message }).then(
      () => this.#ready(entry),
      (cause: unknown) => {
        this.#options.problem(storageError(cause));
        this.#ready(entry);
      },
    );
  }

  #ready(entry: Entry): void {
    if (this.#entries.get(entry.msgId) !== entry) return;
    this.#set(entry, { kind: "ready" });
    this.#pump(entry.queue);
  }

  /** A place in flight that became free may serve another conversation. */
  #pumpAll(): void {
    for (const queue of this.#queues.values()) this.#pump(queue);
  }

  #pump({ entries }: Queue): void {
    for (const entry of entries) {
      const { kind } = entry.progress;
      if (kind === "storing" || kind === "pausing") return;
      if (kind === "inFlight") continue;
      if (!this.#isOpen || this.#inFlight >= this.#options.limits.maxSendsInFlight) return;
      if (!this.#transmit(entry)) return;
    }
  }

  #transmit(entry: Entry): boolean {
    const { platform, limits, send } = this.#options;
    if (!send({ type: "SEND_MESSAGE", msgId: entry.msgId, data: entry.message })) return false;
    const cancel = platform.clock.after(limits.sendTimeoutMs, () => this.#ready(entry));
    this.#set(entry, { kind: "inFlight", cancel });
    return true;
  }

  #refused(entry: Entry, frame: ServerFrame): void {
    if (!isPassingCode(frame.code)) {
      this.#remove(entry);
      entry.reject(refusalOf(frame));
      return;
    }
    const waitMs = Math.max(entry.backoff.next(), Number(frame.data?.retryAfterMs ?? 0));
    const cancel = this.#options.platform.clock.after(waitMs, () => this.#ready(entry));
    this.#set(entry, { kind: "pausing", cancel });
  }

  #done(entry: Entry, receipt: SendReceipt): void {
    this.#remove(entry);
    entry.resolve(receipt);
  }

  /** The server has acknowledged or refused it. */
  #remove(entry: Entry): void {
    const wasFull = this.#inFlight >= this.#options.limits.maxSendsInFlight;
    this.#forget(entry);
    this.#options.storage?.remove(entry.msgId).catch((cause: unknown) => this.#options.problem(storageError(cause)));
    if (wasFull) this.#pumpAll();
  }

  #forget(entry: Entry): void {
    this.#set(entry, { kind: "ready" });
    this.#entries.delete(entry.msgId);
    const { entries, key } = entry.queue;
    entries.splice(entries.indexOf(entry), 1);
    if (entries.length === 0) this.#queues.delete(key);
    if (this.#entries.size > 0) return;
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  }

  #set(entry: Entry, next: Progress): void {
    const before = entry.progress;
    if (before.kind === "inFlight") this.#inFlight -= 1;
    if (before.kind === "inFlight" || before.kind === "pausing") before.cancel();
    if (next.kind === "inFlight") this.#inFlight += 1;
    entry.progress = next;
  }
}

/** Messages to one receiver keep their order; the same conversation under another name is another queue. */
function keyOf({ sessionId, receiverId, groupId }: OutgoingMessage): string {
  return sessionId ?? (receiverId === undefined ? `group ${groupId}` : `user ${receiverId}`);
}

function storageError(cause: unknown): ClientError {
  return new ClientError("overflow", "The storage of the outbox failed.", { cause });
}

function receiptOf(msgId: string, { data = {}, timestamp = 0 }: ServerFrame): SendReceipt {
  return {
    ...{ msgId, messageId: String(data.messageId), sessionId: String(data.sessionId) },
    ...{ seq: Number(data.seq), version: Number(data.version), timestamp: Number(data.timestamp ?? timestamp) },
    ...(typeof data.replyId === "string" && { replyId: data.replyId }),
  };
}
