// Builds rows as projectors write them, for the suites of the views.
import type { MessagePatchRow, MessageRow, Row, RowOf, Views } from "../../actors/runtime/ports.ts";

export const pair = "s_7000000000000001_7000000000000002";
export const alice = "7000000000000001";
export const bob = "7000000000000002";
/** 2026-01-01. */
export const startMs = 1_767_225_600_000;
export const dayOf = (atMs: number): number => Math.floor(atMs / 86_400_000);

export const stampOf = (seq: number): number => 5_000_000_000_000_000 + seq * 10;

export function message(seq: number, text: string, with_: Partial<MessageRow> = {}): MessageRow {
  return {
    table: "messages",
    conversationId: pair,
    bucket: 1,
    seq,
    stamp: stampOf(seq),
    messageId: String(stampOf(seq)),
    senderId: alice,
    version: seq,
    atMs: startMs + seq * 1_000,
    contentType: "text",
    content: JSON.stringify({ text }),
    extra: JSON.stringify({ clientMsgId: `client-${seq}`, senderName: "Alice", senderAvatar: "a.png" }),
    terms: ` ${text.toLowerCase().split(" ").join(" ")} `,
    ...with_,
  };
}

/** The row that projectors write with the first message of a bucket. */
export function bucket(number: number, firstSeq: number, fromMs = startMs + firstSeq * 1_000): RowOf<"buckets"> {
  return { table: "buckets", conversationId: pair, bucket: number, firstSeq, fromMs, stamp: stampOf(firstSeq) };
}

export function patch(seq: number, stamp: number, with_: Partial<MessagePatchRow> = {}): MessagePatchRow {
  return {
    table: "message_patches",
    conversationId: pair,
    bucket: 1,
    seq,
    stamp,
    status: "edited",
    content: JSON.stringify({ text: `edited at ${stamp}` }),
    terms: " edited ",
    atMs: startMs + stamp - stampOf(seq),
    ...with_,
  };
}

export function send(seq: number, with_: Partial<RowOf<"sends">> = {}): RowOf<"sends"> {
  return {
    table: "sends",
    conversationId: pair,
    day: dayOf(startMs + seq * 1_000),
    senderId: alice,
    clientMsgId: `client-${seq}`,
    messageId: String(stampOf(seq)),
    seq,
    hash: 1_000 + seq,
    stamp: stampOf(seq),
    ...with_,
  };
}

export function record(n: number, key = pair): RowOf<"actor_events"> {
  const text = JSON.stringify({ kind: "conversation", key, n, events: [{ type: "sent", text: "\n 你好" }] });
  return { table: "actor_events", kind: "conversation", key, n, stamp: stampOf(n), record: text };
}

export function snapshot(n: number, key = pair): RowOf<"snapshots"> {
  return { table: "snapshots", kind: "conversation", key, n, stamp: stampOf(n), state: JSON.stringify({ n }) };
}

export function write(views: Views, ...rows: Row[]): Promise<void> {
  return views.write({ rows, marks: [] });
}
