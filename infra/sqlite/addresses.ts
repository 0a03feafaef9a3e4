// Actors' addresses as integers: 3 bytes in every row and index instead of 40.
import type { DatabaseSync } from "node:sqlite";

/** More are looked up in the file again (about 2 µs each). */
const cachedMax = 100_000;

export interface Addresses {
  /** Draws a number for a new one, inside the caller's transaction. */
  idOf(address: string): number;
  /** After a rollback: numbers drawn in it are void. */
  forget(): void;
}

export function createAddresses(db: DatabaseSync): Addresses {
  const find = db.prepare("SELECT id FROM addresses WHERE address = ?");
  const insert = db.prepare("INSERT INTO addresses (address) VALUES (?)");
  const cache = new Map<string, number>();
  const read = (address: string): number => {
    const row = find.get(address) as { id: number } | undefined;
    return row ? row.id : Number(insert.run(address).lastInsertRowid);
  };
  return {
    idOf(address) {
      const known = cache.get(address);
      if (known !== undefined) return known;
      const id = read(address);
      if (cache.size >= cachedMax) cache.clear();
      cache.set(address, id);
      return id;
    },
    forget: () => cache.clear(),
  };
}
