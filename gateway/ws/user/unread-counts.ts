// session.unread_updated: what a user has not read, sent to the user's devices when messages arrive and when the user reads.
// A send notes its conversation only; the listeners are looked at afterwards, each conversation at most once a second, and a
// bounded number of users a second is counted. A reader's own mark is counted before arrivals, because devices wait for it.
import type { Reading } from "../../../actors/reading/contract.ts";
import type { Clock } from "../../../actors/runtime/ports.ts";
import type { ConversationId, UserId } from "../../../actors/shared/ids.ts";
import type { Log } from "../../ports.ts";
import type { Channels } from "../delivery/channels.ts";
import type { Hub } from "./hub.ts";
import { noticeOf } from "./notice.ts";
import type { Notices } from "./notices.ts";

interface UnreadDeps {
  readonly reading: Pick<Reading, "unread">;
  readonly hub: Pick<Hub, "connections">;
  readonly channels: Pick<Channels, "find">;
  readonly notices: Pick<Notices, "send">;
  readonly clock: Pick<Clock, "nowMs" | "after">;
  readonly log: Pick<Log, "warn">;
  elapsedMs(): number;
  newId(): string;
}

/** What arrived in a conversation since its listeners were looked at. */
interface Arrived {
  seq: number;
  /** Who sent it; undefined: nobody is left out, as a message was taken back. */
  senders: Set<UserId> | undefined;
}
interface Due {
  seq: number;
  /** Of the user's lists, when the user's own mark moved. */
  userVersion: number | undefined;
}
type DueOf = Map<ConversationId, Due>;

/** Between two notifications of one conversation to one user. */
const everyMs = 1_000;
const tickMs = 100;
const countedAtOnce = 8;
/** Users counted because of arrivals, in one tick. The others wait: their next notification says all that arrived. */
const arrivalsPerTick = 20;

export class UnreadCounts {
  #deps: UnreadDeps;
  #arrived = new Map<ConversationId, Arrived>();
  #lookedAtMs = new Map<ConversationId, number>();
  #sentAtMs = new Map<string, number>();
  #dueByRead = new Map<UserId, DueOf>();
  #dueByArrival = new Map<UserId, DueOf>();
  /** Users of `#dueByRead` whom this tick has not looked at yet. */
  #toLookAt = new Set<UserId>();
  #running = 0;
  #isTimed = false;

  constructor(deps: UnreadDeps) {
    this.#deps = deps;
  }

  /** A message came, or (without a sender) one was taken back. */
  arrived(conversationId: ConversationId, seq: number, senderId: UserId | undefined): void {
    const known = this.#arrived.get(conversationId);
    if (known === undefined) {
      this.#arrived.set(conversationId, { seq, senders: senderId === undefined ? undefined : new Set([senderId]) });
    } else {
      known.seq = Math.max(known.seq, seq);
      if (senderId === undefined) known.senders = undefined;
      else known.senders?.add(senderId);
    }
    this.#arm();
  }

  /** The user's own part of the counts has changed: a read mark, a mention, a cleared history. */
  changed(userId: UserId, conversationId: ConversationId, userVersion?: number): void {
    note(this.#dueByRead, userId, conversationId, { seq: 0, userVersion });
    this.#toLookAt.add(userId);
    this.#countReads();
    this.#arm();
  }

  #arm(): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    this.#deps.clock.after(tickMs, () => {
      this.#isTimed = false;
      this.#forget();
      this.#lookAtListeners();
      for (const userId of this.#dueByRead.keys()) this.#toLookAt.add(userId);
      this.#countReads();
      this.#countArrivals();
      if (this.#arrived.size + this.#dueByRead.size + this.#dueByArrival.size > 0) this.#arm();
    });
  }

  #lookAtListeners(): void {
    const nowMs = this.#deps.elapsedMs();
    for (const [conversationId, { seq, senders }] of this.#arrived) {
      if (this.#lookedAtMs.has(conversationId)) continue;
      this.#arrived.delete(conversationId);
      this.#lookedAtMs.set(conversationId, nowMs);
      for (const { connection } of this.#deps.channels.find(conversationId)?.listeners ?? []) {
        const { userId } = connection;
        if (senders?.size === 1 && senders.has(userId)) continue;
        note(this.#dueByArrival, userId, conversationId, { seq, userVersion: undefined });
      }
    }
  }

  /** Looks at each user once a tick: a mark that came too soon after the last notification waits for another tick. */
  #countReads(): void {
    for (const userId of this.#toLookAt) {
      if (this.#running >= countedAtOnce) return;
      this.#toLookAt.delete(userId);
      this.#countUser(userId);
    }
  }

  #countArrivals(): void {
    let left = arrivalsPerTick;
    for (const userId of this.#dueByArrival.keys()) {
      if (left === 0 || this.#running >= countedAtOnce) return;
      if (this.#countUser(userId)) left -= 1;
    }
  }

  /** False: nothing of the user may be counted yet. */
  #countUser(userId: UserId): boolean {
    const due = [...this.#take(this.#dueByRead, userId), ...this.#take(this.#dueByArrival, userId)];
    if (due.length === 0 || this.#deps.hub.connections(userId).length === 0) return false;
    const conversations: DueOf = new Map();
    for (const [conversationId, each] of due) put(conversations, conversationId, each);
    for (const conversationId of conversations.keys()) {
      this.#sentAtMs.set(keyOf(userId, conversationId), this.#deps.elapsedMs());
    }
    this.#running += 1;
    void this.#notify(userId, conversations).finally(() => {
      this.#running -= 1;
      this.#countReads();
    });
    return true;
  }

  async #notify(userId: UserId, due: DueOf): Promise<void> {
    const { reading, hub, notices, clock, log, newId } = this.#deps;
    try {
      const asked = [...due].map(([conversationId, { seq }]) => ({ conversationId, seq }));
      const { conversations, totalUnread } = await reading.unread({ userId, conversations: asked });
      const atMs = clock.nowMs();
      const type = "session.unread_updated";
      for (const { conversationId: sessionId, ...counts } of conversations) {
        const userVersion = due.get(sessionId)?.userVersion;
        const version = userVersion === undefined ? {} : { userVersion };
        const data = { sessionId, ...counts, totalUnread, ...version, timestamp: atMs };
        const notice = noticeOf({ type, target: { users: [userId] }, atMs, frame: "NOTIFICATION", data }, newId);
        for (const connection of hub.connections(userId)) notices.send(connection, notice);
      }
    } catch (thrown) {
      log.warn("unread counts: not known", { userId, cause: String(thrown) });
      // After `everyMs`, because the attempt counts as sent.
      for (const [conversationId, each] of due) note(this.#dueByRead, userId, conversationId, each);
      this.#arm();
    }
  }

  /** What is due of a user, without what was sent within the last `everyMs`. */
  #take(queue: Map<UserId, DueOf>, userId: UserId): [ConversationId, Due][] {
    const due = queue.get(userId);
    if (due === undefined) return [];
    const taken = [...due].filter(([conversationId]) => !this.#isRecent(userId, conversationId));
    for (const [conversationId] of taken) due.delete(conversationId);
    if (due.size === 0) queue.delete(userId);
    return taken;
  }

  #isRecent(userId: UserId, conversationId: ConversationId): boolean {
    const sentAtMs = this.#sentAtMs.get(keyOf(userId, conversationId));
    return sentAtMs !== undefined && this.#deps.elapsedMs() - sentAtMs < everyMs;
  }

  #forget(): void {
    const nowMs = this.#deps.elapsedMs();
    for (const times of [this.#sentAtMs, this.#lookedAtMs]) forgetBefore(times, nowMs - everyMs);
  }
}

function forgetBefore<K>(times: Map<K, number>, untilMs: number): void {
  for (const [key, atMs] of times) if (atMs <= untilMs) times.delete(key);
}

function note(queue: Map<UserId, DueOf>, userId: UserId, conversationId: ConversationId, due: Due): void {
  let own = queue.get(userId);
  if (own === undefined) {
    own = new Map();
    queue.set(userId, own);
  }
  put(own, conversationId, due);
}

function put(due: DueOf, conversationId: ConversationId, { seq, userVersion }: Due): void {
  const known = due.get(conversationId);
  const newest = Math.max(known?.userVersion ?? 0, userVersion ?? 0);
  due.set(conversationId, { seq: Math.max(known?.seq ?? 0, seq), userVersion: newest > 0 ? newest : undefined });
}

function keyOf(userId: UserId, conversationId: ConversationId): string {
  return `${userId}/${conversationId}`;
}
