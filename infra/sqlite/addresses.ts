// Actors' addresses as integers: 3 bytes in every row and index instead of 40.
import type { DatabaseSync } from "node:sqlite";
import type { Kind } from "../../actors/runtime/kinds.ts";
import { addressOf } from "./views-schema.ts";

/** More are looked up in the file again (about 2 µs each). */
const cachedMax = 100_000;

export interface Addresses {
  /** Draws a number for a new one, inside the caller's transaction. */
  idOf(kind: Kind, key: string): number;
  /** After a rollback: numbers drawn in it are void. */
  forget(): void;
}

export function createAddresses(db: DatabaseSync): Addresses {
  const find = db.prepare("SELECT id FROM addresses WHERE address = ?");
  const insert = db.prepare("INSERT INTO addresses (address) VALUES (?)");
  // By kind, then key: putting the address together for every row costs more than finding it.
  const cache = new Map<Kind, Map<string, number>>();
  let cached = 0;
  const read = (address: string): number => {
    const row = find.get(address) as { id: number } | undefined;
    return row ? row.id : Number(insert.run(address).lastInsertRowid);
  };
  const forget = (): void => {
    cache.clear();
    cached = 0;
  };
  return {
    idOf(kind, key) {
      const known = cache.get(kind)?.get(key);
      if (known !== undefined) return known;
      const id = read(addressOf(kind, key));
      if (cached >= cachedMax) forget();
      const keys = cache.get(kind) ?? new Map<string, number>();
      cache.set(kind, keys.set(key, id));
      cached++;
      return id;
    },
    forget,
  };
}
