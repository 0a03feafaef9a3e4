// Every conversation that a connection of this gateway listens to.
import type { Reading } from "../../../actors/reading/contract.ts";
import type { Actors } from "../../../actors/runtime/actors.ts";
import type { Clock } from "../../../actors/runtime/ports.ts";
import { Gate } from "../../../actors/shared/gate.ts";
import { type ConversationId, isGroupId, type UserId } from "../../../actors/shared/ids.ts";
import type { FramedNotification } from "../../../actors/shared/notification.ts";
import type { GatewayLimits } from "../../limits.ts";
import type { GatewayMetrics, Log, NotificationSource } from "../../ports.ts";
import type { Writer } from "../socket/writer.ts";
import { frameOfNotification, type Versioned } from "../wire/version-frames.ts";
import { Channel, type ChannelDeps } from "./channel.ts";
import { type ListenedChannel, type Listener, type Receiver, unknownSeq, unknownVersion } from "./listener.ts";
import { lookForRoom } from "./pace.ts";
import { Pulls } from "./pull.ts";
import { resendUnacked } from "./resend.ts";
import { Subjects } from "./subject.ts";

interface DeliveryDeps {
  readonly actors: Actors;
  readonly reading: Pick<Reading, "difference">;
  readonly notifications: Pick<NotificationSource, "addConversation" | "removeConversation">;
  readonly clock: Pick<Clock, "nowMs" | "after">;
  readonly limits: GatewayLimits;
  readonly metrics: Pick<GatewayMetrics, "gap">;
  readonly log: Pick<Log, "warn">;
  readonly writer: Writer;
  elapsedMs(): number;
  /** Connections of a user on this gateway. */
  receiversOf(userId: UserId): readonly Receiver[];
}

/** Differences read at one time: after a gap of the notification bus thousands may be due, and actors serve others, too. */
const pullsAtOnce = 64;
/** Variants of one version are published in one tick: a variant that has not come by then is lost. */
const variantsMs = 1_000;

export class Channels {
  readonly pulls: Pulls;
  #deps: DeliveryDeps;
  #subjects: Subjects;
  #channelDeps: ChannelDeps;
  #byId = new Map<ConversationId, Channel>();

  constructor(deps: DeliveryDeps) {
    this.#deps = deps;
    this.pulls = new Pulls({ ...deps, gate: new Gate(pullsAtOnce) });
    const pullForAll = (channel: Channel) => void this.pulls.forAll(channel);
    this.#subjects = new Subjects({ ...deps, pullForAll, findChannel: (id) => this.find(id) });
    this.#channelDeps = {
      writer: deps.writer,
      maxUnacked: deps.limits.maxUnacked,
      elapsedMs: deps.elapsedMs,
      receiversOf: deps.receiversOf,
      pullForAll,
      pullForOne: (listener) => this.#withChannel(listener, (channel) => void this.pulls.forOne(channel, listener)),
      askMembership: (listener) => this.#withChannel(listener, (channel) => this.#subjects.attach(channel, listener)),
      welcome: (channel, userId, version, isPast) => this.#welcome(channel, userId, version, isPast),
      settle: (listener) => this.#settle(listener),
      forget: (channel) => this.#forget(channel),
    };
  }

  find(conversationId: ConversationId): Channel | undefined {
    return this.#byId.get(conversationId);
  }

  /** The connection's listener in a conversation. */
  listenerOf(connection: Receiver, conversationId: ConversationId): Listener | undefined {
    return this.#byId.get(conversationId)?.listeners.get(connection);
  }

  /** A versioned event. `users`: its targets on this gateway; none when it came on the conversation's own subject. */
  offer(notification: FramedNotification, versioned: Versioned, users: readonly UserId[]): void {
    const event = frameOfNotification(notification, versioned, users);
    const { conversationId } = versioned;
    let channel = this.#byId.get(conversationId);
    // A target of a late event may have been removed since.
    const isLate = channel !== undefined && event.version <= channel.version && isGroupId(conversationId);
    for (const userId of users) {
      if (event.left.includes(userId)) continue; // the user's own subject says so
      for (const connection of this.#deps.receiversOf(userId)) {
        if (!connection.isServed || channel?.listeners.get(connection)) continue;
        const seqBefore = event.seq - (event.messageId === undefined ? 0 : 1);
        channel ??= this.#open(conversationId, event.version - 1, seqBefore);
        const isNew = event.joined.includes(userId);
        this.#listen(channel, connection, isNew ? event.version - 1 : undefined, isLate);
      }
    }
    if (channel === undefined) return;
    channel.offer(event);
    if (notification.type === "session.fanout_changed" && notification.data.fanout === "conversation") {
      this.#moveToSubject(channel);
    }
  }

  /**
   * The listener of a connection whose user's list names the conversation, made if there is none. `version` opens the
   * channel when it has no listener yet. A user's list is a copy, so a group is asked about membership first.
   */
  ensure(connection: Receiver, conversationId: ConversationId, version: number): Listener {
    const channel = this.#byId.get(conversationId) ?? this.#open(conversationId, version, unknownSeq);
    const mustRecheck = connection.state.kind === "open" && isGroupId(conversationId);
    return channel.listeners.get(connection) ?? this.#listen(channel, connection, undefined, mustRecheck);
  }

  /** The connection's user is said to be a member of a conversation with its own subject. */
  join(connection: Receiver, conversationId: ConversationId): void {
    const channel = this.#byId.get(conversationId);
    const known = channel?.listeners.get(connection);
    if (channel?.subject && known && (known.isLive || !channel.subject.isAsking(known))) return;
    const listener = known ?? this.ensure(connection, conversationId, 0);
    const joined = channel ?? this.#byId.get(conversationId);
    if (joined) this.#subjects.attach(joined, listener);
  }

  /** The user's list says that the user left: the conversation is asked, as the user may have joined again. */
  recheck(userId: UserId, conversationId: ConversationId): void {
    const channel = this.#byId.get(conversationId);
    for (const connection of this.#deps.receiversOf(userId)) {
      connection.noteLeft(conversationId);
      const listener = channel?.listeners.get(connection);
      if (channel && listener) channel.listeners.recheck(listener);
    }
  }

  /** The connection is closing. */
  leave(connection: Receiver): void {
    for (const { channel } of connection.listeners ?? []) {
      const listener = this.listenerOf(connection, channel.conversationId);
      if (listener) this.find(channel.conversationId)?.listeners.drop(listener);
    }
  }

  /** The handshake is done: every listener goes on from what the device held. */
  synced(connection: Receiver): void {
    for (const listener of [...(connection.listeners ?? [])]) {
      this.find(listener.channel.conversationId)?.listeners.synced(listener);
    }
  }

  sweep(nowMs: number): void {
    for (const channel of [...this.#byId.values()]) {
      resendUnacked(this.#deps, channel, nowMs);
      channel.heal();
      channel.pullVariants(variantsMs);
      if (channel.listeners.hasLagging) channel.listeners.settleAll();
    }
  }

  /** "stalled": the client has taken nothing for too long. */
  sweepConnection(connection: Receiver, nowMs: number): "ok" | "stalled" {
    return lookForRoom(connection, nowMs, this.#channelDeps.settle);
  }

  #forget(forgotten: ListenedChannel): void {
    const channel = this.#byId.get(forgotten.conversationId);
    if (channel === undefined || channel !== forgotten) return;
    this.#byId.delete(channel.conversationId);
    this.#subjects.leave(channel);
  }

  #settle({ channel: { conversationId }, connection }: Listener): void {
    const channel = this.#byId.get(conversationId);
    const listener = channel?.listeners.get(connection);
    if (channel && listener) channel.listeners.settle(listener);
  }

  #withChannel(listener: Listener, run: (channel: Channel) => void): void {
    const channel = this.#byId.get(listener.channel.conversationId);
    if (channel?.listeners.has(listener)) run(channel);
  }

  #welcome(channel: Channel, userId: UserId, version: number, isPast: boolean): void {
    const { conversationId } = channel;
    const current = this.#byId.get(conversationId);
    if (current !== undefined && current !== channel) return; // the channel was forgotten while it was pulled
    const mustRecheck = isPast && isGroupId(conversationId);
    for (const connection of this.#deps.receiversOf(userId)) {
      if (!connection.isServed || channel.listeners.get(connection)) continue;
      // An earlier event of the same pull may have removed the last listener.
      if (!this.#byId.has(conversationId)) this.#byId.set(conversationId, channel);
      this.#listen(channel, connection, version, mustRecheck);
    }
  }

  #open(conversationId: ConversationId, version: number, seq: number): Channel {
    const channel = new Channel(this.#channelDeps, conversationId, version, seq);
    this.#byId.set(conversationId, channel);
    return channel;
  }

  /** Without `version` the listener begins at what the device held at connect. */
  #listen(channel: Channel, connection: Receiver, version: number | undefined, mustRecheck: boolean): Listener {
    const { conversationId } = channel;
    const held = connection.state.kind === "syncing" ? unknownVersion : connection.baselineOf(conversationId);
    const listener = channel.listeners.add(
      connection,
      version ?? held,
      mustRecheck || connection.hasLeft(conversationId),
    );
    if (channel.subject) this.#subjects.attach(channel, listener);
    else channel.listeners.settle(listener);
    return listener;
  }

  #moveToSubject(channel: Channel): void {
    if (channel.subject) return;
    for (const listener of [...channel.listeners]) this.#subjects.attach(channel, listener);
  }
}
