// Calls between hosts over NATS: the caller's side; transport-server.ts is the side of the called host. A subject belongs to
// a host, not to a shard: callers learn a shard's owner from answers anyway, and a host needs one subscription instead of up
// to 256 that change with ownership.
//
// Every call ends: with an answer, or as "unreachable", at its deadline at the latest. One timer serves all calls. The calls
// of one tick to the same host are sent as one message of at most 256 KiB.
// transport/reconnect: calls that are not sent yet wait through a short loss of the connection. Calls that were sent end as
//     "unreachable" at once, because their answers may be lost. The caller repeats a call with the same command id, so both
//     are safe.
// transport/no-responders: "no responders" ends a call at once, and proves nothing about the owner of a shard (J5).
import type { Msg, Subscription } from "nats";
import { RuntimeError } from "../../actors/runtime/errors.ts";
import type { Invocation, Reply } from "../../actors/runtime/invocation.ts";
import type { HostTransport } from "../../actors/runtime/ports.ts";
import { createThrottledLog, type ThrottledLog } from "../observe/throttled-log.ts";
import { Batches } from "./transport-batches.ts";
import { decodeAnswers, encodeCallBody, encodeCalls, frameBytes } from "./transport-codec.ts";
import { serveHost } from "./transport-server.ts";
import {
  callSubject,
  maxBatchBytes,
  maxPayloadBytes,
  replyPrefix,
  type TransportDeps,
  type TransportLimits,
  transportLimits,
} from "./transport-shared.ts";

/** The pause between two searches for calls whose deadline has passed. */
const sweepMs = 50;

export function createNatsTransport(deps: TransportDeps): HostTransport & { close(): void } {
  return new NatsTransport(deps);
}

interface Call {
  readonly id: number;
  readonly host: string;
  readonly bytes: number;
  /** The deadline, in monotonic time. */
  readonly endMs: number;
  /** Emptied after the call is sent, to free its memory. */
  body: string;
  /** The number of the message that holds this call; 0 until the call is sent. */
  batch: number;
  resolve(reply: Reply): void;
  reject(error: RuntimeError): void;
}

class NatsTransport implements HostTransport {
  #deps: TransportDeps;
  #limits: TransportLimits;
  #warn: ThrottledLog;
  #calls = new Map<number, Call>();
  #batches: Batches<Call>;
  /** Unique per process, so that answers to a former process of the same host are not delivered. */
  #replyBase: string;
  #replies: Subscription;
  #nextCall = 1;
  #nextBatch = 1;
  #isSweeping = false;
  #isClosed = false;
  /** When the connection was lost, in monotonic time; undefined while connected. */
  #downSinceMs: number | undefined;
  #stopListening: () => void;
  #stopServing = new Set<() => void>();

  constructor(deps: TransportDeps) {
    this.#deps = deps;
    this.#limits = { ...transportLimits, ...deps.limits };
    this.#warn = createThrottledLog(deps.log, deps.clock);
    this.#batches = new Batches(deps.clock, maxBatchBytes, (host, calls) => this.#send(host, calls));
    this.#replyBase = `${replyPrefix}${deps.random.hex(128)}`;
    const callback = (error: Error | null, message: Msg) => this.#receive(error, message);
    this.#replies = deps.connection.client.subscribe(`${this.#replyBase}.*`, { callback });
    if (!deps.connection.isConnected()) this.#onDisconnect();
    this.#stopListening = deps.connection.onStatus((status) => {
      if (status === "disconnected") this.#onDisconnect();
      else if (status === "reconnected") this.#onReconnect();
      else if (status === "closed") this.close();
    });
  }

  call(host: string, invocation: Invocation): Promise<Reply> {
    const { clock } = this.#deps;
    const leftMs = invocation.deadlineMs - clock.nowMs();
    const refusal = this.#refusalOf(leftMs);
    if (refusal) return Promise.reject(unreachable(host, refusal));
    let body: string;
    try {
      body = encodeCallBody(invocation);
    } catch (cause) {
      return Promise.reject(
        new RuntimeError("unreachable", `the input of ${invocation.method} cannot be encoded as JSON`, { cause }),
      );
    }
    const bytes = Buffer.byteLength(body) + frameBytes;
    if (bytes + frameBytes > maxPayloadBytes(this.#deps.connection)) {
      // An answer and not a rejection, because repeating the call would not help.
      return Promise.resolve({ kind: "failed", error: "too_large", message: `a call of ${bytes} bytes is too large` });
    }
    return new Promise((resolve, reject) => {
      const id = this.#nextCall++;
      const endMs = clock.monotonicMs() + leftMs;
      const call: Call = { id, host, bytes, endMs, body, batch: 0, resolve, reject };
      this.#calls.set(id, call);
      this.#batches.add(host, call);
      this.#sweepLater();
    });
  }

  serve(host: string, answer: (invocation: Invocation) => Promise<Reply>): () => void {
    const stopServing = serveHost({ ...this.#deps, limits: this.#limits, warn: this.#warn }, host, answer);
    const stop = () => {
      if (this.#stopServing.delete(stop)) stopServing();
    };
    this.#stopServing.add(stop);
    return stop;
  }

  /** Ends the calls in flight, and stops serving hosts. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopListening();
    for (const stop of [...this.#stopServing]) stop();
    if (!this.#deps.connection.client.isClosed()) this.#replies.unsubscribe();
    this.#end([...this.#calls.values()], "the transport of this host is closed");
    this.#batches.clear();
  }

  #refusalOf(leftMs: number): string | undefined {
    if (this.#isClosed) return "the transport of this host is closed";
    if (leftMs <= 0) return "the deadline has passed";
    if (this.#calls.size >= this.#limits.maxOutstandingCalls) return "too many calls are outstanding";
    if (this.#batches.bytes >= this.#limits.maxHeldBytes) return "too many calls wait for NATS";
    return this.#isDownForLong() ? "no connection to NATS" : undefined;
  }

  #isDownForLong(): boolean {
    if (this.#downSinceMs === undefined) return false;
    return this.#deps.clock.monotonicMs() - this.#downSinceMs >= this.#limits.downMsMax;
  }

  #send(host: string, calls: readonly Call[]): void {
    const { connection, clock } = this.#deps;
    const nowMs = clock.monotonicMs();
    const waiting = calls.filter(({ id }) => this.#calls.has(id)); // a call may have ended while it waited
    if (waiting.length === 0) return;
    const batch = this.#nextBatch++;
    const message = encodeCalls(
      waiting.map(({ id, endMs, body }) => ({ id, leftMs: Math.max(0, Math.ceil(endMs - nowMs)), body })),
    );
    for (const call of waiting) {
      call.batch = batch;
      call.body = "";
    }
    try {
      connection.client.publish(callSubject(host), message, { reply: `${this.#replyBase}.${batch}` });
    } catch (cause) {
      this.#warn("transport: calls not sent", { host, cause: String(cause) });
      this.#end(waiting, "the call could not be sent");
    }
  }

  #receive(error: Error | null, message: Msg): void {
    if (error) {
      this.#warn("transport: answers not received", { cause: error.message });
      return;
    }
    if (message.data.length === 0 && message.headers?.code === 503) {
      const batch = Number(message.subject.slice(this.#replyBase.length + 1));
      this.#end(this.#callsOf(batch), "no process serves this host at the moment"); // transport/no-responders
      return;
    }
    const answers = decodeAnswers(message.data);
    if (answers === undefined) {
      this.#warn("transport: malformed batch of answers", { bytes: message.data.length });
      return;
    }
    for (const answer of answers) {
      const call = this.#calls.get(answer.id);
      if (call === undefined) continue; // the call ended before
      this.#calls.delete(answer.id);
      if ("error" in answer) call.reject(unreachable(call.host, answer.error));
      else call.resolve(answer.reply);
    }
  }

  #callsOf(batch: number): Call[] {
    return [...this.#calls.values()].filter((call) => call.batch === batch);
  }

  #end(calls: readonly Call[], reason: string): void {
    for (const call of calls) {
      if (this.#calls.delete(call.id)) call.reject(unreachable(call.host, reason));
    }
  }

  /** transport/reconnect */
  #onDisconnect(): void {
    this.#downSinceMs ??= this.#deps.clock.monotonicMs();
    this.#batches.hold();
    const sent = [...this.#calls.values()].filter(({ batch }) => batch > 0);
    this.#end(sent, "the connection was lost before the answer came");
  }

  #onReconnect(): void {
    this.#downSinceMs = undefined;
    this.#batches.release();
  }

  #sweepLater(): void {
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    this.#deps.clock.after(sweepMs, () => {
      this.#isSweeping = false;
      const nowMs = this.#deps.clock.monotonicMs();
      const calls = [...this.#calls.values()];
      if (this.#isDownForLong()) {
        this.#end(calls, "no connection to NATS");
        this.#batches.clear();
      } else {
        const late = calls.filter(({ endMs }) => endMs <= nowMs);
        this.#end(late, "no answer came before the deadline");
      }
      if (this.#calls.size > 0) this.#sweepLater();
    });
  }
}

function unreachable(host: string, reason: string): RuntimeError {
  return new RuntimeError("unreachable", `host ${host}: ${reason}`);
}
