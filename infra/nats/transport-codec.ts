// Calls and answers between hosts, as JSON:
//   calls   {v: 1, calls: [{id, ms, call: {to, method, input, …}}]}      ms: the time left, because the hosts' clocks differ
//   replies {v: 1, replies: [{id, reply} | {id, error}]}                 error: why the host did not answer the call
// Plain data is decoded as it was encoded, except that a property with the value undefined is absent.
import type { Invocation, Reply } from "../../actors/runtime/invocation.ts";
import { kinds } from "../../actors/runtime/kinds.ts";

export type Answer = { readonly id: number; readonly reply: Reply } | { readonly id: number; readonly error: string };
export interface IncomingCall {
  readonly id: number;
  readonly invocation: Invocation;
}

/** Upper bound of the JSON around the items of a message, and of the JSON around one item's body. */
export const frameBytes = 64;

/** Encodes all fields but the deadline. Throws a TypeError for an input that is no plain data. */
export function encodeCallBody({
  to,
  method,
  input,
  commandId,
  traceId,
  sizeBytes,
  from,
  askedBy,
}: Invocation): string {
  return JSON.stringify({ to, method, input, commandId, traceId, sizeBytes, from, askedBy });
}

export function encodeCalls(calls: readonly { id: number; leftMs: number; body: string }[]): string {
  return `{"v":1,"calls":[${calls.map(({ id, leftMs, body }) => `{"id":${id},"ms":${leftMs},"call":${body}}`).join()}]}`;
}

export function encodeAnswer(answer: Answer): string {
  return JSON.stringify(answer);
}

export function encodeAnswers(answers: readonly { body: string }[]): string {
  return `{"v":1,"replies":[${answers.map(({ body }) => body).join()}]}`;
}

/** Undefined when any part of the message is malformed or of another version. */
export function decodeCalls(payload: Uint8Array, nowMs: number): IncomingCall[] | undefined {
  const message = parse(payload);
  if (!isRecord(message) || message.v !== 1 || !Array.isArray(message.calls)) return undefined;
  const calls: IncomingCall[] = [];
  for (const item of message.calls) {
    if (!isRecord(item) || !Number.isSafeInteger(item.id) || typeof item.ms !== "number") return undefined;
    const { id, ms, call } = item;
    if (!isCall(call)) return undefined;
    call.deadlineMs = nowMs + ms;
    // JSON has no `undefined`: an absent input was undefined.
    if (!("input" in call)) call.input = undefined;
    calls.push({ id: id as number, invocation: call as unknown as Invocation });
  }
  return calls;
}

export function decodeAnswers(payload: Uint8Array): Answer[] | undefined {
  const message = parse(payload);
  if (!isRecord(message) || message.v !== 1 || !Array.isArray(message.replies)) return undefined;
  for (const item of message.replies) {
    if (!isRecord(item) || !Number.isSafeInteger(item.id)) return undefined;
    if (typeof item.error === "string") continue;
    if (!isReply(item.reply)) return undefined;
    if (item.reply.kind === "ok" && !("value" in item.reply)) item.reply.value = undefined;
  }
  return message.replies as Answer[];
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString());
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCall(call: unknown): call is Record<string, unknown> {
  if (!isRecord(call) || typeof call.method !== "string" || !isRecord(call.to)) return false;
  const { kind, key } = call.to;
  return typeof key === "string" && (kinds as readonly unknown[]).includes(kind);
}

function isReply(reply: unknown): reply is Record<string, unknown> & { kind: "ok" | "refused" | "failed" } {
  if (!isRecord(reply)) return false;
  if (reply.kind === "ok") return true;
  return (reply.kind === "refused" || reply.kind === "failed") && typeof reply.error === "string";
}
