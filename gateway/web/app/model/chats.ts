// The list of conversations: what the server says, and what happened since.
import type { Api } from "../../../client/api/api.ts";
import type { SessionEntry } from "../../../client/api/objects.ts";
import type { Message } from "../../../client/base/wire.ts";
import type { Replica } from "../../../client/replica/replica.ts";
import { Source } from "../base/source.ts";
import type { People } from "./people.ts";
import { lineOf } from "./preview.ts";

export class Chats extends Source {
  state: "loading" | "ready" | "failed" = "loading";
  readonly #api: Api;
  readonly #replica: Replica;
  readonly #people: People;
  readonly #entries = new Map<string, SessionEntry>();
  #sinceMs = 0;
  #sorted: readonly SessionEntry[] | undefined;
  #loading: Promise<void> | undefined;
  #isStale = false;

  constructor(api: Api, replica: Replica, people: People) {
    super();
    this.#api = api;
    this.#replica = replica;
    this.#people = people;
  }

  /** Pinned ones first, then by time. */
  get list(): readonly SessionEntry[] {
    this.#sorted ??= [...this.#entries.values()].sort(inOrder);
    return this.#sorted;
  }

  get unreadTotal(): number {
    return this.list.reduce((sum, each) => sum + (each.isMuted ? 0 : this.unreadOf(each)), 0);
  }

  find(sessionId: string): SessionEntry | undefined {
    return this.#entries.get(sessionId);
  }

  /** As the replica counts, which every frame changes; else as the list had it when it was loaded. */
  unreadOf({ sessionId, unreadCount }: SessionEntry): number {
    return this.#replica.find(sessionId)?.unreadCount ?? unreadCount;
  }

  mentionsOf({ sessionId, mentionCount = 0 }: SessionEntry): number {
    return this.#replica.find(sessionId)?.mentionCount ?? mentionCount;
  }

  /** Loads the list, once at a time. A call while the list is loading brings one more load. */
  load(): Promise<void> {
    this.#isStale = true;
    this.#loading ??= this.#look().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  add(entry: SessionEntry): void {
    this.#put(entry);
    this.#redraw();
  }

  patch(sessionId: string, change: Partial<SessionEntry>): void {
    const entry = this.#entries.get(sessionId);
    if (entry) this.add({ ...entry, ...change });
  }

  drop(sessionId: string): void {
    if (this.#entries.delete(sessionId)) this.#redraw();
  }

  /** False: the conversation is not in the list yet. */
  arrive(sessionId: string, message: Message): boolean {
    const entry = this.#entries.get(sessionId);
    if (!entry) return false;
    if (message.timestamp < (entry.lastMessage?.timestamp ?? 0)) return true;
    const { messageId, seq, senderId, contentType, timestamp } = message;
    const lastMessage = { messageId, seq, senderId, contentType, timestamp, content: lineOf(message) };
    this.#put({ ...entry, lastMessage, updatedAt: timestamp });
    this.#redraw();
    return true;
  }

  /** A message is gone or has new content: the list may show it. */
  edit(sessionId: string, messageId: string | undefined, content: string): void {
    const entry = this.#entries.get(sessionId);
    if (!entry?.lastMessage || entry.lastMessage.messageId !== messageId) return;
    this.add({ ...entry, lastMessage: { ...entry.lastMessage, content } });
  }

  counted(): void {
    this.changed();
  }

  async #look(): Promise<void> {
    while (this.#isStale) {
      this.#isStale = false;
      try {
        await this.#ask();
        this.state = "ready";
      } catch {
        if (this.state !== "ready") this.state = "failed";
      }
      this.#redraw();
    }
  }

  async #ask(): Promise<void> {
    const { sessions, deletedIds, full, updateTime } = await this.#api.sessions.changes(this.#sinceMs);
    if (full || this.#sinceMs === 0) this.#entries.clear();
    for (const id of deletedIds) this.#entries.delete(id);
    for (const entry of sessions) {
      this.#put(entry);
      const isHeld = this.#replica.find(entry.sessionId) !== undefined;
      if (!isHeld) this.#replica.open(entry.sessionId).adopt(entry);
    }
    this.#sinceMs = updateTime;
  }

  #put(entry: SessionEntry): void {
    this.#entries.set(entry.sessionId, entry);
    if (entry.userId !== undefined) this.#people.learn(entry.userId, entry.name, entry.avatar);
  }

  #redraw(): void {
    this.#sorted = undefined;
    this.changed();
  }
}

function inOrder(a: SessionEntry, b: SessionEntry): number {
  const pinned = Number(b.isPinned) - Number(a.isPinned) || (b.pinnedAt ?? 0) - (a.pinnedAt ?? 0);
  return pinned || timeOf(b) - timeOf(a);
}

function timeOf({ lastMessage, updatedAt }: SessionEntry): number {
  return Math.max(lastMessage?.timestamp ?? 0, updatedAt);
}
