// Appends a message to a subject of a stream if the subject's last sequence is the expected one. The journal (J2) and
// CONTROL (J5) are built on this.
//
// compare-and-set/outcome: only an answer of the stream makes an append "appended" or "conflict". Every other end rejects as
//     `unknown`, and the message may be in the stream or be stored later: a time-out, a lost connection, no responders, and
//     error 10164, which also the only writer of a subject has received.
// compare-and-set/offline: while there is no connection appends wait here and are sent after the reconnect. The client would
//     drop some of them and keep others.
// No append is sent again without its caller: if the ack of the first attempt were lost, the repeat would report a conflict
// with the caller's own message. No Nats-Msg-Id is sent: of two writers with equal ids both would get "appended" (J4).
import { createInbox, type Msg, type MsgHdrs, type Subscription } from "nats";
import type { AppendOutcome } from "../../actors/runtime/ports.ts";
import type { NatsConnection } from "./connection.ts";
import { NatsError } from "./errors.ts";

interface CompareAndSetOptions {
  readonly connection: NatsConnection;
  /** The store's name in error messages: "the journal". */
  readonly what: string;
  /** An append that is not answered within this time rejects as `unknown`. Default 2 000. */
  readonly timeoutMs?: number;
  /** Undecided appends; more are refused as `overloaded`. Default 4 096. */
  readonly maxInFlight?: number;
  /** Bytes of the undecided appends; more are refused as `overloaded`. Default 128 MiB. */
  readonly maxInFlightBytes?: number;
  /** A larger payload is refused as `too_large`. Default 512 KiB. */
  readonly maxBytes?: number;
}

interface CompareAndSet {
  /**
   * Rejects with a NatsError. After `full`, `overloaded` and `too_large` the message is not stored; after `unknown` it may be
   * stored, now or later.
   */
  put(subject: string, expectedSequence: number, payload: Uint8Array): Promise<AppendOutcome>;
  close(): void;
}

const sweepMs = 100;
/** JetStream's error codes. */
const wrongLastSequence = 10_071;
const wrongLastSequenceUnknown = 10_164;
/** The stream is at its limit ("maximum bytes exceeded"), the account is, or the server's disk is. */
const fullCodes = new Set([10_077, 10_002, 10_047, 10_023]);

interface Pending {
  readonly token: number;
  readonly subject: string;
  readonly expectedSequence: number;
  readonly payload: Uint8Array;
  readonly deadlineMs: number;
  isSent: boolean;
  resolve(outcome: AppendOutcome): void;
  reject(error: NatsError): void;
}

export function createCompareAndSet(options: CompareAndSetOptions): CompareAndSet {
  return new Writer(options);
}

class Writer implements CompareAndSet {
  #connection: NatsConnection;
  #what: string;
  #limits: { timeoutMs: number; maxInFlight: number; maxInFlightBytes: number; maxBytes: number };
  #inbox = `${createInbox()}.`;
  #subscription: Subscription;
  #pending = new Map<number, Pending>();
  #bytes = 0;
  #lastToken = 0;
  #timer: NodeJS.Timeout;
  #stopListening: () => void;
  #isClosed = false;

  constructor(options: CompareAndSetOptions) {
    const { connection, what, timeoutMs = 2_000, maxInFlight = 4_096 } = options;
    const { maxInFlightBytes = 128 * 1024 * 1024, maxBytes = 512 * 1024 } = options;
    this.#connection = connection;
    this.#what = what;
    this.#limits = { timeoutMs, maxInFlight, maxInFlightBytes, maxBytes };
    this.#subscription = connection.client.subscribe(`${this.#inbox}*`, {
      callback: (error, message) => {
        if (!error) this.#takeAnswer(message);
      },
    });
    this.#stopListening = connection.onStatus((status) => {
      if (status === "disconnected") this.#failSent();
      else if (status === "reconnected") this.#sendWaiting();
      else if (status === "closed") this.close();
    });
    this.#timer = setInterval(() => this.#sweep(), sweepMs).unref();
  }

  put(subject: string, expectedSequence: number, payload: Uint8Array): Promise<AppendOutcome> {
    const refusal = this.#refuse(payload.length);
    if (refusal) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      const token = ++this.#lastToken;
      const deadlineMs = performance.now() + this.#limits.timeoutMs;
      const pending = { token, subject, expectedSequence, payload, deadlineMs, isSent: false, resolve, reject };
      this.#pending.set(token, pending);
      this.#bytes += payload.length;
      if (this.#connection.isConnected()) this.#send(pending); // compare-and-set/offline
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#stopListening();
    if (!this.#connection.client.isClosed()) this.#subscription.unsubscribe();
    for (const pending of this.#pending.values()) this.#fail(pending, "closed", "closed before the answer came");
  }

  #refuse(bytes: number): NatsError | undefined {
    const { maxBytes, maxInFlight, maxInFlightBytes } = this.#limits;
    if (this.#isClosed) return new NatsError("closed", `${this.#what} is closed`);
    if (bytes > maxBytes) return new NatsError("too_large", `${this.#what}: ${bytes} of ${maxBytes} bytes`);
    if (this.#pending.size >= maxInFlight || this.#bytes + bytes > maxInFlightBytes) {
      return new NatsError("overloaded", `${this.#what}: ${this.#pending.size} appends wait for an answer`);
    }
    return undefined;
  }

  #send(pending: Pending): void {
    pending.isSent = true;
    const { subject, payload, expectedSequence, token } = pending;
    try {
      this.#connection.client.publish(subject, payload, {
        reply: `${this.#inbox}${token}`,
        headers: expecting(expectedSequence),
      });
    } catch (cause) {
      this.#fail(pending, "unknown", "the client did not send the message", cause);
    }
  }

  /** Runs inside the client's reader, which an exception would end. */
  #takeAnswer(message: Msg): void {
    const pending = this.#pending.get(Number(message.subject.slice(this.#inbox.length)));
    if (!pending) return;
    const answer = parseAnswer(message);
    if (answer.seq !== undefined && answer.seq > 0 && !answer.error) {
      this.#forget(pending);
      pending.resolve({ kind: "appended", sequence: answer.seq });
    } else if (answer.error?.err_code === wrongLastSequence) {
      this.#decideConflict(pending, answer.error.description ?? "");
    } else this.#failWith(pending, answer.error);
  }

  #decideConflict(pending: Pending, description: string): void {
    const last = /: (\d+)$/.exec(description)?.[1];
    if (last === undefined) this.#fail(pending, "unknown", description);
    else {
      this.#forget(pending);
      pending.resolve({ kind: "conflict", lastSequence: Number(last) });
    }
  }

  #failWith(pending: Pending, error: ServerError | undefined): void {
    const reason = error
      ? `${error.description}${error.err_code ? ` (${error.err_code})` : ""}`
      : "the answer is malformed";
    if (error && fullCodes.has(error.err_code ?? 0)) {
      this.#fail(pending, "full", `the stream is full and refuses appends until it is trimmed or enlarged: ${reason}`);
    } else if (error?.err_code === wrongLastSequenceUnknown) {
      this.#fail(pending, "unknown", `another append to the subject is being decided: ${reason}`); // compare-and-set/outcome
    } else this.#fail(pending, "unknown", reason);
  }

  #failSent(): void {
    for (const pending of this.#pending.values()) {
      if (pending.isSent) this.#fail(pending, "unknown", "the connection was lost before the answer came");
    }
  }

  #sendWaiting(): void {
    for (const pending of this.#pending.values()) if (!pending.isSent) this.#send(pending);
  }

  /** The map is in the order of the tokens, and a later token has a later deadline. */
  #sweep(): void {
    const nowMs = performance.now();
    for (const pending of this.#pending.values()) {
      if (pending.deadlineMs > nowMs) return;
      const { timeoutMs } = this.#limits;
      const reason = pending.isSent ? `no answer within ${timeoutMs} ms` : `no connection for ${timeoutMs} ms`;
      this.#fail(pending, "unknown", reason);
    }
  }

  #fail(pending: Pending, kind: NatsError["kind"], reason: string, cause?: unknown): void {
    this.#forget(pending);
    pending.reject(new NatsError(kind, `${this.#what}, ${pending.subject}: ${reason}`, { cause }));
  }

  #forget(pending: Pending): void {
    if (this.#pending.delete(pending.token)) this.#bytes -= pending.payload.length;
  }
}

interface ServerError {
  readonly err_code?: number;
  readonly description?: string;
}
interface Answer {
  readonly seq?: number;
  readonly error?: ServerError;
}

/** The answer to an accepted append, in every server version so far. Reading it by this pattern costs a third of JSON.parse. */
const plainAnswer = /^\{"stream":"[^"\\]*", ?"seq":(\d+)\}$/;

function parseAnswer(message: Msg): Answer {
  const plain = plainAnswer.exec(message.string());
  if (plain) return { seq: Number(plain[1]) };
  // The server answers "no responders" with an empty message.
  if (message.data.length === 0) return { error: { description: "no server leads the stream at the moment" } };
  try {
    return message.json<Answer>();
  } catch (cause) {
    return { error: { description: `the answer is no JSON: ${String(cause)}` } };
  }
}

/** Encodes the one header by hand: the client's own header object costs several times as much. */
function expecting(sequence: number): MsgHdrs {
  const encoded = Buffer.from(`NATS/1.0\r\nNats-Expected-Last-Subject-Sequence: ${sequence}\r\n\r\n`, "latin1");
  return { encode: () => encoded } as unknown as MsgHdrs;
}
