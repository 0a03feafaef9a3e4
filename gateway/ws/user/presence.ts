// Presence of users as other users watch it. A subscription is a wish: it is judged again whenever a setting, a block or a
// friendship changes, so that a user who was hidden appears again. Only friends, and users who show it to everybody, are
// shown; a hidden user looks like one who is offline (G11). Presence is read in batches at a fixed pace, so that a storm
// of logins costs the watchers nothing more. A user counts as offline after two readings without the user, so that a device
// that connects again at once changes nothing for the watchers.
import type { Actors } from "../../../actors/runtime/actors.ts";
import type { Clock } from "../../../actors/runtime/ports.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { Gate } from "../../../actors/shared/gate.ts";
import { isStampId, type UserId } from "../../../actors/shared/ids.ts";
import { visibilitySubject } from "../../../actors/user/contract.ts";
import { findPresence } from "../../kit/known-presence.ts";
import type { Log, NotificationSource, Presence } from "../../ports.ts";
import type { Writer } from "../socket/writer.ts";
import type { Hub } from "./hub.ts";
import { PresenceWish } from "./presence-wish.ts";
import type { UserConnection } from "./user-connection.ts";
import { findVisible, type PresenceState, presenceFrame } from "./visible-presence.ts";
import { notKnownYet, type Watched } from "./watched.ts";

interface PresenceDeps {
  readonly actors: Actors;
  readonly presence: Presence;
  readonly notifications: Pick<NotificationSource, "addConversation">;
  readonly hub: Hub;
  readonly writer: Writer;
  readonly clock: Pick<Clock, "nowMs" | "after">;
  readonly log: Log;
  readonly maxPresenceSubscriptions: number;
}

const pollEveryMs = 2_000;
/** Users looked up in one poll; further ones take turns. */
const maxPolled = 2_000;
/** Users asked about their settings at one time, by all wishes together. */
const asksAtOnce = 16;
/** Queued wishes judged at one time: thousands may be queued, and a client that subscribes now must not wait for them. */
const queuedAtOnce = 4;

export class PresenceWatch {
  #deps: PresenceDeps;
  #watched = new Map<UserId, Watched>();
  #gate = new Gate(asksAtOnce);
  #isTimed = false;
  #pollQueue: UserId[] = [];
  /** Connections whose wish is judged by the next polls: a judgement failed, or notifications may have been lost. */
  #judgeQueue = new Set<UserConnection>();
  /** Queued wishes that are being judged. */
  #queuedRunning = 0;

  constructor(deps: PresenceDeps) {
    this.#deps = deps;
  }

  /** Replaces the connection's wish at once, and sends the present state of each shown user. Throws common.too_many. */
  async subscribe(connection: UserConnection, userIds: readonly UserId[]): Promise<void> {
    const { maxPresenceSubscriptions } = this.#deps;
    const wish = new PresenceWish(userIds.filter(isStampId));
    if (wish.wanted.size > maxPresenceSubscriptions) {
      throw new DomainError("common.too_many", { details: { maxPresenceSubscriptions } });
    }
    this.drop(connection);
    connection.asksForPresence = true;
    if (wish.wanted.size === 0) return;
    try {
      await this.#watch(connection, wish);
      await this.#judgeWish(connection, wish);
    } catch (thrown) {
      if (connection.presence === wish) this.drop(connection);
      throw thrown;
    }
  }

  /** Until the device subscribes by itself, it is sent which of these friends are online. Answers how many are online now. */
  async follow(connection: UserConnection, friends: readonly UserId[]): Promise<number> {
    if (connection.asksForPresence || connection.state.kind !== "open") return 0;
    const wish = new PresenceWish(friends.filter(isStampId).slice(0, this.#deps.maxPresenceSubscriptions), true);
    // Also without friends: the first one is added to this wish.
    await this.#watch(connection, wish);
    if (wish.wanted.size === 0) return 0;
    const found = await findPresence(this.#deps, [...wish.wanted]);
    for (const [userId, { isOnline }] of found ?? []) if (isOnline) wish.judge(userId);
    const count = wish.due.size;
    await this.#judgeOrQueue(connection, wish);
    return count;
  }

  /** A new friend of a user whose devices follow their friends. */
  befriended(viewerId: UserId, userId: UserId): void {
    for (const connection of this.#deps.hub.connections(viewerId)) {
      const wish = connection.presence;
      if (!wish?.isUnasked || wish.wanted.size >= this.#deps.maxPresenceSubscriptions) continue;
      wish.wanted.add(userId);
      this.#watchersOf(userId).add(connection);
      void this.#begin().catch((thrown: unknown) => {
        this.#deps.log.warn("presence: changes of visibility are not heard yet", { cause: String(thrown) });
      });
    }
  }

  drop(connection: UserConnection): void {
    for (const userId of connection.presence?.wanted ?? []) {
      const watched = this.#watched.get(userId);
      watched?.watchers.delete(connection);
      if (watched?.watchers.size === 0) this.#watched.delete(userId);
    }
    connection.presence = undefined;
    this.#judgeQueue.delete(connection);
  }

  /** The presence that `viewerId` may see of `userId` (undefined: of any user) may have changed. */
  judge(viewerId: UserId, userId: UserId | undefined): void {
    for (const connection of this.#deps.hub.connections(viewerId)) this.#judgeAgain(connection, userId);
  }

  /** The presence of `userId` may be visible to other watchers than before. */
  judgeWatchersOf(userId: UserId): void {
    for (const connection of this.#watched.get(userId)?.watchers ?? []) this.#judgeAgain(connection, userId);
  }

  /** Notifications may have been lost: every wish is judged again, a few at a time. */
  judgeAll(): void {
    for (const { watchers } of this.#watched.values()) {
      for (const connection of watchers) {
        const { wanted = [], absent } = connection.presence ?? {};
        for (const userId of wanted) if (!absent?.has(userId)) connection.presence?.due.add(userId);
        this.#judgeQueue.add(connection);
      }
    }
  }

  #judgeAgain(connection: UserConnection, userId: UserId | undefined): void {
    const wish = connection.presence;
    if (wish === undefined) return;
    const changed = userId === undefined ? wish.wanted : [userId].filter((each) => wish.wanted.has(each));
    for (const each of changed) if (userId !== undefined || !wish.absent.has(each)) wish.judge(each);
    if (wish.due.size > 0) void this.#judgeOrQueue(connection, wish);
  }

  /** False: the answer is not known, and the wish is queued. */
  async #judgeOrQueue(connection: UserConnection, wish: PresenceWish): Promise<boolean> {
    try {
      await this.#judgeWish(connection, wish);
      return true;
    } catch (thrown) {
      this.#deps.log.warn("presence: visibility not known", { userId: connection.userId, cause: String(thrown) });
      if (connection.presence === wish) this.#judgeQueue.add(connection);
      return false;
    }
  }

  /** One judgement of a wish at a time, so that the newest answer stands. */
  #judgeWish(connection: UserConnection, wish: PresenceWish): Promise<void> {
    if (wish.due.size === 0) return Promise.resolve();
    wish.judging ??= this.#judgeDue(connection, wish);
    return wish.judging;
  }

  async #judgeDue(connection: UserConnection, wish: PresenceWish): Promise<void> {
    let userIds: UserId[] = [];
    try {
      while (wish.due.size > 0 && connection.presence === wish) {
        userIds = [...wish.due];
        wish.due.clear();
        const visible = await findVisible(this.#deps.actors, this.#gate, connection.userId, userIds);
        if (connection.presence !== wish) return;
        // A user who is due again by now is judged by the next answer.
        const judged = userIds.filter((userId) => !wish.due.has(userId));
        this.#hide(
          connection,
          wish,
          judged.filter((userId) => !visible.has(userId)),
        );
        await this.#show(
          connection,
          wish,
          judged.filter((userId) => visible.has(userId) && !wish.shown.has(userId)),
        );
      }
    } catch (thrown) {
      for (const userId of userIds) wish.due.add(userId);
      if (connection.presence === wish) this.#hide(connection, wish, userIds); // without an answer no user is shown
      throw thrown;
    } finally {
      wish.judging = undefined;
    }
  }

  #hide(connection: UserConnection, wish: PresenceWish, userIds: readonly UserId[]): void {
    for (const userId of userIds) if (wish.shown.delete(userId)) this.#send(userId, undefined, [connection]);
  }

  async #show(connection: UserConnection, wish: PresenceWish, userIds: readonly UserId[]): Promise<void> {
    if (userIds.length === 0) return;
    for (const userId of userIds) wish.shown.add(userId);
    const found = await findPresence(this.#deps, userIds);
    if (connection.presence !== wish) return;
    for (const userId of userIds) {
      const watched = this.#watched.get(userId);
      const state = found?.get(userId);
      if (found === undefined) {
        if (watched) watched.isKnown = false; // the next poll that finds it sends it
        continue;
      }
      if (watched && !watched.isKnown) this.#learn(userId, watched, state?.isOnline === true);
      // A poll that finds the user again sends nothing, so this device is sent what the others see.
      if (wish.shown.has(userId)) this.#send(userId, state, [connection]);
    }
  }

  async #watch(connection: UserConnection, wish: PresenceWish): Promise<void> {
    connection.presence = wish;
    if (wish.wanted.size === 0) return;
    for (const userId of wish.wanted) this.#watchersOf(userId).add(connection);
    await this.#begin();
  }

  async #begin(): Promise<void> {
    this.#arm();
    // Before the settings are read: a change after that is published.
    await this.#deps.notifications.addConversation(visibilitySubject);
  }

  #watchersOf(userId: UserId): Set<UserConnection> {
    let watched = this.#watched.get(userId);
    if (watched === undefined) {
      watched = notKnownYet();
      this.#watched.set(userId, watched);
    }
    return watched.watchers;
  }

  #arm(): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    this.#deps.clock.after(pollEveryMs, () => {
      this.#isTimed = false;
      if (this.#watched.size === 0) return;
      this.#judgeQueued();
      this.#poll().catch((thrown: unknown) => {
        this.#deps.log.warn("presence: poll failed", { cause: String(thrown) });
      });
      this.#arm();
    });
  }

  /** One after the other while they succeed; after a failure the next poll goes on. */
  #judgeQueued(): void {
    for (const connection of this.#judgeQueue) {
      if (this.#queuedRunning >= queuedAtOnce) return;
      this.#judgeQueue.delete(connection);
      if (connection.presence === undefined) continue;
      this.#queuedRunning += 1;
      void this.#judgeOrQueue(connection, connection.presence).then((isJudged) => {
        this.#queuedRunning -= 1;
        if (isJudged) this.#judgeQueued();
      });
    }
  }

  async #poll(): Promise<void> {
    if (this.#pollQueue.length === 0) this.#pollQueue = [...this.#watched.keys()];
    const userIds = this.#pollQueue.splice(0, maxPolled);
    const found = await findPresence(this.#deps, userIds);
    if (found === undefined) return;
    for (const userId of userIds) {
      const watched = this.#watched.get(userId);
      if (watched === undefined) continue;
      const state = found.get(userId);
      const isOnline = state?.isOnline === true;
      const isFirstMiss = watched.isOnline && !isOnline && !watched.isLeaving;
      watched.isLeaving = isFirstMiss;
      if (isFirstMiss || (watched.isKnown && watched.isOnline === isOnline)) continue;
      const shown = [...watched.watchers].filter(({ presence }) => presence?.shown.has(userId));
      this.#learn(userId, watched, isOnline);
      this.#send(userId, state, shown);
    }
    this.#judgeQueued();
  }

  #learn(userId: UserId, watched: Watched, isOnline: boolean): void {
    const hasCome = isOnline && !watched.isOnline;
    watched.isKnown = true;
    watched.isOnline = isOnline;
    if (!hasCome) return;
    for (const connection of watched.watchers) {
      if (!connection.presence?.absent.has(userId)) continue;
      connection.presence.judge(userId);
      this.#judgeQueue.add(connection);
    }
  }

  #send(userId: UserId, state: PresenceState | undefined, connections: readonly UserConnection[]): void {
    if (connections.length === 0) return;
    const frame = presenceFrame(userId, state, this.#deps.clock.nowMs());
    for (const connection of connections) this.#deps.writer.sendLow(connection, frame);
  }
}
