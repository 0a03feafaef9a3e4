// Every conversation somebody here listens to.
import { type ConversationId, isGroupId, type UserId } from "../../../actors/shared/ids.ts";
import type { FramedNotification } from "../../../actors/shared/notification.ts";
import type { Edge } from "../edge.ts";
import type { Connection } from "../socket/connection.ts";
import { frameOfNotification, type Versioned } from "../wire/version-frames.ts";
import { Channel } from "./channel.ts";
import { type Listener, unknownSeq } from "./listener.ts";
import { resendUnacked } from "./resend.ts";
import { attach, leaveRoom } from "./room.ts";

/** While a connection syncs it is not known how far its device is. */
export const unknownVersion = -1;
/** The tellings of one version leave in one tick: what has not come by then is lost. */
const untoldMs = 1_000;

export class Channels {
  #edge: Edge;
  #byId = new Map<ConversationId, Channel>();

  constructor(edge: Edge) {
    this.#edge = edge;
  }

  get size(): number {
    return this.#byId.size;
  }

  find(conversationId: ConversationId): Channel | undefined {
    return this.#byId.get(conversationId);
  }

  forget(channel: Channel): void {
    if (this.#byId.get(channel.conversationId) !== channel) return;
    this.#byId.delete(channel.conversationId);
    leaveRoom(channel);
  }

  /** A versioned event, with the local users it is for (none when it came on the conversation's own subject). */
  offer(notification: FramedNotification, versioned: Versioned, users: readonly UserId[]): void {
    const event = frameOfNotification(notification, versioned, users);
    const { conversationId } = versioned;
    let channel = this.#byId.get(conversationId);
    // Whoever it is for may have been removed since.
    const isLate = channel !== undefined && event.version <= channel.version && isGroupId(conversationId);
    for (const userId of users) {
      if (event.left.includes(userId)) continue; // he is told so by his own subject
      for (const connection of this.#edge.hub.connections(userId)) {
        if (!connection.isServed || channel?.listeners.has(connection)) continue;
        const seqBefore = event.seq - (event.messageId === undefined ? 0 : 1);
        channel ??= this.#open(conversationId, event.version - 1, seqBefore);
        const isNew = event.joined.includes(userId);
        this.#listen(channel, connection, isNew ? event.version - 1 : undefined, isLate);
      }
    }
    if (channel === undefined) return;
    channel.offer(event);
    if (notification.type === "session.fanout_changed" && notification.data.fanout === "conversation") {
      this.#turnIntoRoom(channel);
    }
  }

  /**
   * The listener of a connection, made when there is none: its user's list names the conversation. `version` opens the
   * channel when nobody listens yet. Of a group the list may say so wrongly (N4 of sync.ts): then it is asked first.
   */
  ensure(connection: Connection, conversationId: ConversationId, version: number): Listener {
    const channel = this.#byId.get(conversationId) ?? this.#open(conversationId, version, unknownSeq);
    const isDoubted = connection.state === "open" && isGroupId(conversationId);
    return channel.listeners.get(connection) ?? this.#listen(channel, connection, undefined, isDoubted);
  }

  /** The connection's user is said to be in this room. */
  join(connection: Connection, conversationId: ConversationId): void {
    const known = this.#byId.get(conversationId)?.listeners.get(connection);
    if (known?.channel.room && known.isAdmitted) return;
    const listener = known ?? this.ensure(connection, conversationId, 0);
    attach(listener.channel, listener);
  }

  /** A new member hears everything from his joining on. `isPast`: he may have been removed since. */
  welcome(channel: Channel, userId: UserId, version: number, isPast: boolean): void {
    const isDoubted = isPast && isGroupId(channel.conversationId);
    for (const connection of this.#edge.hub.connections(userId)) {
      if (!connection.isServed || channel.listeners.has(connection)) continue;
      this.#listen(channel, connection, version, isDoubted);
    }
  }

  /** The user's list says he is out: the conversation is asked, for he may be in again. */
  recheck(userId: UserId, conversationId: ConversationId): void {
    const channel = this.#byId.get(conversationId);
    for (const connection of this.#edge.hub.connections(userId)) {
      connection.noteLeft(conversationId);
      const listener = channel?.listeners.get(connection);
      if (channel === undefined || listener === undefined) continue;
      // What is under way for it may have been answered before.
      if (listener.isBusy) listener.isDoubted = true;
      else channel.doubt(listener);
    }
  }

  /** The socket is gone, or must hear nothing more. */
  leave(connection: Connection): void {
    for (const listener of connection.listeners ?? []) listener.channel.drop(listener);
  }

  sweep(nowMs: number): void {
    for (const channel of [...this.#byId.values()]) {
      resendUnacked(channel, nowMs);
      channel.heal();
      channel.askUntold(untoldMs);
      if (channel.apart.size > 0) channel.settleAll();
    }
  }

  #open(conversationId: ConversationId, version: number, seq: number): Channel {
    const channel = new Channel(this.#edge, conversationId, version, seq);
    this.#byId.set(conversationId, channel);
    return channel;
  }

  /** Without `version` it is what the device held at connect. */
  #listen(channel: Channel, connection: Connection, version: number | undefined, isDoubted = false): Listener {
    const isSyncing = connection.state === "syncing";
    const held = isSyncing ? unknownVersion : (connection.baseline?.find(channel.conversationId) ?? 0);
    const listener = channel.listen(connection, version ?? held, isSyncing);
    listener.isDoubted = isDoubted || connection.hasLeft(channel.conversationId);
    if (channel.room) attach(channel, listener);
    else channel.settle(listener);
    return listener;
  }

  #turnIntoRoom(channel: Channel): void {
    if (channel.room) return;
    for (const listener of [...channel.listeners.values()]) attach(channel, listener);
  }
}
