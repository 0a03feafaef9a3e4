// Who watches whose presence, and what they are told.
// O1: only friends, and users who show it to everybody; those who show it to nobody, or blocked who asks, are never told
//     of (G11).
// O2: presence is read in batches at a fixed pace, whatever happens: a storm of logins costs its watchers nothing more.
import { DomainError } from "../../../actors/shared/errors.ts";
import { isStampId, type UserId } from "../../../actors/shared/ids.ts";
import { User } from "../../../actors/user/contract.ts";
import { findPresence } from "../../kit/known-presence.ts";
import type { Edge } from "../edge.ts";
import type { Connection } from "../socket/connection.ts";
import { encodeFrame } from "../wire/encode.ts";
import { Frame } from "../wire/frame.ts";

interface Watched {
  watchers: Set<Connection>;
  isOnline: boolean;
  isKnown: boolean;
}

const pollEveryMs = 2_000;
/** Users looked up in one poll; more take turns. */
const maxPolled = 2_000;
const asksAtOnce = 16;

export class PresenceWatch {
  #edge: Edge;
  #watched = new Map<UserId, Watched>();
  #isTimed = false;
  #queue: UserId[] = [];

  constructor(edge: Edge) {
    this.#edge = edge;
  }

  /** Replaces what the connection watched; tells the present state of each. Throws common.too_many. */
  async subscribe(connection: Connection, userIds: readonly UserId[]): Promise<void> {
    const { maxPresenceSubscriptions } = this.#edge.deps.limits;
    const wanted = [...new Set(userIds)].filter(isStampId);
    if (wanted.length > maxPresenceSubscriptions) {
      throw new DomainError("common.too_many", { details: { maxPresenceSubscriptions } });
    }
    const visible = await this.#visible(connection, wanted);
    if (connection.state === "closing") return;
    this.drop(connection);
    if (visible.length === 0) return;
    connection.watched = new Set(visible);
    for (const userId of visible) this.#watch(userId).watchers.add(connection);
    this.#arm();
    const found = await findPresence(this.#edge.deps, visible);
    if (found === undefined) return this.#tellLater(visible);
    for (const userId of visible) this.#tell(userId, found.get(userId), [connection]);
  }

  /** Friendship or blocks of this user changed: what he watches is asked for again. */
  recheck(userId: UserId): void {
    for (const connection of this.#edge.hub.connections(userId)) {
      if (connection.watched === undefined) continue;
      this.#recheckOne(connection, [...connection.watched]).catch((thrown: unknown) => {
        this.drop(connection); // O1
        this.#edge.deps.log.warn("presence could not be checked again", { userId, cause: String(thrown) });
      });
    }
  }

  async #recheckOne(connection: Connection, before: readonly UserId[]): Promise<void> {
    await this.subscribe(connection, before);
    // Who may not be seen any more is shown as anybody who is not there.
    const gone = before.filter((each) => !connection.watched?.has(each));
    for (const each of gone) this.#tell(each, undefined, [connection]);
  }

  drop(connection: Connection): void {
    for (const userId of connection.watched ?? []) {
      const watched = this.#watched.get(userId);
      watched?.watchers.delete(connection);
      if (watched?.watchers.size === 0) this.#watched.delete(userId);
    }
    connection.watched = undefined;
  }

  /** O1 */
  async #visible({ caller }: Connection, userIds: readonly UserId[]): Promise<UserId[]> {
    if (caller === undefined || userIds.length === 0) return [];
    const { actors } = this.#edge.deps;
    const friends = await actors.get(User, caller.userId).friendsAmong({ userIds: [...userIds] });
    const isFriend = new Set(friends.userIds);
    const visible: UserId[] = [];
    for (let i = 0; i < userIds.length; i += asksAtOnce) {
      const part = userIds.slice(i, i + asksAtOnce);
      const privacy = await Promise.all(part.map((userId) => this.#lastSeenOf(userId, caller.userId)));
      part.forEach((userId, index) => {
        const shownTo = privacy[index];
        if (shownTo === "everybody" || (shownTo === "friends" && isFriend.has(userId))) visible.push(userId);
      });
    }
    return visible;
  }

  async #lastSeenOf(userId: UserId, viewerId: UserId): Promise<string> {
    try {
      return (await this.#edge.deps.actors.get(User, userId).card({ viewerId })).lastSeen;
    } catch (thrown) {
      if (thrown instanceof DomainError) return "nobody";
      throw thrown;
    }
  }

  /** By the poll that knows again. */
  #tellLater(userIds: readonly UserId[]): void {
    for (const userId of userIds) {
      const watched = this.#watched.get(userId);
      if (watched) watched.isKnown = false;
    }
  }

  #watch(userId: UserId): Watched {
    let watched = this.#watched.get(userId);
    if (watched === undefined) {
      watched = { watchers: new Set(), isOnline: false, isKnown: false };
      this.#watched.set(userId, watched);
    }
    return watched;
  }

  #arm(): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    this.#edge.deps.clock.after(pollEveryMs, () => {
      this.#isTimed = false;
      if (this.#watched.size === 0) return;
      this.#poll().catch((thrown: unknown) => {
        this.#edge.deps.log.warn("presence is not known", { cause: String(thrown) });
      });
      this.#arm();
    });
  }

  async #poll(): Promise<void> {
    if (this.#queue.length === 0) this.#queue = [...this.#watched.keys()];
    const userIds = this.#queue.splice(0, maxPolled);
    const found = await findPresence(this.#edge.deps, userIds);
    if (found === undefined) return;
    for (const userId of userIds) {
      const watched = this.#watched.get(userId);
      const now = found.get(userId);
      const isOnline = now?.isOnline === true;
      if (watched && (!watched.isKnown || watched.isOnline !== isOnline)) this.#tell(userId, now, watched.watchers);
      if (watched) watched.isKnown = true;
      if (watched) watched.isOnline = isOnline;
    }
  }

  #tell(
    userId: UserId,
    state: { isOnline: boolean; platforms: string[]; lastSeenMs: number } | undefined,
    watchers: Iterable<Connection>,
  ): void {
    const timestamp = this.#edge.deps.clock.nowMs();
    const isOnline = state?.isOnline === true;
    const json = isOnline
      ? encodeFrame("USER_ONLINE", { userId, platform: state.platforms[0] ?? "", timestamp }, { timestamp })
      : encodeFrame("USER_OFFLINE", { userId, lastSeen: state?.lastSeenMs ?? 0, timestamp }, { timestamp });
    const frame = new Frame(json);
    for (const connection of watchers) this.#edge.writer.sendLow(connection, frame);
  }
}
