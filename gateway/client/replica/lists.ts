// The user's own lists: friends, requests, blocked users, entries of conversations, messages deleted for this user.
import type { ListItem, UserChange } from "../base/wire.ts";

export class Lists {
  readonly #items = new Map<string, ListItem>();
  /** Of the lists as a whole; the server answers SYNC with what changed after it. */
  version = 0;

  /** Entries of one list, tombstones left out. */
  of(type: string): ListItem[] {
    return [...this.#items.values()].filter((item) => item.type === type);
  }

  find(type: string, id: string): ListItem | undefined {
    return this.#items.get(`${type}/${id}`);
  }

  apply({ version, full, items }: UserChange): void {
    if (full) this.#items.clear();
    for (const item of items) {
      const key = `${item.type}/${item.id}`;
      if (item.deleted) this.#items.delete(key);
      else this.#items.set(key, item);
    }
    this.version = version;
  }

  clear(): void {
    this.#items.clear();
    this.version = 0;
  }
}
