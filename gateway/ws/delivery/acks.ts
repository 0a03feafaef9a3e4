// MESSAGE_ACK: what a device has. Acknowledgements are cumulative per socket and conversation, so one position is kept.
import { type ConversationId, conversationTypeOf, type MessageId, type UserId } from "../../../actors/shared/ids.ts";
import { newestSeqOf, versionOfSeq } from "../wire/ring.ts";
import type { Channel } from "./channel.ts";
import type { Listener, Receiver } from "./listener.ts";

interface AckDeps {
  findChannel(conversationId: ConversationId): Channel | undefined;
  /** A device of the user has every message of a 1:1 conversation up to `seq`. */
  delivered(conversationId: ConversationId, userId: UserId, seq: number): void;
}

export class Acks {
  #deps: AckDeps;

  constructor(deps: AckDeps) {
    this.#deps = deps;
  }

  /** `version`, when the client names it, confirms events behind the last message, too. */
  acknowledge(connection: Receiver, conversationId: ConversationId, seq: number, version: number | undefined): void {
    const channel = this.#deps.findChannel(conversationId);
    const listener = channel?.listeners.get(connection);
    if (channel && listener) this.#confirm(channel, listener, seq, version);
  }

  /** By message: confirms everything before each of them on this socket, too. */
  acknowledgeMessages(connection: Receiver, messageIds: readonly MessageId[]): void {
    // Each ring is walked once, however many ids there are: a frame must not cost more than its bytes.
    const ids = new Set(messageIds);
    for (const listener of connection.listeners ?? []) {
      const channel = this.#deps.findChannel(listener.channel.conversationId);
      if (channel === undefined) continue;
      const seq = Math.max(newestSeqOf(channel.ring.entries, ids), listener.late ? newestSeqOf(listener.late, ids) : 0);
      if (seq > 0) this.#confirm(channel, listener, seq, undefined);
    }
  }

  #confirm(channel: Channel, listener: Listener, claimedSeq: number, claimedVersion: number | undefined): void {
    // A device cannot confirm more than it was sent.
    const lastSeq = Math.max(channel.seq, listener.late?.at(-1)?.seq ?? 0);
    const seq = Math.min(claimedSeq, lastSeq);
    const version = Math.min(claimedVersion ?? confirmedVersion(channel, listener, seq), listener.position);
    const isNews = seq > listener.ackedSeq;
    listener.acknowledge(seq, version);
    const { userId } = listener.connection;
    if (isNews && conversationTypeOf(channel.conversationId) === "single" && userId !== "") {
      this.#deps.delivered(channel.conversationId, userId, seq);
    }
  }
}

function confirmedVersion(channel: Channel, listener: Listener, seq: number): number {
  const { late } = listener;
  if (listener.isLive && seq === channel.seq && channel.lastMessageVersion > 0) return channel.lastMessageVersion;
  const inRing = versionOfSeq(channel.ring.entries, seq);
  return inRing ?? (late && versionOfSeq(late, seq)) ?? listener.ackedVersion;
}
