// The conversation list as the terminal shows it, and people's names. What a conversation holds is in the client's replica.
import type { SessionEntry } from "../api/objects.ts";
import type { ConversationType } from "../base/wire.ts";

export interface Entry {
  readonly id: string;
  type: ConversationType;
  /** The id until the list has said the name. */
  name: string;
  /** The other user of a pair. */
  userId?: string;
  groupId?: string;
  /** Of a chat with a model: who answers. */
  assistantName?: string;
  unreadCount: number;
}

export class Book {
  readonly #entries = new Map<string, Entry>();
  readonly #names = new Map<string, string>();

  nameOf(userId: string): string {
    return this.#names.get(userId) ?? `user ${userId}`;
  }

  knows(userId: string): boolean {
    return this.#names.has(userId);
  }

  name(userId: string, name: string): void {
    if (name !== "") this.#names.set(userId, name);
  }

  learn({ sessionId: id, sessionType: type, name, userId, groupId, assistantId, unreadCount }: SessionEntry): Entry {
    if (assistantId !== undefined) this.get(id).assistantName ??= assistantId.replace(/^model-/, "");
    if (userId !== undefined) this.name(userId, name);
    return Object.assign(this.get(id), { type, name, userId, groupId, unreadCount });
  }

  get(id: string): Entry {
    const known = this.#entries.get(id);
    if (known) return known;
    const made: Entry = { id, type: "single", name: id, unreadCount: 0 };
    this.#entries.set(id, made);
    return made;
  }

  drop(id: string): void {
    this.#entries.delete(id);
  }

  /** By name, by the other user's name, by number in the list, or by id. */
  find(text: string): Entry | undefined {
    const listed = this.list();
    const wanted = text.toLowerCase();
    return (
      this.#entries.get(text) ??
      listed.find((entry) => entry.name.toLowerCase() === wanted) ??
      listed.find((entry) => entry.userId && this.nameOf(entry.userId).toLowerCase() === wanted) ??
      listed[Number(text) - 1]
    );
  }

  /** By name. */
  list(): Entry[] {
    const shown = [...this.#entries.values()].filter(({ type }) => type !== "system");
    return shown.sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}
