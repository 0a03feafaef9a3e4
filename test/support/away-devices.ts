// Devices of one user that catch up in the ways that the server offers: by vector, by cursor, by time, or live on a socket.
// `seen` is what the user sees there, as plain data: devices that are up to date have equal ones.
import { defaultClientLimits } from "../../gateway/client/base/limits.ts";
import type { Message, SyncResult } from "../../gateway/client/base/wire.ts";
import type { HeldConversation } from "../../gateway/client/replica/conversation.ts";
import { Replica } from "../../gateway/client/replica/replica.ts";
import type { Person } from "./person.ts";

type Row = Record<string, unknown>;
type Answer = SyncResult & { cursor: number };

export interface AwayDevice {
  readonly name: string;
  catchesUp(): Promise<void>;
  /** The lowest seq that the device keeps of a conversation: older messages are history to it. */
  floorOf(conversationId: string): number;
  /** What the device shows, without the messages below these floors: it may hold some of them. */
  seen(floorOf: (conversationId: string) => number): unknown;
}

/** Every list of a user, as SYNC names them. */
const listTypes = [
  ...["conversation", "friend", "request", "block", "deleted", "profile", "settings", "call"],
  ...["friend_group", "invitation", "join_request"],
];

/** `how`: which of its numbers the device shows the server; `limit`: messages of one answer. */
export class SyncingDevice implements AwayDevice {
  readonly name: string;
  readonly replica = new Replica(defaultClientLimits);
  readonly #person: Person;
  readonly #how: "vector" | "cursor";
  readonly #limit: number;
  #cursor = 0;

  constructor(person: Person, how: "vector" | "cursor", limit = 1_000) {
    this.name = `by ${how}, ${limit} a page`;
    this.#person = person;
    this.#how = how;
    this.#limit = limit;
    this.replica.userId = person.userId;
  }

  async catchesUp(): Promise<void> {
    for (let pages = 1; ; pages += 1) {
      const from = this.#how === "cursor" ? { cursor: this.#cursor } : this.replica.vector();
      const { code, message, data } = await this.#person.posts<Answer>("/sync", { ...from, limit: this.#limit });
      if (code !== 0) throw new Error(`${this.name}: ${code} ${message}`);
      this.replica.sync(data, Date.now());
      this.#cursor = data.cursor;
      if (!data.hasMore) return;
      if (pages > 1_000) throw new Error("The answers do not come to an end");
    }
  }

  floorOf(conversationId: string): number {
    return floorIn(this.replica, conversationId);
  }

  seen(floorOf: (conversationId: string) => number): unknown {
    return seenOf(this.replica, floorOf);
  }
}

export function floorIn(replica: Replica, conversationId: string): number {
  return replica.find(conversationId)?.floorSeq ?? 1;
}

export function seenOf(replica: Replica, floorOf: (conversationId: string) => number): unknown {
  const held = [...replica.conversations.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    conversations: held.map((each) => conversationOf(each, floorOf(each.id))),
    lists: Object.fromEntries(listTypes.map((type) => [type, sortedBy(replica.lists.of(type), "id")])),
    listVersion: replica.lists.version,
  };
}

function conversationOf(held: HeldConversation, floor: number) {
  const { id, seq, versions, unreadCount, mentionCount, messages } = held;
  const above = [...messages.values()].filter((message) => message.seq >= floor);
  const shown = above.sort((a, b) => a.seq - b.seq).map(messageOf);
  return { id, seq, version: versions.upTo, unreadCount, mentionCount, messages: shown };
}

/**
 * A message without the fields in which devices may differ: names, which are those at the time of sending, and the fields that
 * depend on how the device learned of the message.
 */
function messageOf(message: Message) {
  const { messageId, seq, senderId, contentType, content, timestamp, replyTo, mentions, forwardFrom, quote } = message;
  const { senderName: _, ...quoted } = quote ?? {};
  const isGone = message.status === "recalled" || message.status === "expired";
  return {
    ...{ messageId, seq, senderId, contentType, content, timestamp },
    ...{ replyTo: replyTo ?? null, mentions: mentions ?? [], forwardFrom: forwardFrom?.senderId ?? null },
    ...{ quote: quote ? quoted : null, status: isGone ? message.status : "there" },
    editedAt: isGone ? 0 : (message.editedAt ?? 0),
    isPinned: message.isPinned ?? false,
    reactions: (message.reactions ?? []).map(({ emoji, count, mine }) => ({ emoji, count, mine })),
  };
}

interface ByTime {
  full: boolean;
  friends: Row[];
  deletedFriendIds: string[];
  groups: Row[];
  deletedGroupIds: string[];
  sessions: Row[];
  deletedSessionIds: string[];
  friendGroups: Row[];
  invitations: Row[];
  blacklist: Row[];
  settings: Row;
  lastSyncTime: number;
}

/** A device that asks what changed since the time of its last answer. */
export class TimedDevice implements AwayDevice {
  readonly name = "by time";
  readonly #person: Person;
  readonly #friends = new Map<unknown, Row>();
  readonly #groups = new Map<unknown, Row>();
  readonly #sessions = new Map<unknown, Row>();
  #whole: Row = {};
  #lastSyncTime = 0;

  constructor(person: Person) {
    this.#person = person;
  }

  async catchesUp(): Promise<void> {
    const { code, message, data } = await this.#person.posts<ByTime>("/sync", { lastSyncTime: this.#lastSyncTime });
    if (code !== 0) throw new Error(`${this.name}: ${code} ${message}`);
    if (data.full) for (const held of [this.#friends, this.#groups, this.#sessions]) held.clear();
    take(this.#friends, "userId", data.friends, data.deletedFriendIds);
    take(this.#groups, "groupId", data.groups, data.deletedGroupIds);
    take(this.#sessions, "sessionId", data.sessions, data.deletedSessionIds);
    const { friendGroups, invitations, blacklist, settings } = data;
    this.#whole = { friendGroups, invitations, blacklist, settings };
    this.#lastSyncTime = data.lastSyncTime;
  }

  floorOf(): number {
    return 1;
  }

  seen(): unknown {
    return {
      friends: sortedBy([...this.#friends.values()], "userId"),
      groups: sortedBy([...this.#groups.values()], "groupId"),
      sessions: sortedBy([...this.#sessions.values()], "sessionId"),
      ...this.#whole,
    };
  }
}

function take(held: Map<unknown, Row>, key: string, changed: readonly Row[], deleted: readonly string[]): void {
  for (const id of deleted) held.delete(id);
  for (const row of changed) held.set(row[key], row);
}

function sortedBy<T extends object>(rows: readonly T[], key: keyof T): T[] {
  return rows.toSorted((a, b) => (String(a[key]) < String(b[key]) ? -1 : 1));
}
