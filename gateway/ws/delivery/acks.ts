// MESSAGE_ACK: how far a device is. Cumulative per socket and conversation, so a position is all that is kept.
import { type ConversationId, conversationTypeOf, type MessageId } from "../../../actors/shared/ids.ts";
import type { Connection } from "../socket/connection.ts";
import { newestSeqOf, versionOfSeq } from "../wire/ring.ts";
import type { Listener } from "./listener.ts";

/** `version` when the client says it: it confirms events behind the last message, too. */
export function acknowledge(
  connection: Connection,
  conversationId: ConversationId,
  seq: number,
  version: number | undefined,
): void {
  const listener = connection.edge.channels.find(conversationId)?.listeners.get(connection);
  if (listener) confirm(listener, seq, version);
}

/** By message, as the seed writes it: confirms what came before each on this socket, too. */
export function acknowledgeMessages(connection: Connection, messageIds: readonly MessageId[]): void {
  // Each ring is walked once, however many ids there are: a frame must not cost more than its bytes.
  const ids = new Set(messageIds);
  for (const listener of connection.listeners ?? []) {
    const seq = findNewestSeq(listener, ids);
    if (seq > 0) confirm(listener, seq, undefined);
  }
}

function confirm(listener: Listener, claimedSeq: number, claimedVersion: number | undefined): void {
  const { channel, connection } = listener;
  // Nobody confirms what he was not sent.
  const lastSeq = Math.max(channel.seq, listener.late?.at(-1)?.seq ?? 0);
  const seq = Math.min(claimedSeq, lastSeq);
  const version = Math.min(claimedVersion ?? confirmedVersion(listener, seq), listener.heldVersion);
  const isNews = seq > listener.ackedSeq;
  listener.acknowledge(seq, version);
  if (!isNews || conversationTypeOf(channel.conversationId) !== "single" || connection.caller === undefined) return;
  connection.edge.readMarks.delivered(channel.conversationId, connection.caller.userId, seq);
}

function confirmedVersion(listener: Listener, seq: number): number {
  const { channel, late } = listener;
  if (listener.isLive && seq === channel.seq && channel.lastMessageVersion > 0) return channel.lastMessageVersion;
  const inRing = versionOfSeq(channel.ring.entries, seq);
  return inRing ?? (late && versionOfSeq(late, seq)) ?? listener.ackedVersion;
}

function findNewestSeq({ channel, late }: Listener, ids: ReadonlySet<MessageId>): number {
  return Math.max(newestSeqOf(channel.ring.entries, ids), late ? newestSeqOf(late, ids) : 0);
}
