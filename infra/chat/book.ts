// What this terminal knows: conversations with their versions, and people's names.
import { createWatermark, type Watermark } from "./watermark.ts";
import type { WireSession } from "./wire.ts";

export interface Entry {
  readonly id: string;
  type: "single" | "group" | "system";
  name: string;
  /** The other user of a pair. */
  userId?: string;
  groupId?: string;
  unreadCount: number;
  /** Messages shown, and versions applied. */
  readonly seqs: Watermark;
  readonly versions: Watermark;
}

export interface Book {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly names: Map<string, string>;
  nameOf(userId: string): string;
  /** Of one not known yet, everything up to now is held, or nothing is. */
  learn(session: WireSession, unknown: "held" | "new"): Entry;
  get(conversationId: string): Entry;
  drop(conversationId: string): void;
  /** By name, by the other user's name, by number in the list, or by id. */
  find(text: string): Entry | undefined;
  list(): Entry[];
  vector(): Record<string, number>;
}

export function createBook(): Book {
  const entries = new Map<string, Entry>();
  const names = new Map<string, string>();
  const book: Book = {
    entries,
    names,
    nameOf: (userId) => names.get(userId) ?? `user ${userId}`,
    learn(session, unknown) {
      const { sessionId: id, sessionType: type, name, userId, groupId, unreadCount } = session;
      const known = entries.get(id);
      if (userId !== undefined && name !== "") names.set(userId, name);
      if (known) return Object.assign(known, { type, name, userId, groupId, unreadCount });
      const seqs = createWatermark(unknown === "held" ? session.seq : 0);
      const versions = createWatermark(unknown === "held" ? session.version : 0);
      const made: Entry = { id, type, name, userId, groupId, unreadCount, seqs, versions };
      entries.set(id, made);
      return made;
    },
    get(id) {
      const known = entries.get(id);
      if (known) return known;
      const type = id.startsWith("g_") ? "group" : id.startsWith("s_") ? "single" : "system";
      const made: Entry = {
        id,
        type,
        name: id,
        unreadCount: 0,
        seqs: createWatermark(0),
        versions: createWatermark(0),
      };
      entries.set(id, made);
      return made;
    },
    drop: (id) => void entries.delete(id),
    find(text) {
      const listed = book.list();
      const wanted = text.toLowerCase();
      return (
        entries.get(text) ??
        listed.find((entry) => entry.name.toLowerCase() === wanted) ??
        listed.find((entry) => entry.userId && book.nameOf(entry.userId).toLowerCase() === wanted) ??
        listed[Number(text) - 1]
      );
    },
    list: () =>
      [...entries.values()].filter(({ type }) => type !== "system").sort((a, b) => (a.name < b.name ? -1 : 1)),
    vector() {
      const held = [...entries.values()].filter(({ versions }) => versions.upTo > 0);
      return Object.fromEntries(held.map(({ id, versions }) => [id, versions.upTo]));
    },
  };
  return book;
}
