// Calls between hosts: the side of the host that serves them.
//
// A call gets at most one answer: the host's reply, or an error when the host threw or stopped serving. The answers of one
// tick to the same process are sent as one message. Malformed messages are logged and dropped, and never break the
// connection.
// transport-server/places: each served call takes one of `maxServedCalls` places. A call that the host never answers frees
//     its place at its deadline.
import type { Msg } from "nats";
import type { Invocation, Reply } from "../../actors/runtime/invocation.ts";
import type { ThrottledLog } from "../observe/throttled-log.ts";
import { Batches } from "./transport-batches.ts";
import {
  type Answer,
  decodeCalls,
  encodeAnswer,
  encodeAnswers,
  frameBytes,
  type IncomingCall,
} from "./transport-codec.ts";
import {
  callSubject,
  maxBatchBytes,
  maxPayloadBytes,
  replyPrefix,
  type TransportDeps,
  type TransportLimits,
} from "./transport-shared.ts";

interface EncodedAnswer {
  readonly body: string;
  readonly bytes: number;
}
interface ServedCall {
  readonly replyTo: string;
  readonly id: number;
  /** The deadline, in monotonic time. */
  readonly endMs: number;
}

/** The pause between two searches for calls past their deadline, while no place is free (transport-server/places). */
const purgePauseMs = 100;

export function serveHost(
  deps: TransportDeps & { limits: TransportLimits; warn: ThrottledLog },
  host: string,
  answer: (invocation: Invocation) => Promise<Reply>,
): () => void {
  const server = new HostServer(deps, host, answer);
  return () => server.stop();
}

class HostServer {
  #deps: TransportDeps & { limits: TransportLimits; warn: ThrottledLog };
  #host: string;
  #answer: (invocation: Invocation) => Promise<Reply>;
  #served = new Set<ServedCall>();
  #answers: Batches<EncodedAnswer>;
  #purgedAtMs = Number.NEGATIVE_INFINITY;
  #stopListening: () => void;
  #unsubscribe: () => void;

  constructor(
    deps: TransportDeps & { limits: TransportLimits; warn: ThrottledLog },
    host: string,
    answer: (invocation: Invocation) => Promise<Reply>,
  ) {
    this.#deps = deps;
    this.#host = host;
    this.#answer = answer;
    this.#answers = new Batches(deps.clock, maxBatchBytes, (replyTo, answers) => this.#send(replyTo, answers));
    const { connection } = deps;
    const callback = (error: Error | null, message: Msg) => this.#receive(error, message);
    const subscription = connection.client.subscribe(callSubject(host), { callback });
    this.#unsubscribe = () => {
      if (!connection.client.isClosed()) subscription.unsubscribe();
    };
    if (!connection.isConnected()) this.#answers.hold();
    this.#stopListening = connection.onStatus((status) => {
      if (status === "disconnected") this.#answers.hold();
      else if (status === "reconnected") this.#answers.release();
    });
  }

  stop(): void {
    this.#unsubscribe();
    for (const call of [...this.#served]) this.#reply(call, { id: call.id, error: "the host has stopped serving" });
    // After the last answers were sent.
    this.#deps.clock.soon(() => this.#stopListening());
  }

  #receive(error: Error | null, message: Msg): void {
    if (error) {
      this.#deps.warn("transport: calls not received", { host: this.#host, cause: error.message });
      return;
    }
    const { reply = "" } = message;
    const end = reply.lastIndexOf(".");
    // A host answers to reply subjects only, so that no caller can make it publish to any other subject.
    const isOurs = reply.startsWith(replyPrefix) && end > replyPrefix.length;
    const calls = isOurs ? decodeCalls(message.data, this.#deps.clock.nowMs()) : undefined;
    if (calls === undefined) {
      this.#deps.warn("transport: malformed batch of calls", { host: this.#host, bytes: message.data.length });
      return;
    }
    // The caller's subject with 0 in place of the number of its message: the answers may belong to several messages.
    const replyTo = `${reply.slice(0, end)}.0`;
    for (const call of calls) this.#serve(replyTo, call);
  }

  #serve(replyTo: string, { id, invocation }: IncomingCall): void {
    const { clock } = this.#deps;
    const call: ServedCall = { replyTo, id, endMs: clock.monotonicMs() + invocation.deadlineMs - clock.nowMs() };
    const hasPlace = this.#hasPlace();
    this.#served.add(call);
    if (!hasPlace) {
      const message = `host ${this.#host} already serves its maximum of calls`;
      this.#reply(call, { id, reply: { kind: "failed", error: "overloaded", message } });
      return;
    }
    try {
      this.#answer(invocation).then(
        (reply) => this.#reply(call, { id, reply }),
        (cause: unknown) => this.#fail(call, cause),
      );
    } catch (cause) {
      this.#fail(call, cause);
    }
  }

  #hasPlace(): boolean {
    const { clock, limits } = this.#deps;
    if (this.#served.size < limits.maxServedCalls) return true;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#purgedAtMs < purgePauseMs) return false;
    this.#purgedAtMs = nowMs;
    for (const call of this.#served) if (call.endMs <= nowMs) this.#served.delete(call); // transport-server/places
    return this.#served.size < limits.maxServedCalls;
  }

  #fail(call: ServedCall, cause: unknown): void {
    this.#deps.warn("transport: call not answered", { host: this.#host, error: cause });
    this.#reply(call, { id: call.id, error: "the host failed to answer" });
  }

  /** Does nothing when the call was answered before. */
  #reply(call: ServedCall, answer: Answer): void {
    if (!this.#served.delete(call)) return;
    let body = this.#encode(answer);
    let bytes = Buffer.byteLength(body) + frameBytes;
    if (bytes > maxPayloadBytes(this.#deps.connection)) {
      const message = `an answer of ${bytes} bytes is too large`;
      body = encodeAnswer({ id: call.id, reply: { kind: "failed", error: "too_large", message } });
      bytes = body.length + frameBytes;
    }
    if (this.#answers.bytes + bytes > this.#deps.limits.maxHeldBytes) {
      this.#deps.warn("transport: answers dropped, no connection", { host: this.#host });
      return;
    }
    this.#answers.add(call.replyTo, { body, bytes });
  }

  #encode(answer: Answer): string {
    try {
      return encodeAnswer(answer);
    } catch (cause) {
      this.#deps.warn("transport: answer not encodable", { host: this.#host, error: cause });
      return encodeAnswer({ id: answer.id, error: "the answer cannot be encoded as JSON" });
    }
  }

  #send(replyTo: string, answers: readonly EncodedAnswer[]): void {
    try {
      this.#deps.connection.client.publish(replyTo, encodeAnswers(answers));
    } catch (cause) {
      this.#deps.warn("transport: answers not sent", { host: this.#host, cause: String(cause) });
    }
  }
}
