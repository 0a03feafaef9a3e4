// Brings a device to the present: at connect, after notifications may have been lost, and every two minutes. The versions
// that the device holds are compared with the heads; only what differs is pulled. A hole that is not filled here is named
// in a sync.request: it is never passed over in silence.
import type { Reading } from "../../../actors/reading/contract.ts";
import type { Clock, Random } from "../../../actors/runtime/ports.ts";
import type { Vector } from "../../../actors/session/contract.ts";
import { type ConversationId, isGroupId, type UserId } from "../../../actors/shared/ids.ts";
import type { GatewayLimits } from "../../limits.ts";
import { complete, own } from "../delivery/ack-trust.ts";
import type { Channel } from "../delivery/channel.ts";
import type { Channels } from "../delivery/channels.ts";
import type { Listener } from "../delivery/listener.ts";
import { isGone } from "../delivery/pull.ts";
import { requestConversationSync, requestListSync } from "../delivery/sync-request.ts";
import { persist } from "../socket/persist.ts";
import { versionTable } from "../wire/version-table.ts";
import type { Hub } from "./hub.ts";
import type { Notices } from "./notices.ts";
import type { Progress } from "./progress.ts";
import type { UserConnection } from "./user-connection.ts";

interface CatchUpDeps {
  readonly reading: Pick<Reading, "present">;
  readonly channels: Channels;
  readonly hub: Hub;
  readonly progress: Progress;
  readonly notices: Pick<Notices, "release">;
  readonly clock: Pick<Clock, "nowMs" | "after">;
  readonly random: Pick<Random, "unit">;
  readonly limits: Pick<GatewayLimits, "sendDeadlineMs" | "maxPushAtConnect">;
}

/** The device as its session actor knows it. */
interface KnownDevice {
  /** The device was never seen. */
  readonly isNewDevice: boolean;
  /** What it holds. */
  readonly vector: Vector;
}

export class CatchUp {
  #deps: CatchUpDeps;

  constructor(deps: CatchUpDeps) {
    this.#deps = deps;
  }

  /**
   * What the device holds. A device that was never seen begins at the present. That is journaled before CONNECT_ACK: else a
   * device that loses its socket would begin again at a later present, and what came in between would never be sent.
   */
  async startOf(connection: UserConnection, { isNewDevice, vector }: KnownDevice, untilMs: number): Promise<Vector> {
    const { reading, progress } = this.#deps;
    const { wishes, userId } = connection;
    if (!isNewDevice || wishes.pullsItself) return vector;
    const patience = { untilMs, isWanted: () => !connection.isClosing };
    const present = await persist(this.#deps, patience, () => reading.present({ userId }));
    await persist(this.#deps, patience, () => progress.store(connection, present.vector));
    return present.vector;
  }

  /**
   * After CONNECT_ACK. `vector`: what the device holds. At most `maxPushAtConnect` messages are pushed; the rest is left to
   * the client's SYNC.
   */
  async run(connection: UserConnection, vector: Vector): Promise<void> {
    const { reading, channels } = this.#deps;
    const { wishes, userId } = connection;
    const present = await this.#patiently(connection, () => reading.present({ userId }));
    if (connection.isClosing) return; // else its listeners would never be dropped
    connection.baseline = versionTable((wishes.pullsItself ? present.vector : vector).conversations);
    connection.ackTrust = wishes.pullsItself ? own : complete;
    connection.lists.startAt(present.vector.userVersion);
    for (const conversationId of present.rooms) channels.join(connection, conversationId);
    if (!wishes.pullsItself) await this.#pushMissed(connection, vector, present.vector);
    this.#open(connection);
  }

  /** Compares all open connections of a user with the present. */
  async compare(userId: UserId): Promise<void> {
    const { vector, rooms } = await this.#deps.reading.present({ userId });
    for (const connection of [...this.#deps.hub.connections(userId)]) {
      if (connection.state.kind === "open") this.#compareOne(connection, vector, rooms);
    }
  }

  #compareOne(
    connection: UserConnection,
    { conversations, userVersion }: Vector,
    subjects: readonly ConversationId[],
  ): void {
    const { channels } = this.#deps;
    for (const [conversationId, version] of Object.entries(conversations)) {
      const channel = channels.find(conversationId);
      const known = channel?.listeners.get(connection);
      const held = known ? known.position : connection.baselineOf(conversationId);
      if (held >= version) continue;
      if (!channel || !known) channels.ensure(connection, conversationId, version);
      else if (known.isLive && channel.pull !== "running") void channels.pulls.forAll(channel);
    }
    for (const conversationId of subjects) channels.join(connection, conversationId);
    this.#recheckUnlisted(connection, conversations);
    connection.lists.exists(userVersion);
  }

  /** A conversation that the user's list does not name: the user may have been removed, and the notification lost. */
  #recheckUnlisted(connection: UserConnection, conversations: Vector["conversations"]): void {
    const { channels } = this.#deps;
    for (const listener of [...(connection.listeners ?? [])]) {
      const channel = channels.find(listener.channel.conversationId);
      const { kind } = listener.phase;
      const isBusy = kind === "pulling" || kind === "syncing";
      if (channel === undefined || channel.conversationId in conversations || isBusy) continue;
      if (listener.isLive || !channel.subject?.isAsking(listener)) channel.listeners.recheck(listener);
    }
  }

  async #pushMissed(connection: UserConnection, held: Vector, present: Vector): Promise<void> {
    const { channels, limits, clock } = this.#deps;
    if (held.userVersion < present.userVersion) requestListSync(connection, clock.nowMs(), present.userVersion);
    for (const conversationId of Object.keys(held.conversations)) {
      if (!(conversationId in present.conversations)) this.#sayLeft(connection, conversationId);
    }
    let budget = limits.maxPushAtConnect;
    for (const [conversationId, version] of Object.entries(present.conversations)) {
      const heldVersion = held.conversations[conversationId] ?? 0;
      if (heldVersion >= version || connection.isClosing) continue;
      const listener = channels.ensure(connection, conversationId, version);
      const channel = channels.find(conversationId);
      if (channel === undefined) continue;
      listener.startAt(heldVersion);
      if (budget > 0) budget -= await this.#push(connection, channel, listener, budget);
      else {
        requestConversationSync(connection, clock.nowMs(), conversationId);
        listener.startAt(version);
        // The user's list is a copy: the group is asked about membership before it delivers.
        if (isGroupId(conversationId)) channel.listeners.recheck(listener);
      }
    }
  }

  /** Answers how many frames were sent. */
  async #push(connection: UserConnection, channel: Channel, listener: Listener, budget: number): Promise<number> {
    const { pulls } = this.#deps.channels;
    try {
      const difference = await this.#patiently(connection, () =>
        pulls.ask(channel, connection.userId, listener.position, budget, false),
      );
      if (!channel.listeners.has(listener)) return 0;
      // A recheck was asked for after the question: it follows when the handshake is done.
      if (listener.phase.kind === "syncing" && listener.phase.recheck) return 0;
      return pulls.give(channel, listener, difference);
    } catch (thrown) {
      if (!isGone(thrown)) throw thrown;
      channel.listeners.drop(listener);
      return 0;
    }
  }

  /** Everything that waited goes on. */
  #open(connection: UserConnection): void {
    if (connection.state.kind !== "syncing") return;
    connection.transition({ type: "caught_up" });
    this.#deps.channels.synced(connection);
    this.#deps.notices.release(connection);
  }

  #sayLeft(connection: UserConnection, conversationId: ConversationId): void {
    connection.noteLeft(conversationId);
    connection.sendNotification("conversation_left", {
      sessionId: conversationId,
      timestamp: this.#deps.clock.nowMs(),
    });
  }

  /** The connection is served already: it is not closed because the host of an actor restarts. */
  #patiently<T>(connection: UserConnection, call: () => Promise<T>): Promise<T> {
    const untilMs = this.#deps.clock.nowMs() + this.#deps.limits.sendDeadlineMs;
    return persist(this.#deps, { untilMs, isWanted: () => !connection.isClosing }, call);
  }
}
