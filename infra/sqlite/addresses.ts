// Maps the addresses of actors to integers, which take 3 bytes in every row and index instead of 40.
import type { DatabaseSync } from "node:sqlite";
import type { Kind } from "../../actors/runtime/kinds.ts";
import { addressOf } from "./views-schema.ts";

/** Beyond it the cache is emptied, and addresses are read from the file again (about 2 µs each). */
const cachedMax = 100_000;

export interface Addresses {
  /** Assigns an integer to a new address, inside the caller's transaction. */
  idOf(kind: Kind, key: string): number;
  /** Empties the cache. Call it after a rollback, which voids the integers assigned in that transaction. */
  forget(): void;
}

export function createAddresses(db: DatabaseSync): Addresses {
  const find = db.prepare("SELECT id FROM addresses WHERE address = ?");
  const insert = db.prepare("INSERT INTO addresses (address) VALUES (?)");
  // By kind, then by key, because building the address for every row costs more than two look-ups.
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
