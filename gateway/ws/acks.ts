// MESSAGE_ACK: how far a device is. Cumulative per socket and conversation, so a position is all that is kept.
import type { ConversationId, MessageId } from "../../actors/shared/ids.ts";
import type { Connection } from "./connection.ts";
import type { Listener } from "./listener.ts";
import { seqOfMessage, versionOfSeq } from "./ring.ts";

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
  for (const listener of connection.listeners ?? []) {
    let seq = 0;
    for (const messageId of messageIds) seq = Math.max(seq, findSeq(listener, messageId) ?? 0);
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
  if (!isNews || !channel.conversationId.startsWith("s_") || connection.caller === undefined) return;
  connection.edge.readMarks.delivered(channel.conversationId, connection.caller.userId, seq);
}

function confirmedVersion(listener: Listener, seq: number): number {
  const { channel, late } = listener;
  if (listener.isLive && seq === channel.seq && channel.lastMessageVersion > 0) return channel.lastMessageVersion;
  const inRing = versionOfSeq(channel.ring.entries, seq);
  return inRing ?? (late && versionOfSeq(late, seq)) ?? listener.ackedVersion;
}

function findSeq({ channel, late }: Listener, messageId: MessageId): number | undefined {
  return seqOfMessage(channel.ring.entries, messageId) ?? (late && seqOfMessage(late, messageId));
}
